// The history of a run in both of its forms, metrics.jsonl and TensorBoard's, cut back to where a checkpoint was.

package import EchoCore
import Foundation

/// The history of a run that is being trained; one process alone writes it.
package final class RunHistory {
    private let log: MetricsLog
    private let events: EventLog

    /// Opens both files as long as `state` remembers them.
    ///
    /// - Parameter say: receives what the user should know of what was found
    package init(_ folder: RunFolder, keeping state: RunState, say: (String) -> Void) throws {
        log = try MetricsLog(path: folder.metrics, keeping: state.logLength)
        // TensorBoard's copy of the history may be thrown away.
        let found =
            (try? FileManager.default.attributesOfItem(atPath: folder.events)[.size]) as? Int ?? 0
        if found < state.eventLength {
            say("tensorboard: the earlier history is gone; it goes on from here")
        }
        events = try EventLog(
            path: folder.events, keeping: found < state.eventLength ? 0 : state.eventLength)
    }

    package func append(_ line: MetricsLine) throws {
        try log.append(line)
        try events.append(line)
    }

    /// Brings all lines to the disk, and tells a state that is to be saved how long the files are.
    package func synchronise(_ state: inout RunState) throws(EchoError) {
        try log.synchronise()
        try events.synchronise()
        state.logLength = log.length
        state.eventLength = events.length
    }
}
