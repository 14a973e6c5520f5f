// Notices that a loss or a gradient has left its level for good, while the last checkpoint is still from before.

import Foundation

/// What counts as divergence. A loss or gradient that is not finite needs no limit: it stops a run at once.
package struct DivergenceLimits: Sendable, Equatable {
    /// How many times its running level a step's loss, or the norm of its gradient, must exceed to be in doubt.
    package var loss = 4.0, norm = 100.0
    /// Steps in doubt, one after the other, that make a divergence; 0 for never.
    package var steps = 20

    package init() {}

    init(loss: Double, norm: Double, steps: Int) {
        self.loss = loss
        self.norm = norm
        self.steps = steps
    }
}

/// Watches the loss and the gradient's norm of every step.
package struct DivergenceGuard {
    /// The means of recent steps that were not in doubt: of the last fifty or so.
    ///
    /// A rate that is too high strikes at the second step, when there is no mean yet. So the loss of the first ten is the lowest
    /// of them, and at least what a model has that knows nothing: a step of few labels may cost next to nothing.
    package struct Level: Codable, Sendable, Equatable {
        fileprivate static let first = 10
        package var loss = 0.0, norm = 0.0
        package var steps = 0

        package init() {}

        fileprivate mutating func take(_ loss: Double, _ norm: Double, unlearned: Double) {
            steps += 1
            let share = 1 / Double(min(steps, 50))
            if steps <= Self.first {
                self.loss = max(unlearned, steps == 1 ? loss : min(self.loss, loss))
            } else {
                self.loss += share * (loss - self.loss)
            }
            self.norm += share * (norm - self.norm)
        }
    }

    package private(set) var level: Level
    /// Steps in doubt so far, one after the other.
    package private(set) var doubtful = 0
    private let limits: DivergenceLimits
    private let unlearned: Double

    /// - Parameter unlearned: about the loss of a model that knows nothing
    package init(_ limits: DivergenceLimits, level: Level, unlearned: Double) {
        self.limits = limits
        self.level = level
        self.unlearned = unlearned
    }

    /// Takes in a step, and returns what is wrong if it is one too many.
    package mutating func fault(loss: Double, norm: Double) -> String? {
        var faults: [(String, Double, Double, Double)] = []
        if level.steps > 0, loss > limits.loss * level.loss {
            faults.append(("loss", loss, level.loss, limits.loss))
        }
        // Gradients of the first steps, of a head of zeros for one, say little of those to come.
        if level.steps >= Level.first, norm > limits.norm * level.norm {
            faults.append(("gradient's norm", norm, level.norm, limits.norm))
        }
        guard limits.steps > 0, let (what, value, usual, factor) = faults.first else {
            level.take(loss, norm, unlearned: unlearned)
            doubtful = 0
            return nil
        }
        doubtful += 1
        guard doubtful >= limits.steps else { return nil }
        return
            "the \(what) has been above \(short(factor)) times its level of \(short(usual)) for \(doubtful) "
            + "steps, and is \(short(value))"
    }

    private func short(_ number: Double) -> String {
        String(format: "%.3g", number)
    }
}
