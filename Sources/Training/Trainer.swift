// The training loop: batches in, steps, validation at the end of every epoch, checkpoints in between; on one rank or many.

import Catalog
import Compute
import EchoCore
import Files
import Foundation
import Models
import Pictures
import Runs
import StudyData
import Tasks

/// One run from its state to its end, as one rank of those that train it sees it: they differ in the studies that each learns
/// from, and the first alone writes.
final class Trainer {
    let options: TrainOptions
    let configuration: RunConfiguration
    let set: StudySet
    let learner: Learner
    let store: CheckpointStore
    let loader: BatchLoader
    let workers: Int
    let ranks: any Ranks
    var state: RunState
    /// Nil where this rank does not write it.
    let history: RunHistory?
    /// What the last steps were like; while they are in doubt no checkpoint is written, and `owed` remembers one.
    var watch: DivergenceGuard
    var owed = false

    private let say: (String) -> Void
    let plan: BatchPlan
    /// The sum of gradients over ranks; nil for one alone.
    private let gradients: GradientSum?
    private let schedule: Schedule
    private var clock: LoopClock
    /// The last step that was asked for, until its loss is read, and the last loss that was.
    private var inFlight: StepInFlight?
    private var loss: Double?

    init(
        options: TrainOptions, configuration: RunConfiguration, set: StudySet, shards: ShardPool,
        learner: Learner, store: CheckpointStore, state: RunState, say: @escaping (String) -> Void
    ) throws {
        self.options = options
        self.configuration = configuration
        self.set = set
        self.learner = learner
        self.store = store
        self.state = state
        self.say = say
        ranks = options.place.ranks
        let recipe = configuration.recipe
        watch = DivergenceGuard(
            options.upkeep.divergence, level: state.level ?? .init(), unlearned: configuration.unlearnedLoss)
        plan = BatchPlan(
            studies: set.train.count, batch: recipe.batch, accumulate: recipe.accumulate, seed: recipe.seed,
            rank: ranks.rank, of: ranks.count)
        gradients = ranks.isAlone ? nil : GradientSum(of: learner, configuration, over: ranks)
        schedule = Schedule(
            peak: recipe.learningRate, warmup: recipe.warmupCount * plan.stepsPerEpoch,
            total: recipe.epochCount * plan.stepsPerEpoch)
        loader = BatchLoader(
            studies: StudyLoader(configuration, shards), model: configuration.model,
            engine: learner.model.engine)
        clock = LoopClock(of: learner.model.engine)
        workers = BatchLoader.workers(threads: options.place.threadCount)
        if let trace = options.trace, options.traceStep <= state.step || options.traceStep > schedule.total {
            guard options.traceStep <= state.step, FileManager.default.fileExists(atPath: trace) else {
                throw EchoError(
                    "--trace-step",
                    "step \(options.traceStep) is not ahead: the run has taken \(state.step) of \(schedule.total)",
                    try: "leave out --trace, or trace in a new run folder")
            }
            say("step \(options.traceStep) was traced before")
        }
        history = ranks.isFirst ? try RunHistory(store.folder, keeping: state, say: say) : nil
    }

    var model: EchoModel { learner.model }
    var recipe: Recipe { configuration.recipe }
    private var totalSteps: Int { schedule.total }

    func run() throws -> TrainSummary {
        announce()
        do {
            if state.step == (state.finishedEpochs + 1) * plan.stepsPerEpoch { try endEpoch() }
            try steps()
            // No further step can tell whether the last ones were chance: they did not stop the run, so they count.
            if owed {
                try save(inDoubt: true)
                try keepWeights(ofEpoch: state.finishedEpochs)
            }
        } catch is Interrupted {
            let done = "step \(state.step) of \(totalSteps)"
            say(
                try save()
                    ? "saved after \(done); the same command goes on from there"
                    : "stopped after \(done), whose loss is in doubt: the same command goes on from the checkpoint before"
            )
            throw Interrupted()
        }
        return summary()
    }

    private func announce() {
        let c = configuration.model
        say(
            """
            \(configuration.task.name) \(c.kind.rawValue) \(recipe.preset?.rawValue ?? ""): \
            \(grouped(model.parameterCount)) parameters, \(set.unit.text(set.train.count)) to learn from, \
            \(grouped(set.validation.count)) to choose by, \(grouped(totalSteps)) steps of \(recipe.batch)
            """)
        for (head, error) in zip(configuration.task.heads, set.errorsOfMeans) {
            guard let error, let quantity = head.answers.measured else { continue }
            say("predicting the mean of train errs by \(quantity.text(error)) of \(quantity.name) on val")
        }
        if let gradients {
            let size = String(format: "%.1f MB", 4e-6 * Double(gradients.count))
            say("\(ranks.count) ranks, whose gradients of \(size) are summed in every step")
        }
        if set.validation.isEmpty {
            say("no \(set.unit.rawValue) in the split val: the last epoch counts as the best")
        }
        if state.step > 0 && state.step < totalSteps {
            say(
                "going on after step \(state.step), epoch \(state.finishedEpochs + 1) of \(recipe.epochCount)"
            )
        }
    }

    // MARK: Steps

    private func steps() throws {
        let first = plan.firstPart(ofStep: state.step)
        let parts = recipe.epochCount * plan.partsPerEpoch - first
        let remaining =
            recipe.epochCount * set.train.count
            - state.finishedEpochs * set.train.count - state.step % plan.stepsPerEpoch * plan.batch
        let progress = Progress("train", total: remaining, unit: set.unit.plural)
        var step = StepSums(loss: model.engine.zero())
        clock.restart()
        try produceInOrder(parts, workers: workers, window: workers + 1) { [plan, loader, set] index in
            let part = plan.part(first + index)
            return try loader.load(plan.studies(of: part).map { set.train[$0] }, .training(epoch: part.epoch))
        } consume: { index, batch in
            let part = plan.part(first + index)
            clock.endWait()
            // One rank alone stops also between the parts of a step, of which only gradients are lost.
            if part.beginsStep || ranks.isAlone { try ranks.checkInterruption() }
            try learn(batch, part, &step)
            loader.recycle(batch)
            if part.endsStep {
                try takeStep(step, part)
                progress.update(clock.studies, note: note)
                step = StepSums(loss: model.engine.zero())
            }
            if part.endsEpoch {
                try endEpoch()
            } else if part.endsStep && (owed || state.step % options.upkeep.checkpointEvery == 0) {
                try save()
            }
            clock.beginWait(ofNextStep: part.endsStep)
        }
        if parts > 0 { progress.finish(clock.studies, note: "\(recipe.epochCount) epochs") }
    }

    /// What the parts of a step add up to.
    private struct StepSums {
        /// A number for sums.
        let loss: Buffer
        var trace: StepTrace?
    }

    /// Forward and back for one part of a step.
    private func learn(_ batch: LoadedBatch, _ part: BatchPlan.Part, _ step: inout StepSums) throws {
        if part.endsStep { gradients?.begin() }
        // The last step of an epoch may have fewer studies than ranks.
        if part.places.isEmpty { return }
        let traced = state.step + 1 - options.traceStep
        if let path = options.trace, 0..<options.traceSteps ~= traced {
            step.trace = try StepTrace(
                path, number: traced, model: model, batch: batch, configuration: configuration,
                learningRate: schedule.rate(after: state.step), optimiser: learner.optimiser)
        }
        let isWhole = step.trace?.isWhole == true
        let output: [Float]?
        if let mask = batch.mask {
            output = model.pretrainStep(
                batch.input, mask, weight: share(of: part) { _ in 1 }, addingTo: step.loss,
                predicting: isWhole)
        } else {
            output = model.finetuneStep(
                batch.input, targets: batch.targets, losses(of: part), frozen: recipe.frozen,
                addingTo: step.loss, predicting: isWhole)
        }
        // What is traced is an undivided step.
        if step.trace != nil {
            step.trace?.record(loss: model.engine.sums(step.loss)[0], output: output ?? [])
        }
    }

    /// A part's share of the mean over its step.
    ///
    /// - Parameter terms: of the mean that a study has
    private func share(of part: BatchPlan.Part, terms: (Study) -> Int) -> Double {
        if part.places == part.stepPlaces { return 1 }
        func sum(_ studies: [Int]) -> Int { studies.reduce(0) { $0 + terms(set.train[$1]) } }
        return Double(sum(plan.studies(of: part))) / Double(max(1, sum(plan.studiesOfStep(of: part))))
    }

    /// What each head minimises on a part of a step: means over the labels that are known.
    private func losses(of part: BatchPlan.Part) -> [HeadLoss] {
        let heads = configuration.heads
        return zip(configuration.task.heads, zip(heads, heads.columns)).map { head, learned in
            HeadLoss(
                head.answers.loss, positiveWeights: learned.0.positiveWeights,
                weight: share(of: part) { $0.target[learned.1].count { !$0.isNaN } })
        }
    }

    /// Makes the loss and the gradients of this rank's studies those of the whole step.
    private func sumOverRanks(_ step: StepSums) throws {
        guard let gradients else { return }
        try clock.sum { try gradients.finish() }
        try model.engine.sum(step.loss, areSums: true, over: ranks)
    }

    /// Asks for the optimiser's step, once all parts are in, and judges the step before: nothing waits for this one.
    ///
    /// Nothing changes if its loss or gradient is not finite, or those of the step before are not.
    private func takeStep(_ step: StepSums, _ part: BatchPlan.Part) throws {
        try sumOverRanks(step)
        let rate = schedule.rate(after: state.step), before = inFlight
        let norm = learner.optimiser.step(
            learningRate: rate, sound: [step.loss] + (before?.sound ?? []))
        state.step += 1
        learner.average?.update(step: state.step)
        let studies = part.stepPlaces.count
        inFlight = StepInFlight(
            step: state.step, epoch: part.epoch + 1, learningRate: rate, studies: studies,
            time: clock.endStep(studies: studies), norm: norm, loss: step.loss, on: model.engine)
        if let before { try judge(before) }
        if let trace = step.trace {
            try settle()
            try trace.finish()
        }
    }

    /// Waits for the last step that was asked for, and judges it.
    func settle() throws {
        guard let step = inFlight else { return }
        inFlight = nil
        try judge(step)
    }

    /// Writes a step into the history, unless it was none or is one too many in doubt.
    private func judge(_ step: StepInFlight) throws {
        let line = step.line(), norm = line.gradNorm ?? .nan
        guard line.loss.isFinite else { throw diverged("the loss is \(line.loss)", in: step.step) }
        guard norm.isFinite else { throw diverged("the gradient's norm is \(norm)", in: step.step) }
        loss = line.loss
        try history?.append(line)
        if let fault = watch.fault(loss: line.loss, norm: norm) {
            throw ranks.agreed(
                EchoError(
                    "step \(step.step)", "\(fault); \(kept)",
                    try: "another run with a lower --lr, or go on all the same with --guard-steps 0"))
        }
    }

    func diverged(_ what: String, in step: Int) -> any Error {
        ranks.agreed(
            EchoError(
                "step \(step)", "\(what); the weights were not changed and \(kept)",
                try: "another run with a lower --lr or --clip"))
    }

    private var kept: String {
        store.isEmpty ? "no checkpoint was reached" : "the last checkpoint is from before"
    }

    private var note: String {
        let epoch = min(state.step / plan.stepsPerEpoch + 1, recipe.epochCount)
        var parts = loss.map { [String(format: "loss %.4f", $0)] } ?? []
        parts.append("epoch \(epoch) of \(recipe.epochCount)")
        if let gflops = clock.gflops, let products = clock.products {
            parts.append(String(format: "%.0f GFLOP/s, %.0f %% in products", gflops, 100 * products))
        }
        parts.append(String(format: "waiting %.1f %%", 100 * clock.stall))
        return parts.joined(separator: " · ")
    }

    private func summary() -> TrainSummary {
        TrainSummary(
            run: options.run, task: configuration.task, model: configuration.model.kind,
            parameters: model.parameterCount, trainStudies: set.train.count,
            validationStudies: set.validation.count, epochs: recipe.epochCount, steps: totalSteps,
            bestEpoch: state.bestEpoch, bestLoss: state.bestLoss, bestHeads: state.bestHeads, probe: nil,
            seconds: clock.seconds,
            studiesPerSecond: clock.studiesPerSecond, stall: clock.stall, gflops: clock.gflops,
            products: clock.products,
            best: store.folder.best, last: store.folder.last, metrics: store.folder.metrics,
            pictures: configuration.task.heads.isEmpty && options.upkeep.picturesEvery > 0
                ? store.folder.pictures : nil)
    }
}
