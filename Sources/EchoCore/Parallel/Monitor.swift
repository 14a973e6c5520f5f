// State that threads share, and wait for each other's changes of.

import Foundation

/// A value behind a lock, with a condition that every change signals.
package final class Monitor<State>: @unchecked Sendable {
    private let condition = NSCondition()
    private var state: State

    package init(_ state: State) { self.state = state }

    /// Changes the state once it is as `ready` wants it, and wakes all who wait.
    package func change<Answer>(
        when ready: (State) -> Bool = { _ in true }, _ body: (inout State) throws -> Answer
    ) rethrows -> Answer {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        while !ready(state) { condition.wait() }
        return try body(&state)
    }
}
