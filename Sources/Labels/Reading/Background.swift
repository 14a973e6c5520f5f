// Work that another thread does meanwhile.

import Foundation

/// The outcome of a piece of work that is being done on a thread of its own.
final class Background<Value: Sendable>: Sendable {
    private let outcome: Outcome

    private final class Outcome: @unchecked Sendable {
        let done = DispatchSemaphore(value: 0)
        var result: Result<Value, any Error>?
    }

    /// Starts `body`.
    init(_ body: @escaping @Sendable () throws -> Value) {
        let outcome = Outcome()
        self.outcome = outcome
        let thread = Thread {
            outcome.result = Result(catching: body)
            outcome.done.signal()
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    /// Waits until it is done. To be asked once.
    func value() throws -> Value {
        outcome.done.wait()
        guard let result = outcome.result else { preconditionFailure("the work leaves a result") }
        return try result.get()
    }
}
