// From answers to numbers with intervals: every measure on the data, then on resamplings of the subjects.

import EchoCore
import Foundation
import Tasks

/// How answers are judged.
package struct ScoringOptions: Sendable {
    /// Positive is a probability of at least this.
    package var threshold = Threshold.fixed(0.5)
    /// How often the subjects are weighted anew; 0 for no intervals.
    package var bootstrap = 1000
    /// The percentage that an interval covers.
    package var confidence = 95.0
    package var seed: UInt64 = 1
    /// Named subsets of the codes whose macro averages are wanted.
    package var groups: [(name: String, codes: [String])] = []

    package init() {}
}

/// One model's answers with what they are worth, on the data and on every resampling.
package struct ScoredRun: Sendable {
    package var scores: RunScores
    package let answers: Answers
    /// For each resampling the means over all targets, then over the groups.
    package let draws: [[Values]]
}

/// Scores one model's answers.
///
/// Intervals are percentiles over resamplings of *subjects* with all their studies: a subject's studies are not
/// independent. Every resampling gives each subject a weight above 0, so a measure that is defined on the data is defined
/// on all of them, and a mean over targets is always over the same ones (docs/report.md).
package func score(_ answers: Answers, run: String, split: String, options: ScoringOptions) throws
    -> ScoredRun
{
    let kind = answers.kind, isClasses = kind == .classes
    let table = AnswerTable(answers, threshold: options.threshold)
    let groups = [("macro", answers.targets)] + (isClasses ? options.groups : [])
    let members = try groups.map { try table.indices(of: $0.1, group: $0.0) }
    let constant = isClasses ? nil : AnswerTable(answers.ofMean, threshold: options.threshold)
    func averaged(_ values: [Values]) -> [Values] {
        members.map { Values(kind.measures, mean: $0.map { values[$0] }) }
    }
    var targets = Sampled(table.values(weights: nil)), averages = Sampled(averaged(targets.whole))
    var means = constant.map { Sampled($0.values(weights: nil)) }
    let choices = ChoiceTable(answers)
    var shares: [(accuracy: Double, balanced: Double)] = []
    for draw in 0..<options.bootstrap {
        try Interruption.check()
        let weights = subjectWeights(table.subjects.count, options.seed, draw: draw)
        targets.draws.append(table.values(weights: weights))
        averages.draws.append(averaged(targets.draws[draw]))
        if let constant { means?.draws.append(constant.values(weights: weights)) }
        if let choices { shares.append(choices.shares(weights)) }
    }
    func estimates(_ sampled: Sampled, _ index: Int, of measures: [Measure] = kind.measures) -> Scores {
        sampled.estimates(measures, index, confidence: options.confidence)
    }
    let scores = RunScores(
        run: run, model: nil, task: nil, split: split, kind: kind, unit: answers.unit,
        studies: answers.studies,
        subjects: table.subjects.count, threshold: isClasses ? options.threshold.shared : nil,
        bootstrap: options.bootstrap, seed: options.seed, confidence: options.confidence,
        averages: groups.indices.map { g in
            GroupScores(
                name: groups[g].0, targets: groups[g].1,
                undefined: members[g].filter { targets.whole[$0][kind.main] == nil }
                    .map { answers.targets[$0] },
                scores: estimates(averages, g))
        },
        targets: answers.targets.enumerated().map { index, target in
            let rows = answers[target]
            return TargetScores(
                target: target, title: nil, studies: rows.count, scores: estimates(targets, index),
                decisions: isClasses
                    ? Decisions(
                        positives: rows.count(where: \.isPositive), threshold: options.threshold[target],
                        confusion: table.columns[index].confusion(nil)) : nil,
                agreement: means.map { Agreement(rows, ofMean: estimates($0, index, of: kind.errors)) },
                gradeCounts: table.columns[index].graded?.counts())
        }, calibration: isClasses ? Calibration(answers) : nil,
        choice: choices?.scores(shares, confidence: options.confidence))
    return ScoredRun(scores: scores, answers: answers, draws: averages.draws)
}

/// Values of several targets or groups on the data and on each resampling.
private struct Sampled {
    package let whole: [Values]
    package var draws: [[Values]] = []

    package init(_ whole: [Values]) { self.whole = whole }

    /// The measures of one of them with their intervals.
    package func estimates(_ measures: [Measure], _ index: Int, confidence: Double) -> Scores {
        var scores = Scores()
        for measure in measures {
            scores[measure] = whole[index][measure].map {
                interval(around: $0, draws.compactMap { $0[index][measure] }, confidence: confidence)
            }
        }
        return scores
    }
}

/// What each of `count` subjects counts for in resampling number `draw` of a Bayesian bootstrap (Rubin 1981): a weight from
/// the exponential distribution of mean 1, in 1,024ths and at least one of them, out of the stream that the seed and the
/// number name, the same for every model over the same subjects.
///
/// Drawing subjects with replacement leaves a third of them out, and with them all positives of a rare target: its average
/// precision would be undefined there and missing from the mean, which thereby rises. Whole numbers keep sums exact,
/// whatever the order of rows.
package func subjectWeights(_ count: Int, _ seed: UInt64, draw: Int) -> [Int] {
    var random = SeededRandom(seed: seed, "bootstrap", draw)
    return (0..<count).map { _ in max(1, Int((-1024 * log1p(-random.uniform())).rounded())) }
}

/// The percentile interval of a bootstrap; where the draws put a bound beyond the estimate, the estimate is the bound.
package func interval(around value: Double, _ draws: [Double], confidence: Double) -> Estimate {
    guard draws.count > 1 else { return Estimate(value) }
    let sorted = draws.sorted(), tail = (100 - confidence) / 200
    return Estimate(
        value, lower: Metrics.quantile(tail, ofSorted: sorted).map { min(value, $0) },
        upper: Metrics.quantile(1 - tail, ofSorted: sorted).map { max(value, $0) })
}
