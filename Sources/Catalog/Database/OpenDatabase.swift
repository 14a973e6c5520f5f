// A connection to SQLite that is closed when nobody holds it any more, and of which what would need a thread to go stays.

package import GRDB
import Synchronization

/// An open database.
///
/// GRDB does its work on a queue of libdispatch. Asked on the thread that waits, that takes no thread of its own; but a queue that
/// is given back has libdispatch start one, with a descriptor for it. Where the system has none to give it asks again every second,
/// without end, and where there is no descriptor it stops the program. So connections are closed and their queues, some
/// hundred bytes each, stay for the process's life.
package final class OpenDatabase: Sendable {
    private static let queues = Mutex<[DatabaseQueue]>([])

    package let queue: DatabaseQueue

    /// - Parameter path: nil for one in memory
    package init(_ path: String?, _ configuration: Configuration = Configuration()) throws {
        SystemCalls.bound()
        let queue =
            try path.map { try DatabaseQueue(path: $0, configuration: configuration) } ?? DatabaseQueue()
        OpenDatabase.queues.withLock { $0.append(queue) }
        self.queue = queue
    }

    /// Opens a database for as long as `body` runs.
    package static func with<Answer>(
        _ path: String?, _ configuration: Configuration = Configuration(),
        _ body: (DatabaseQueue) throws -> Answer
    ) throws -> Answer {
        let open = try OpenDatabase(path, configuration)
        return try withExtendedLifetime(open) { try body(open.queue) }
    }

    deinit { try? queue.close() }
}
