// `--probe-grid`: heads of several learning rates and weight decays, trained side by side on what a frozen encoder says.

import Catalog
import Compute
import EchoCore
import Files
import Foundation
import Models
import Runs
import StudyData
import Tasks

/// Trains a head for each point of a grid in one pass; the best on validation becomes the run's.
final class ProbeTrainer {
    private let options: TrainOptions
    private let configuration: RunConfiguration
    private let set: StudySet
    private let shards: ShardPool
    private let learner: Learner
    private let store: CheckpointStore
    private var state: RunState
    private let say: (String) -> Void
    private let points: [ProbeGrid.Point]
    private let plan: BatchPlan
    private let start = ContinuousClock.now

    /// A head in the making.
    private struct Candidate {
        let optimiser: AdamW
        let schedule: Schedule
        /// Of each epoch the mean loss, and what validation found.
        var losses: [Double] = [], scores: [ValidationScore] = []
        var bestEpoch = 0, best = Double.infinity
    }

    init(
        options: TrainOptions, configuration: RunConfiguration, set: StudySet, shards: ShardPool,
        learner: Learner, store: CheckpointStore, state: RunState, grid: ProbeGrid,
        say: @escaping (String) -> Void
    ) {
        self.options = options
        self.configuration = configuration
        self.set = set
        self.shards = shards
        self.learner = learner
        self.store = store
        self.state = state
        self.say = say
        points = grid.points
        plan = BatchPlan(
            studies: set.train.count, batch: configuration.recipe.batch, accumulate: 1,
            seed: configuration.recipe.seed)
    }

    private var recipe: Recipe { configuration.recipe }
    private var steps: Int { recipe.epochCount * plan.stepsPerEpoch }

    func run() throws -> TrainSummary {
        guard !set.validation.isEmpty else {
            throw EchoError(
                "--probe-grid", "there is no \(set.unit.rawValue) in the split val to choose by",
                try: "give the dataset such a split, or train with --lr and --weight-decay")
        }
        if state.step < steps { try learn() }
        return summary()
    }

    private func learn() throws {
        let features = try HeadFeatureFile(
            configuration, learner, set, shards: shards, in: store.folder, batch: recipe.batch,
            workers: BatchLoader.workers(threads: options.place.threadCount), say: say)
        let model = several(of: learner.model)
        var candidates = points.enumerated().map { place, point in
            let optimiser = AdamW(model, head: place)
            optimiser.weightDecay = point.weightDecay
            optimiser.factors.clip = recipe.clip
            return Candidate(
                optimiser: optimiser,
                schedule: Schedule(
                    peak: point.learningRate, warmup: recipe.warmupCount * plan.stepsPerEpoch, total: steps))
        }
        let learned = configuration.heads[0], answers = configuration.task.heads[0].answers
        let loss = HeadLoss(answers.loss, positiveWeights: learned.positiveWeights)
        say(
            "\(grouped(points.count)) heads on \(set.unit.text(set.train.count)), \(grouped(steps)) steps of \(recipe.batch)"
        )
        let progress = Progress("heads", total: steps, unit: "steps")
        var weights: (point: Int, values: [[Float]])?
        for epoch in 0..<recipe.epochCount {
            let sums = points.map { _ in model.engine.zero() }
            for place in 0..<plan.partsPerEpoch {
                try Interruption.check()
                let step = epoch * plan.partsPerEpoch + place
                let studies = plan.studies(of: plan.part(step)).map { set.train[$0] }
                model.headStep(
                    try features.features(of: studies), targets: studies.flatMap(\.target), loss,
                    addingTo: sums)
                for (candidate, sum) in zip(candidates, sums) {
                    _ = candidate.optimiser.step(
                        learningRate: candidate.schedule.rate(after: step), sound: [sum])
                }
                progress.update(step + 1)
            }
            let outputs = try validate(model, features)
            for place in points.indices {
                let score = answers.score(
                    outputs: outputs[place], targets: set.validation.flatMap(\.target),
                    count: learned.targets.count, scale: learned.scale,
                    positiveWeights: learned.positiveWeights)
                candidates[place].losses.append(
                    model.engine.sums(sums[place])[0] / Double(plan.partsPerEpoch))
                candidates[place].scores.append(score)
                guard score.criterion < candidates[place].best else { continue }
                (candidates[place].best, candidates[place].bestEpoch) = (score.criterion, epoch + 1)
                if candidates.allSatisfy({ score.criterion <= $0.best }) {
                    weights = (place, head(place, of: model))
                }
            }
        }
        progress.finish(steps)
        guard let weights else {
            throw EchoError(
                "--probe-grid", "no head has a finite validation loss", try: "lower learning rates")
        }
        try finish(candidates, weights)
    }

    /// The model with a head for each point, all of which begin as the model's own.
    private func several(of model: EchoModel) -> EchoModel {
        var shape = configuration.model
        shape.headOutputs = points.map { _ in shape.outputs }
        shape.outputs *= points.count
        let several = EchoModel(shape, engine: model.engine, seed: recipe.seed)
        for (name, _) in headParameters {
            for place in points.indices { several.write(named(name, place), model.read(name)) }
        }
        return several
    }

    private var headParameters: [(name: String, shape: [Int])] {
        learner.model.parameters.filter { $0.name.hasPrefix("head.") }
    }

    /// "head.fc1.weight" as that of one of several.
    private func named(_ name: String, _ place: Int) -> String { "head.\(place)." + name.dropFirst(5) }

    private func head(_ place: Int, of several: EchoModel) -> [[Float]] {
        headParameters.map { several.read(named($0.name, place)) }
    }

    /// What each head says of the validation split.
    private func validate(_ model: EchoModel, _ features: HeadFeatureFile) throws -> [[Float]] {
        var outputs: [[Float]] = points.map { _ in [] }
        for first in stride(from: 0, to: set.validation.count, by: recipe.batch) {
            let studies = Array(set.validation[first..<min(first + recipe.batch, set.validation.count)])
            for (place, found) in model.outputs(of: try features.features(of: studies)).enumerated() {
                outputs[place] += found
            }
        }
        return outputs
    }

    /// Makes the best head the run's, and writes what became of all of them.
    private func finish(_ candidates: [Candidate], _ best: (point: Int, values: [[Float]])) throws {
        for ((name, _), values) in zip(headParameters, best.values) { learner.model.write(name, values) }
        let chosen = candidates[best.point],
            history = try RunHistory(store.folder, keeping: RunState(), say: say)
        for epoch in 1...recipe.epochCount {
            let step = epoch * plan.stepsPerEpoch
            var train = MetricsLine(
                epoch: epoch, step: step, split: .train, loss: chosen.losses[epoch - 1], seconds: 0)
            train.lr = chosen.schedule.rate(after: step - 1)
            try history.append(train)
            let score = chosen.scores[epoch - 1]
            var line = MetricsLine(epoch: epoch, step: step, split: .val, loss: score.loss, seconds: 0)
            line.add(score, of: configuration.task)
            try history.append(line)
        }
        state.step = steps
        state.finishedEpochs = recipe.epochCount
        (state.bestEpoch, state.bestLoss) = (chosen.bestEpoch, chosen.best)
        state.probe = points[best.point]
        let rows = zip(points, candidates).map { point, found in
            "\(point.learningRate),\(point.weightDecay),\(found.bestEpoch),\(found.best)\n"
        }
        try writeFile(
            store.folder.probes, Array(("lr,weight_decay,best_epoch,criterion\n" + rows.joined()).utf8))
        try store.writeWeights(of: learner.model, state: state, to: store.folder.best)
        try history.synchronise(&state)
        try store.save(learner, state)
    }

    private func summary() -> TrainSummary {
        let seconds = start.duration(to: .now) / .seconds(1)
        return TrainSummary(
            run: options.run, task: configuration.task, model: configuration.model.kind,
            parameters: learner.model.parameterCount, trainStudies: set.train.count,
            validationStudies: set.validation.count, epochs: recipe.epochCount, steps: steps,
            bestEpoch: state.bestEpoch, bestLoss: state.bestLoss, bestHeads: nil, probe: state.probe,
            seconds: seconds, studiesPerSecond: 0, stall: 0, gflops: nil, products: nil,
            best: store.folder.best, last: store.folder.last, metrics: store.folder.metrics, pictures: nil)
    }
}
