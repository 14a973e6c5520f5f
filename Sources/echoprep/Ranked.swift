// A command that several processes do together: the first speaks for all, and all come to an end together.

import Compute
import EchoCore
import Foundation

/// Calls `body` as one of the ranks that were started, and leaves in order once all have come to its end.
///
/// An error of this rank alone is said here and ends the others too, which would wait for it.
func withRanks(_ body: (any Ranks) throws -> Void) throws {
    let ranks = try RanksKind.joined()
    if !ranks.isFirst { Progress.show(on: nil) }
    do {
        try body(ranks)
    } catch let end as AgreedEnd {
        try ranks.end()
        guard let error = end.error else { leave(1) }
        throw error
    } catch is Interrupted {
        try ranks.end()
        guard ranks.isFirst else { leave(130) }
        throw Interrupted()
    } catch  where !ranks.isAlone {
        complain("echoprep: rank \(ranks.rank): \(error)")
        ranks.abandon()
        leave(1)
    }
    try ranks.end()
}
