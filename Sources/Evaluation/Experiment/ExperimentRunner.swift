// The loop that does what is missing of an experiment, and sets its table whenever a seed is complete.

import Catalog
import EchoCore
import Files
import Foundation
import Models
import Training

/// A run of an experiment, and how far it is.
public struct ExperimentStep: Codable, Sendable {
    public let run: String
    public let state: String
}

/// The runs of an experiment in their order, without doing any.
public func planExperiment(_ experiment: Experiment, _ options: ExperimentOptions) throws -> [ExperimentStep]
{
    try options.check(experiment)
    return ExperimentRunner(experiment, options) { _ in }.plans.flatMap(\.runs)
        .map { ExperimentStep(run: $0.options.run, state: $0.state.text) }
}

/// Does what is missing of an experiment and writes its table into the folder; called again it goes on.
///
/// - Parameter say: receives messages for the user
/// - Throws: `EchoError`; `Interrupted` after the state is saved
public func runExperiment(
    _ experiment: Experiment, _ options: ExperimentOptions, say: @escaping (String) -> Void
) throws -> ExperimentResult {
    try options.check(experiment)
    return try ExperimentRunner(experiment, options, say: say).run()
}

/// One call of an experiment.
struct ExperimentRunner {
    let experiment: Experiment
    let options: ExperimentOptions
    let plans: [ExperimentPlan]
    private let say: (String) -> Void

    init(_ experiment: Experiment, _ options: ExperimentOptions, say: @escaping (String) -> Void) {
        self.experiment = experiment
        self.options = options
        self.say = say
        let isShuffled = experiment.presentation == .leakTest
        plans = options.datasets.enumerated().map { index, dataset in
            let runs = options.datasets.count > 1 ? "runs-\(index + 1)" : "runs"
            return ExperimentPlan(
                experiment, options, dataset: isShuffled ? "\(options.folder)/shuffled" : dataset,
                folder: isShuffled ? "\(options.folder)/shuffled-runs" : "\(options.folder)/\(runs)")
        }
    }

    func run() throws -> ExperimentResult {
        try makeFolder(options.folder)
        if experiment.presentation == .leakTest, !FileManager.default.fileExists(atPath: plans[0].dataset) {
            try shuffleLabels(of: options.datasets[0], into: plans[0].dataset, seed: options.seeds[0])
        }
        let count = plans.reduce(0) { $0 + $1.runs.count }
        var place = 0
        for plan in plans {
            for floor in experiment.floors { try fit(floor, plan) }
            for (index, run) in plan.runs.enumerated() {
                place += 1
                say("[\(place) of \(count)] \(run.name): \(run.state.text)")
                _ = try train(run.options) { say("  \($0)") }
                guard run.arm != nil else { continue }
                try predict(run)
                let ends =
                    index + 1 == plan.runs.count || plan.runs[index + 1].options.seed != run.options.seed
                if ends && place < count { _ = try outcome().write(to: options.folder) }
            }
        }
        return try outcome().write(to: options.folder)
    }

    /// Asks a run about the split, and where thresholds are fitted about validation.
    private func predict(_ run: PlannedRun) throws {
        for split in [options.split] + (options.fitsThreshold ? [.val] : []) {
            let path = predictions(run, split), folder = RunFolder(run.options.run)
            guard !isFresh(path, after: folder.best) else { continue }
            let predictor = try Predictor(
                run: folder.path, dataset: run.options.dataset, threads: run.options.threads)
            try Predictions(predictor.predict(split), codes: predictor.targets).write(csv: path)
        }
    }

    private func predictions(_ run: PlannedRun, _ split: Split) -> String {
        "\(run.options.run)/predictions-\(split.rawValue).csv"
    }

    private func fit(_ floor: Floor, _ plan: ExperimentPlan) throws {
        guard !FileManager.default.fileExists(atPath: plan.floorFile(floor, options.split)) else { return }
        say("\(floor.title)")
        for (split, answers) in try fitFloor(
            plan.dataset, like: options.fineTuning, on: [options.split, .val])
        {
            let path = plan.floorFile(floor, split)
            try makeFolder(URL(fileURLWithPath: path).deletingLastPathComponent().path)
            try answers.write(csv: path)
        }
    }

    // MARK: The outcome

    /// What all runs that have predictions are worth.
    private func outcome() throws -> ExperimentOutcome {
        let plan = plans[0]
        let titles = try Catalog(datasetFolder: plan.dataset, readOnly: true).targets()
        var contenders: [ExperimentOutcome.Contender] = []
        for arm in experiment.arms {
            let runs = plan.runs(of: arm).filter {
                FileManager.default.fileExists(atPath: predictions($0, options.split))
            }
            guard !runs.isEmpty else { continue }
            let scored = try runs.map { run in
                try scoring(
                    predictions(run, options.split), val: predictions(run, .val), run.name, arm.title, titles)
            }
            contenders.append(.init(arm: arm, block: arm.regime.title, title: arm.model.title, runs: scored))
        }
        for floor in experiment.floors {
            let scored = try scoring(
                plan.floorFile(floor, options.split), val: plan.floorFile(floor, .val), floor.rawValue,
                floor.title, titles)
            contenders.append(.init(arm: nil, block: "floor", title: floor.title, runs: [scored]))
        }
        return ExperimentOutcome(experiment: experiment, options: options, contenders: contenders)
    }

    private func scoring(_ path: String, val: String, _ name: String, _ model: String, _ titles: [Target])
        throws
        -> ScoredRun
    {
        var judging = options.scoring
        if options.fitsThreshold { judging.threshold = Threshold(fittedTo: try Predictions(csv: val)) }
        var scored = try score(
            Predictions(csv: path), run: name, split: options.split.rawValue, options: judging)
        scored.scores.model = model
        scored.scores.addTitles(of: titles)
        return scored
    }
}
