// The end of memory in the middle of a step: the library says what is wrong, the program how it ends.

package import EchoCore
import Synchronization

/// What becomes of a program to which the system lends no more memory.
package enum MemoryShortage {
    private static let handler = Mutex<@Sendable (EchoError) -> Never>({ fatalError("\($0)") })

    /// From now on `body` is called with what to tell the user, on the thread that needed the memory.
    package static func handle(by body: @escaping @Sendable (EchoError) -> Never) {
        handler.withLock { $0 = body }
    }

    /// Ends the program.
    package static func end(_ error: EchoError) -> Never {
        let handler = handler.withLock { $0 }
        handler(error)
    }
}
