// A wish to stop, Ctrl-C or Slurm's SIGTERM: noted once by the program, asked for between two pieces of work.

import Synchronization

/// Whether the user asked the program to stop.
package enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// Notes the wish, also from within a signal's handler.
    ///
    /// - Returns: whether it was noted before
    package static func request() -> Bool { requested.exchange(true, ordering: .relaxed) }

    package static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Throws `Interrupted` if the user asked to stop.
    package static func check() throws(Interrupted) {
        if isRequested { throw Interrupted() }
    }
}
