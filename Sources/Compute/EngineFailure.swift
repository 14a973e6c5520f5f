// The end of an engine in the middle of a step: the library says what is wrong, the program how it ends.

package import EchoCore
import Synchronization

/// What becomes of a program whose engine cannot go on: memory that is not to be had, a device that is lost.
package enum EngineFailure {
    private struct State {
        var handler: @Sendable (EchoError) -> Never = { fatalError("\($0)") }
        var remedy = "smaller parts of a step, or a device with more memory"
    }

    private static let state = Mutex(State())

    /// From now on `body` is called with what to tell the user, on the thread whose operation failed.
    package static func handle(by body: @escaping @Sendable (EchoError) -> Never) {
        state.withLock { $0.handler = body }
    }

    /// What the user may do from now on about a want of memory, in the words of the running command.
    package static func advise(_ remedy: String) {
        state.withLock { $0.remedy = remedy }
    }

    /// Ends the program.
    package static func end(_ error: EchoError) -> Never {
        let handler = state.withLock { $0.handler }
        handler(error)
    }

    /// Ends the program for want of memory.
    package static func endForWantOfMemory(_ problem: String) -> Never {
        end(EchoError("memory", problem, try: state.withLock { $0.remedy }))
    }
}
