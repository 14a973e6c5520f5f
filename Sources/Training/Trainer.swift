// The training loop: batches in, steps, validation at the end of every epoch, checkpoints in between.

import EchoCore
import Files
import Foundation
import Models
import Pictures

/// One run from its state to its end.
final class Trainer {
    private let options: TrainOptions
    private let configuration: RunConfiguration
    private let set: StudySet
    private let learner: Learner
    private let store: CheckpointStore
    private let say: (String) -> Void

    private let plan: BatchPlan
    private let schedule: Schedule
    private let loader: BatchLoader
    private let log: MetricsLog
    private let events: EventLog
    private let workers: Int
    private var state: RunState
    private var clock = LoopClock()

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
        plan = BatchPlan(
            studies: set.train.count, batch: options.batch, accumulate: options.accumulate, seed: options.seed
        )
        schedule = Schedule(
            peak: options.learningRate, warmup: options.warmupCount * plan.stepsPerEpoch,
            total: options.epochCount * plan.stepsPerEpoch)
        loader = BatchLoader(studies: StudyLoader(options, configuration, shards), model: configuration.model)
        workers = max(1, (options.threads ?? availableProcessors()) / 2)
        if options.trace != nil && !(state.step < options.traceStep && options.traceStep <= schedule.total) {
            throw EchoError(
                "--trace-step",
                "step \(options.traceStep) is not ahead: the run has taken \(state.step) of \(schedule.total)",
                try: "trace in a new run folder")
        }
        log = try MetricsLog(path: store.folder.metrics, keeping: state.logLength)
        events = try EventLog(path: store.folder.events, keeping: state.eventLength)
    }

    private var model: EchoModel { learner.model }
    private var totalSteps: Int { schedule.total }

    func run() throws -> TrainSummary {
        announce()
        do {
            if state.step == (state.finishedEpochs + 1) * plan.stepsPerEpoch { try endEpoch() }
            try steps()
        } catch is Interrupted {
            try save()
            say("saved after step \(state.step) of \(totalSteps); the same command goes on from there")
            throw Interrupted()
        }
        return summary()
    }

    private func announce() {
        let c = configuration.model
        say(
            """
            \(configuration.task.rawValue) \(c.kind.rawValue) \(options.preset.rawValue): \
            \(grouped(model.parameterCount)) parameters, \(grouped(set.train.count)) studies to learn from, \
            \(grouped(set.validation.count)) to choose by, \(grouped(totalSteps)) steps of \(options.batch)
            """)
        if set.validation.isEmpty { say("no study in the split val: the last epoch counts as the best") }
        if state.step > 0 && state.step < totalSteps {
            say(
                "going on after step \(state.step), epoch \(state.finishedEpochs + 1) of \(options.epochCount)"
            )
        }
    }

    // MARK: Steps

    private func steps() throws {
        let first = plan.firstPart(ofStep: state.step)
        let parts = options.epochCount * plan.partsPerEpoch - first
        let remaining =
            options.epochCount * set.train.count
            - state.finishedEpochs * set.train.count - state.step % plan.stepsPerEpoch * plan.batch
        let progress = Progress("train", total: remaining, unit: "studies")
        var step = StepSums()
        clock.restart()
        try produceInOrder(parts, workers: workers, window: workers + 1) { [plan, loader, set] index in
            let part = plan.part(first + index)
            return try loader.load(plan.studies(of: part).map { set.train[$0] }, .training(epoch: part.epoch))
        } consume: { index, batch in
            let part = plan.part(first + index)
            clock.endWait()
            if step.isEmpty { try Interruption.check() }
            try learn(batch, part, &step)
            if part.endsStep {
                try takeStep(step, part)
                progress.update(clock.studies, note: note(step))
                step = StepSums()
            }
            if part.endsEpoch {
                try endEpoch()
            } else if part.endsStep && state.step % options.checkpointEvery == 0 {
                try save()
            }
            clock.beginWait(ofNextStep: part.endsStep)
        }
        if parts > 0 { progress.finish(clock.studies, note: "\(options.epochCount) epochs") }
    }

    /// What the parts of a step add up to.
    private struct StepSums {
        var loss = 0.0
        var studies = 0
        var trace: StepTrace?
        var isEmpty: Bool { studies == 0 }
    }

    /// Forward and back for one part of a step.
    private func learn(_ batch: LoadedBatch, _ part: BatchPlan.Part, _ step: inout StepSums) throws {
        let studies = batch.input.viewCounts.count
        let weight = Double(studies) / Double(part.stepStudies)
        if let path = options.trace, state.step + 1 == options.traceStep {
            step.trace = try StepTrace(
                path, model: model, batch: batch, configuration: configuration,
                learningRate: schedule.rate(after: state.step), optimiser: learner.optimiser)
        }
        let (loss, output): (Double, [Float]?)
        if let mask = batch.mask {
            (loss, output) = model.pretrainStep(
                batch.input, mask, weight: weight, predicting: step.trace != nil)
        } else {
            (loss, output) = model.finetuneStep(
                batch.input, targets: batch.targets, loss: .binaryCrossEntropy, frozen: options.frozen,
                weight: weight)
        }
        step.trace?.record(loss: loss, output: output ?? [])
        step.loss += weight * loss
        step.studies += studies
    }

    /// The optimiser's step, once all parts are in; nothing changes if the loss or the gradient is not finite.
    private func takeStep(_ step: StepSums, _ part: BatchPlan.Part) throws {
        let rate = schedule.rate(after: state.step)
        guard step.loss.isFinite else { throw diverged("the loss is \(step.loss)") }
        let norm = learner.optimiser.step(learningRate: rate)
        guard norm.isFinite else { throw diverged("the gradient's norm is \(norm)") }
        try step.trace?.finish()
        state.step += 1
        learner.average?.update(step: state.step)
        let times = clock.endStep(studies: step.studies)
        try record(
            MetricsLine(
                epoch: part.epoch + 1, step: state.step, split: .train, loss: step.loss, lr: rate,
                gradNorm: norm,
                seconds: times.seconds, studiesPerSecond: Double(step.studies) / max(times.seconds, 1e-9),
                stall: times.stall))
    }

    private func record(_ line: MetricsLine) throws {
        try log.append(line)
        try events.append(line)
    }

    private func diverged(_ what: String) -> EchoError {
        let kept = store.isEmpty ? "no checkpoint was reached" : "the last checkpoint is as it was"
        return EchoError(
            "step \(state.step + 1)", "\(what); the weights were not changed and \(kept)",
            try: "another run with a lower --lr or --clip")
    }

    private func note(_ step: StepSums) -> String {
        let epoch = min(state.step / plan.stepsPerEpoch + 1, options.epochCount)
        return "epoch \(epoch) of \(options.epochCount)" + String(format: " · loss %.4f", step.loss)
            + String(format: " · waiting %.0f %%", 100 * clock.stall)
    }

    // MARK: The end of an epoch

    private func endEpoch() throws {
        let start = ContinuousClock.now
        let epoch = state.finishedEpochs + 1
        var next = state
        next.finishedEpochs = epoch
        if let score = try learner.judged({ try validate(epoch: epoch) }) {
            guard score.loss.isFinite else { throw diverged("the validation loss is \(score.loss)") }
            try record(
                MetricsLine(
                    epoch: epoch, step: state.step, split: .val, loss: score.loss, auroc: score.auroc,
                    seconds: start.duration(to: .now) / .seconds(1)))
            if next.bestLoss.map({ score.loss < $0 }) ?? true {
                next.bestLoss = score.loss
                next.bestEpoch = epoch
            }
        } else {
            next.bestEpoch = epoch
        }
        if next.bestEpoch == epoch {
            try learner.judged { try store.writeWeights(of: model, state: next, to: store.folder.best) }
        }
        state = next
        try save()
        try store.keep(epoch: epoch, last: options.keepLast)
    }

    private func save() throws {
        try log.synchronise()
        try events.synchronise()
        state.logLength = log.length
        state.eventLength = events.length
        try store.save(learner, state)
    }

    private var partSize: Int { (options.batch + options.accumulate - 1) / options.accumulate }

    private func validate(epoch: Int) throws -> ValidationScore? {
        if configuration.task == .pretrain { try drawReconstructions(epoch: epoch) }
        guard !set.validation.isEmpty else { return nil }
        var loss = 0.0
        var logits: [Float] = []
        try loader.evaluate(set.validation, batch: partSize, workers: workers) { studies, batch in
            if let mask = batch.mask {
                loss += model.reconstruct(batch.input, mask).loss * Double(studies.count)
            } else {
                logits += model.logits(batch.input)
            }
        }
        if configuration.task == .pretrain {
            return ValidationScore(loss: loss / Double(set.validation.count))
        }
        let targets = set.validation.flatMap(\.target)
        return ValidationScore(
            loss: binaryCrossEntropy(logits: logits, targets: targets),
            auroc: meanAUROC(logits: logits, targets: targets, outputs: set.targets.count))
    }

    /// RUN/pictures/epoch-NNNN.png of a few studies, after the first, every n-th and the last epoch.
    private func drawReconstructions(epoch: Int) throws {
        guard options.picturesEvery > 0 else { return }
        guard epoch == 1 || epoch % options.picturesEvery == 0 || epoch == options.epochCount else { return }
        let studies = Array((set.validation.isEmpty ? set.train : set.validation).prefix(3))
        let batch = try loader.load(studies, .evaluation())
        guard let mask = batch.mask else { return }
        let drawing = Reconstructions(model: configuration.model, normalisation: configuration.normalisation)
        let prediction = model.reconstruct(batch.input, mask).prediction
        let picture = drawing.picture(batch.input, mask, prediction: prediction)
        try writeFile(store.folder.picture(epoch: epoch), picture.png())
    }

    private func summary() -> TrainSummary {
        TrainSummary(
            run: options.run, task: configuration.task, model: configuration.model.kind,
            parameters: model.parameterCount, trainStudies: set.train.count,
            validationStudies: set.validation.count, epochs: options.epochCount, steps: totalSteps,
            bestEpoch: state.bestEpoch, bestLoss: state.bestLoss, seconds: clock.seconds,
            studiesPerSecond: Double(clock.studies) / max(clock.learning, 1e-9), stall: clock.stall,
            best: store.folder.best, last: store.folder.last, metrics: store.folder.metrics,
            pictures: configuration.task == .pretrain && options.picturesEvery > 0
                ? store.folder.pictures : nil)
    }
}

/// Where the loop's wall clock goes: learning, of which waiting for data, and the rest.
private struct LoopClock {
    private let start = ContinuousClock.now
    private var stepStart = ContinuousClock.now, waitStart = ContinuousClock.now
    private var stepWait = 0.0, waited = 0.0
    private(set) var learning = 0.0
    private(set) var studies = 0

    private func since(_ instant: ContinuousClock.Instant) -> Double {
        instant.duration(to: .now) / .seconds(1)
    }

    var seconds: Double { since(start) }
    /// Share of the learning time spent waiting for data.
    var stall: Double { learning > 0 ? waited / learning : 0 }

    mutating func restart() {
        stepStart = .now
        waitStart = .now
    }

    mutating func beginWait(ofNextStep: Bool) {
        waitStart = .now
        if ofNextStep { stepStart = waitStart }
    }

    mutating func endWait() { stepWait += since(waitStart) }

    mutating func endStep(studies count: Int) -> (seconds: Double, stall: Double) {
        let seconds = since(stepStart)
        let stall = seconds > 0 ? stepWait / seconds : 0
        learning += seconds
        waited += stepWait
        studies += count
        stepWait = 0
        return (seconds, stall)
    }
}
