// Work that another thread does meanwhile.

import Foundation

/// The outcome of a piece of work that is being done on a thread of its own.
package final class Background<Value: Sendable>: Sendable {
    private let outcome = Monitor<Result<Value, any Error>?>(nil)

    /// Starts `body`.
    package init(_ body: @escaping @Sendable () throws -> Value) {
        let outcome = outcome
        let thread = Thread {
            let result = Result(catching: body)
            outcome.change { $0 = result }
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Waits until it is done.
    package func value() throws -> Value { try result().get() }

    /// Waits until it is done, however it went.
    package func wait() { _ = result() }

    private func result() -> Result<Value, any Error> { outcome.change(when: { $0 != nil }) { $0! } }
}
