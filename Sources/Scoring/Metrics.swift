// What a score is worth, defined as scikit-learn defines it, so that numbers can stand beside published ones.

import EchoCore

/// The measures of a binary classifier on plain arrays.
package enum Metrics {
    /// Area under the ROC curve: the chance that a positive scores above a negative, a tie counting half.
    /// Nil where one of the two classes is missing.
    package static func auroc(labels: [Bool], scores: [Double]) -> Double? {
        RankedScores(labels: labels, scores: scores).auroc()
    }

    /// Average precision: Σ (recallᵢ − recallᵢ₋₁) · precisionᵢ over the distinct scores from above, not interpolated.
    /// Nil without a positive.
    package static func averagePrecision(labels: [Bool], scores: [Double]) -> Double? {
        RankedScores(labels: labels, scores: scores).averagePrecision()
    }

    /// F1 of "positive where the probability is at least `threshold`".
    package static func f1(labels: [Bool], probabilities: [Double], threshold: Double = 0.5) -> Double {
        Confusion(labels: labels, probabilities: probabilities, threshold: threshold).f1
    }

    /// Brier score: the mean squared difference between probability and outcome. Nil for no examples.
    package static func brier(labels: [Bool], probabilities: [Double]) -> Double? {
        precondition(labels.count == probabilities.count, "a probability for every label")
        return mean(
            zip(labels, probabilities).map { label, p in (p - (label ? 1 : 0)) * (p - (label ? 1 : 0)) })
    }

    /// The arithmetic mean; nil for no values.
    package static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// The standard deviation of a sample (n − 1 below); nil for fewer than two values.
    package static func standardDeviation(_ values: [Double]) -> Double? {
        guard values.count > 1, let mean = mean(values) else { return nil }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }

    /// The quantile `q` in 0 ... 1 of sorted values, linear between neighbours (NumPy's default; Hyndman and Fan's 7).
    package static func quantile(_ q: Double, ofSorted values: [Double]) -> Double? {
        guard let last = values.last else { return nil }
        let position = q * Double(values.count - 1)
        let below = Int(position)
        guard below + 1 < values.count else { return last }
        return values[below] + (position - Double(below)) * (values[below + 1] - values[below])
    }
}

/// What became of the examples at a threshold.
package struct Confusion: Codable, Sendable, Equatable {
    package var truePositives = 0, falsePositives = 0, falseNegatives = 0, trueNegatives = 0

    package init() {}

    /// Counts "positive where the probability is at least `threshold`".
    package init(labels: [Bool], probabilities: [Double], threshold: Double) {
        precondition(labels.count == probabilities.count, "a probability for every label")
        for (label, probability) in zip(labels, probabilities) {
            add(label: label, predicted: probability >= threshold, times: 1)
        }
    }

    package mutating func add(label: Bool, predicted: Bool, times weight: Int) {
        switch (label, predicted) {
        case (true, true): truePositives += weight
        case (false, true): falsePositives += weight
        case (true, false): falseNegatives += weight
        case (false, false): trueNegatives += weight
        }
    }

    /// 2·TP / (2·TP + FP + FN); 0 where nothing is positive and nothing predicted so.
    package var f1: Double { ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives) }
    /// Positive predictive value; 0 where nothing is predicted positive.
    package var precision: Double { ratio(truePositives, truePositives + falsePositives) }
    /// Sensitivity; 0 where nothing is positive.
    package var recall: Double { ratio(truePositives, truePositives + falseNegatives) }
    /// True negatives among negatives; 0 where nothing is negative.
    package var specificity: Double { ratio(trueNegatives, trueNegatives + falsePositives) }

    private func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
