// Steps whose loss is wanted at once, for tests and races; training reads it when a step is over.

import Compute

extension EchoModel {
    /// As `pretrainStep` with a number for sums, and the loss, not weighted.
    package func pretrainStep(
        _ batch: StudyBatch, _ mask: PretrainMask, weight: Double = 1, predicting: Bool = false
    ) -> (loss: Double, prediction: [Float]?) {
        let sum = engine.zero()
        let prediction = pretrainStep(batch, mask, weight: weight, addingTo: sum, predicting: predicting)
        return (engine.sums(sum)[0] / weight, prediction)
    }

    /// As `finetuneStep` with a number for sums, of a model with one head, and the loss, not weighted, with the outputs.
    package func finetuneStep(
        _ batch: StudyBatch, targets: [Float], loss kind: HeadLoss.Kind, positiveWeights: [Float]? = nil,
        frozen: Bool = false, weight: Double = 1
    ) -> (loss: Double, logits: [Float]) {
        let sum = engine.zero()
        let loss = HeadLoss(kind, positiveWeights: positiveWeights, weight: weight)
        let outputs = finetuneStep(
            batch, targets: targets, [loss], frozen: frozen, addingTo: sum, predicting: true)
        return (engine.sums(sum)[0] / weight, outputs ?? [])
    }
}
