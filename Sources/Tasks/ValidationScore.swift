// How good the model is after an epoch: the loss on the split val, for labels the mean AUROC, for a number its errors, and
// of several heads that of each.

package import EchoCore
import Foundation

/// The result of one validation.
package struct ValidationScore: Sendable, Equatable {
    package var loss: Double
    package var auroc: Double?
    /// In the unit of the number.
    package var errors: RegressionErrors?
    /// Of several heads what each found; empty of one.
    package private(set) var heads: [Head] = []

    /// What one of several heads found, and the unit that its criterion is counted in.
    package struct Head: Sendable, Equatable {
        package let score: ValidationScore
        package let unit: Double
    }

    package init(loss: Double, auroc: Double? = nil, errors: RegressionErrors? = nil) {
        self.loss = loss
        self.auroc = auroc
        self.errors = errors
    }

    /// Of several heads: the sum of their losses.
    ///
    /// - Parameter scales: of each head that measures a number; its criterion is counted in standard deviations, so that
    ///   errors in percent and in centimetres weigh the same
    package init(joining scores: [ValidationScore], scales: [TargetScale?]) {
        loss = scores.reduce(0) { $0 + $1.loss }
        heads = zip(scores, scales).map { Head(score: $0, unit: $1?.deviation ?? 1) }
    }

    /// The less, the better: what the best epoch is chosen by.
    package var criterion: Double {
        heads.isEmpty ? errors?.mae ?? loss : heads.reduce(0) { $0 + $1.score.criterion / $1.unit }
    }
}

extension ValidationScore {
    /// Of a regression: the mean squared error of its standardised outputs, and the errors of what they stand for.
    package init(outputs: [Float], targets: [Float], scale: TargetScale?) {
        let known = targets.indices.filter { !targets[$0].isNaN }
        let errors = RegressionErrors(
            truths: known.map { Double(targets[$0]) }, predictions: known.map { Double(outputs[$0]) })
        let unit = scale?.deviation ?? 1
        self.init(
            loss: errors.rmse * errors.rmse,
            errors: RegressionErrors(mae: unit * errors.mae, rmse: unit * errors.rmse, r2: errors.r2))
    }
}

/// Binary cross-entropy of logits, the mean over all whose target is known; computed so that no logit overflows.
///
/// - Parameter positiveWeights: how much a target of 1 counts for each output; nil for 1
package func binaryCrossEntropy(
    logits: [Float], targets: [Float], positiveWeights: [Float]? = nil
) -> Double {
    precondition(logits.count == targets.count && !logits.isEmpty, "a logit for every target")
    var sum = 0.0, known = 0.0
    for (place, (logit, target)) in zip(logits, targets).enumerated() where !target.isNaN {
        known += 1
        let (x, t) = (Double(logit), Double(target))
        let weight = positiveWeights.map { Double($0[place % $0.count]) } ?? 1
        let common = log1p(exp(-abs(x)))
        sum += weight * t * (common + max(-x, 0)) + (1 - t) * (common + max(x, 0))
    }
    return sum / max(1, known)
}

/// The mean area under the ROC curve over the outputs that have both classes; nil if none has.
///
/// - Parameter logits, targets: [studies, outputs]
package func meanAUROC(logits: [Float], targets: [Float], outputs: Int) -> Double? {
    let areas = (0..<outputs).compactMap { output in
        let column = stride(from: output, to: logits.count, by: outputs).filter { !targets[$0].isNaN }
        return RankedScores(
            labels: column.map { targets[$0] > 0.5 }, scores: column.map { Double(logits[$0]) }
        ).auroc()
    }
    return areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
}
