// A step without content, for engines that count what a step takes and for what asks in which order it does its work.

import Compute
import EchoCore
import Models
import Runs
import Tasks

extension Learner {
    /// Takes a step on studies of so many views each, whose pixels are all 0.
    func dryStep(_ configuration: RunConfiguration, studies: Int, views: Int = 1) {
        let c = configuration.model, loss = model.engine.zero()
        let counts = Array(repeating: views, count: studies)
        let batch = StudyBatch(
            viewCounts: counts, pixels: Array(repeating: 0, count: studies * views * c.frames * c.frameSize))
        if c.outputs == 0 {
            var random = SeededRandom(seed: 0, "dry step")
            let mask = PretrainMask(random: c, viewCounts: counts, using: &random)
            _ = model.pretrainStep(batch, mask, addingTo: loss)
        } else {
            _ = model.finetuneStep(
                batch, targets: Array(repeating: 0, count: studies * c.outputs),
                configuration.task.heads.map { HeadLoss($0.answers.loss) },
                frozen: configuration.recipe.frozen, addingTo: loss)
        }
        _ = optimiser.step(learningRate: 0, sound: [loss])
    }
}

extension GradientSum {
    /// The sum over ranks of the gradients of a learner of a run.
    convenience init(of learner: Learner, _ configuration: RunConfiguration, over ranks: any Ranks) {
        // An engine that only counts tells in which order a way back writes them.
        let dry = Learner(configuration, on: CountingEngine(configuration.recipe.precision))
        dry.model.checkpointsActivations = learner.model.checkpointsActivations
        let order = dry.model.written { dry.dryStep(configuration, studies: 1) }
        self.init(of: learner.model, order: order, over: ranks)
    }
}
