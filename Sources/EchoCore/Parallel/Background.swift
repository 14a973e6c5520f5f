// Work that another thread does meanwhile.

/// The outcome of a piece of work that is being done on a thread of its own.
package final class Background<Value: Sendable>: Sendable {
    private let outcome: Monitor<Result<Value, any Error>?>

    /// Starts `body`, which waits for nothing that the caller does: where the system has no thread to give, it is done
    /// before this returns.
    package init(_ body: @escaping @Sendable () throws -> Value) {
        outcome = Monitor(nil)
        if !starts(body) { outcome.change { $0 = Result(catching: body) } }
    }

    private init() { outcome = Monitor(nil) }

    /// The same for a `body` that waits for the caller; nil where the system has no thread to give.
    package static func beside(_ body: @escaping @Sendable () throws -> Value) -> Background? {
        let background = Background()
        return background.starts(body) ? background : nil
    }

    private func starts(_ body: @escaping @Sendable () throws -> Value) -> Bool {
        startThread { [outcome] in
            let result = Result(catching: body)
            outcome.change { $0 = result }
        }
    }

    /// Waits until it is done.
    package func value() throws -> Value { try result().get() }

    /// Waits until it is done, however it went.
    package func wait() { _ = result() }

    private func result() -> Result<Value, any Error> { outcome.change(when: { $0 != nil }) { $0! } }
}
