// From values to places along an axis, and where an axis wants its ticks.

import EchoCore
import Foundation
import Scoring

/// A linear axis.
struct Scale: Sendable, Equatable {
    let lower: Double, upper: Double
    let ticks: [Double]
    private let decimals: Int

    /// An axis over exactly `lower` to `upper` with about `count` ticks at round numbers.
    init(_ lower: Double, _ upper: Double, ticks count: Int = 5) {
        let upper = upper > lower ? upper : lower + 1
        self.init(lower, upper, step: Scale.step(upper - lower, ticks: count))
    }

    /// An axis that begins and ends at a tick and covers all of `values`.
    init(covering values: [Double], ticks count: Int = 5) {
        let low = values.min() ?? 0, high = max(values.max() ?? 1, low + 1e-9)
        let step = Scale.step(high - low, ticks: count)
        self.init(
            (low / step + 1e-9).rounded(.down) * step, (high / step - 1e-9).rounded(.up) * step, step: step)
    }

    /// The axis of a measure up to 1: from a tenth below what a coin has, or from 0, and further where values are lower.
    init(_ measure: Measure, covering values: [Double]) {
        let usual = measure.chance.map { $0 - 0.1 } ?? 0
        self.init(min(usual, ((values.min() ?? usual) * 10).rounded(.down) / 10), 1, ticks: 6)
    }

    private init(_ lower: Double, _ upper: Double, step: Double) {
        self.lower = lower
        self.upper = upper
        decimals = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
        let first = Int((lower / step - 1e-9).rounded(.up)), last = Int((upper / step + 1e-9).rounded(.down))
        ticks = first <= last ? (first...last).map { Double($0) * step } : []
    }

    /// 1, 2 or 5 times a power of ten, to divide `length` into about `count` parts.
    private static func step(_ length: Double, ticks count: Int) -> Double {
        let rough = length / Double(count)
        let power = pow(10, log10(rough).rounded(.down))
        return [1, 2, 5].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    }

    /// Where `value` lies, 0 at the lower end and 100 at the upper.
    func percent(_ value: Double) -> Double {
        100 * (min(max(value, lower), upper) - lower) / (upper - lower)
    }

    /// The text of a tick.
    func label(_ tick: Double) -> String {
        decimals == 0 && abs(tick) >= 1000 ? grouped(Int(tick.rounded())) : fixed(tick, decimals)
    }
}
