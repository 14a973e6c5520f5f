// How good the model is after an epoch: the loss on the split val, and for labels the mean AUROC.

import EchoCore
import Foundation

/// The result of one validation.
package struct ValidationScore: Sendable, Equatable {
    package var loss: Double
    package var auroc: Double?
}

/// Binary cross-entropy of logits, the mean over all; computed so that no logit overflows.
package func binaryCrossEntropy(logits: [Float], targets: [Float]) -> Double {
    precondition(logits.count == targets.count && !logits.isEmpty, "a logit for every target")
    var sum = 0.0
    for (logit, target) in zip(logits, targets) {
        let x = Double(logit)
        sum += max(x, 0) - x * Double(target) + log1p(exp(-abs(x)))
    }
    return sum / Double(logits.count)
}

/// The mean area under the ROC curve over the outputs that have both classes; nil if none has.
///
/// - Parameter logits, targets: [studies, outputs]
package func meanAUROC(logits: [Float], targets: [Float], outputs: Int) -> Double? {
    let areas = (0..<outputs).compactMap { output in
        let column = stride(from: output, to: logits.count, by: outputs)
        return RankedScores(
            labels: column.map { targets[$0] > 0.5 }, scores: column.map { Double(logits[$0]) }
        ).auroc()
    }
    return areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
}
