// The end of an epoch: validation, pictures and the checkpoint.

import Compute
import EchoCore
import Files
import Models
import Pictures
import Runs
import StudyData
import Tasks

extension Trainer {
    func endEpoch() throws {
        let start = ContinuousClock.now
        try settle()
        let epoch = state.finishedEpochs + 1
        var next = state
        next.finishedEpochs = epoch
        if let score = try learner.judged({ try validate(epoch: epoch) }) {
            guard score.loss.isFinite else {
                throw diverged("the validation loss is \(score.loss)", in: state.step)
            }
            var line = MetricsLine(
                epoch: epoch, step: state.step, split: .val, loss: score.loss,
                seconds: start.duration(to: .now) / .seconds(1))
            line.add(score, of: configuration.task)
            try history?.append(line)
            if next.bestLoss.map({ score.criterion < $0 }) ?? true {
                next.bestLoss = score.criterion
                next.bestEpoch = epoch
                next.bestHeads = score.heads.isEmpty ? nil : score.heads.map(\.score.criterion)
            }
        } else if watch.doubtful == 0 || next.bestEpoch == nil {
            next.bestEpoch = epoch
        }
        if next.bestEpoch == epoch, ranks.isFirst {
            try learner.judged { try store.writeWeights(of: model, state: next, to: store.folder.best) }
        }
        state = next
        if try save() { try keepWeights(ofEpoch: epoch) }
    }

    /// Writes a checkpoint, on the first rank, and returns true, unless the last steps are in doubt: then as soon as they no longer are.
    @discardableResult func save(inDoubt: Bool = false) throws -> Bool {
        try settle()
        owed = watch.doubtful > 0 && !inDoubt
        if owed { return false }
        state.level = watch.level
        if let history {
            try history.synchronise(&state)
            try store.save(learner, state)
        }
        return true
    }

    /// Gives the last weights a name that stays, if the user wants them.
    func keepWeights(ofEpoch epoch: Int) throws {
        if ranks.isFirst { try store.keep(epoch: epoch, last: options.upkeep.keepLast) }
    }

    private func validate(epoch: Int) throws -> ValidationScore? {
        let heads = configuration.heads
        if heads.isEmpty, ranks.isFirst { try drawReconstructions(epoch: epoch) }
        guard !set.validation.isEmpty else { return nil }
        let studies = set.validation, outputs = configuration.model.outputs
        var loss = 0.0
        let logits = try ranks.spread(studies.map { _ in outputs }) { share in
            var logits: [Float] = []
            try loader.evaluate(Array(studies[share]), batch: plan.partSize, workers: workers) {
                studies, batch in
                if let mask = batch.mask {
                    loss += model.reconstruct(batch.input, mask).loss * Double(studies.count)
                } else {
                    logits += model.logits(batch.input)
                }
            }
            return logits
        }
        if heads.isEmpty { return ValidationScore(loss: try ranks.sum([loss])[0] / Double(studies.count)) }
        let scores = zip(configuration.task.heads, zip(heads, heads.columns)).map { head, learned in
            head.answers.score(
                outputs: studies.indices.flatMap { study in learned.1.map { logits[study * outputs + $0] } },
                targets: studies.flatMap { $0.target[learned.1] }, count: learned.1.count,
                scale: learned.0.scale, positiveWeights: learned.0.positiveWeights)
        }
        return scores.count == 1 ? scores[0] : ValidationScore(joining: scores, scales: heads.map(\.scale))
    }

    /// RUN/pictures/epoch-NNNN.png of a few studies, after the first, every n-th and the last epoch.
    private func drawReconstructions(epoch: Int) throws {
        guard options.upkeep.picturesEvery > 0 else { return }
        guard epoch == 1 || epoch % options.upkeep.picturesEvery == 0 || epoch == recipe.epochCount else {
            return
        }
        let studies = Array((set.validation.isEmpty ? set.train : set.validation).prefix(3))
        let batch = try loader.load(studies, .evaluation())
        guard let mask = batch.mask else { return }
        let drawing = Reconstructions(model: configuration.model, normalisation: configuration.normalisation)
        let prediction = model.reconstruct(batch.input, mask).prediction
        let pixels = batch.input.numbers(of: configuration.model, on: model.engine)
        let picture = drawing.picture(pixels, batch.input, mask, prediction: prediction)
        try writeFile(store.folder.picture(epoch: epoch), picture.png())
    }
}
