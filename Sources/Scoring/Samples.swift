// One measure of one model: on the data and on every resampling, for each of its runs.

import EchoCore

/// A measure's values over runs that differ in their seed alone.
package struct Samples: Sendable {
    /// On the data, run by run.
    package let runs: [Double]
    /// On each resampling the mean over the runs; nil where it is undefined.
    package let draws: [Double?]

    /// - Parameter draws: [run][resampling]; the resamplings are the same for all runs
    package init?(runs: [Double], draws: [[Double?]]) {
        guard !runs.isEmpty else { return nil }
        self.runs = runs
        self.draws = (draws.first ?? []).indices.map { draw in Metrics.mean(draws.compactMap { $0[draw] }) }
    }

    package var spread: Spread { Spread(runs)! }

    /// The mean over runs with the percentile interval of its resamplings.
    package func estimate(confidence: Double) -> Estimate {
        interval(around: spread.mean, draws.compactMap(\.self), confidence: confidence)
    }

    /// How much greater the mean is than another's on the same resamplings, and the two-sided p: twice the share of
    /// resamplings on the far side of zero, each count raised by one.
    package func difference(from other: Samples, confidence: Double) -> (difference: Estimate, p: Double?) {
        let differences = zip(draws, other.draws).compactMap { a, b in a.flatMap { a in b.map { a - $0 } } }
        let below = differences.count { $0 <= 0 }, above = differences.count { $0 >= 0 }
        let share = Double(min(below, above) + 1) / Double(differences.count + 1)
        let difference = spread.mean - other.spread.mean
        return (
            interval(around: difference, differences, confidence: confidence),
            differences.isEmpty ? nil : min(1, 2 * share)
        )
    }
}

extension [ScoredRun] {
    /// One measure over these runs.
    ///
    /// - Parameter group: 0 for the mean over all targets
    package func samples(_ measure: Measure, group: Int = 0) -> Samples? {
        Samples(
            runs: compactMap { $0.scores.averages[group].scores[measure]?.value },
            draws: map { run in run.draws.map { $0[group][measure] } })
    }
}
