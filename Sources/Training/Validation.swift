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
    var areas: [Double] = []
    for output in 0..<outputs {
        let scored = stride(from: output, to: logits.count, by: outputs).map {
            (logits[$0], targets[$0] > 0.5)
        }
        .sorted { $0.0 < $1.0 }
        let positives = scored.count { $0.1 }
        let negatives = scored.count - positives
        guard positives > 0, negatives > 0 else { continue }
        // The sum of the positives' ranks, equal scores sharing theirs (Mann and Whitney 1947).
        var ranks = 0.0
        var first = 0
        while first < scored.count {
            let end = scored[first...].firstIndex { $0.0 != scored[first].0 } ?? scored.count
            let rank = Double(first + end + 1) / 2
            ranks += rank * Double(scored[first..<end].count { $0.1 })
            first = end
        }
        let wins = ranks - Double(positives * (positives + 1)) / 2
        areas.append(wins / Double(positives * negatives))
    }
    return areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
}
