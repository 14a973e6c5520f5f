// The loop that does what is missing of an experiment, and sets its table whenever a seed is complete.

import Catalog
import Compute
import EchoCore
import Files
import Foundation
import Models
import Report
import Runs
import Scoring
import StudyData
import Tasks
import Training

/// Does what is missing of an experiment and writes its table into the folder; called again it goes on. The ranks of the place
/// train and predict together, and the first does all else.
///
/// - Parameter say: receives messages for the user
/// - Returns: nil on all ranks but the first
/// - Throws: as `train`
package func runExperiment(
    _ experiment: Experiment, _ options: ExperimentOptions, say: @escaping (String) -> Void
) throws -> ExperimentResult? {
    try options.ranks.together { try options.check(experiment) }
    return try ExperimentRunner(experiment, options, say: say).run()
}

/// One call of an experiment.
struct ExperimentRunner {
    let experiment: Experiment
    let options: ExperimentOptions
    let plans: [ExperimentPlan]
    private let say: (String) -> Void
    private var ranks: any Ranks { options.ranks }

    init(_ experiment: Experiment, _ options: ExperimentOptions, say: @escaping (String) -> Void) {
        self.experiment = experiment
        self.options = options
        self.say = options.ranks.isFirst ? say : { _ in }
        let isShuffled = experiment.presentation == .leakTest
        plans = options.datasets.enumerated().map { index, dataset in
            let runs = options.datasets.count > 1 ? "runs-\(index + 1)" : "runs"
            return ExperimentPlan(
                experiment, options, dataset: isShuffled ? "\(options.folder)/shuffled" : dataset,
                folder: isShuffled ? "\(options.folder)/shuffled-runs" : "\(options.folder)/\(runs)")
        }
    }

    func run() throws -> ExperimentResult? {
        try ranks.first {
            try makeFolder(options.folder)
            for dataset in options.datasets { try check(dataset) }
        }
        if experiment.presentation == .leakTest {
            try alone {
                try shuffleLabels(
                    of: options.datasets[0], into: plans[0].dataset, task: experiment.task,
                    keeping: options.fineTuning.recipe.selection, seed: options.seeds[0])
            }
        }
        let count = plans.reduce(0) { $0 + $1.runs.count }
        var place = 0
        for plan in plans {
            for floor in experiment.floors { try alone { try fit(floor, plan) } }
            for (index, run) in plan.runs.enumerated() {
                place += 1
                if ranks.isFirst { say("[\(place) of \(count)] \(run.name): \(run.state.text)") }
                guard run.arm != nil else {
                    try pretrain(run)
                    continue
                }
                _ = try train(run.options) { say("  \($0)") }
                try predict(run)
                let next = plan.runs[(index + 1)...].first { $0.arm != nil }
                let ends = next?.options.recipe.seed != run.options.recipe.seed
                if ends && place < count { _ = try alone { try outcome().write(to: options.folder) } }
            }
        }
        return try alone {
            var whole = try outcome()
            whole.pretrained = (
                plans[0].runs.filter { $0.arm == nil }.map(\.options.run), plans[0].dataset
            )
            return try whole.write(to: options.folder)
        }
    }

    /// Trains what other processes on the folder may want as well: the first does it, the others wait.
    private func pretrain(_ run: PlannedRun) throws {
        try ranks.first { try makeFolder(run.options.run) }
        var lock: FileLock?, attempts = 0
        // All ranks ask, so that none waits longer for the first than it would for one that is gone.
        while try ranks.sum([lock == nil ? 0 : 1])[0] == 0 {
            try ranks.checkInterruption()
            if attempts == 1 { say("  another process is at it: waiting") }
            if attempts > 0 { usleep(50_000) }
            lock = try ranks.first { try FileLock.take(run.options.run + "/.experiment.lock") } ?? nil
            attempts += 1
        }
        _ = try train(run.options) { say("  \($0)") }
        _ = consume lock
    }

    /// What is written for all runs, by the first rank, and by one process at a time: several may share the folder, each with
    /// its own seeds or models.
    private func alone<Result>(_ body: () throws -> Result) throws -> Result? {
        try ranks.first { try FileLock.holding(options.folder + "/.experiment.lock", body) }
    }

    /// The splits that runs are asked about: the one that is judged, and where thresholds are fitted validation.
    private var askedSplits: [Split] { [options.split] + (options.fitsThreshold ? [.val] : []) }

    /// What would be an error of the table is one before the first run.
    private func check(_ dataset: String) throws {
        let catalog = try Catalog(datasetFolder: dataset, keeping: options.fineTuning.recipe.selection)
        for chosen in catalog.kept { say("\(dataset): \(chosen)") }
        for split in askedSplits {
            if try StudySet.judged(in: split, by: experiment.task, catalog).isEmpty {
                throw EchoError(
                    "--dataset", "has no study with clips and a truth in the split \(split.rawValue)",
                    try: "run echoprep link-icd, perhaps with other shares")
            }
        }
        let targets = Set(
            try experiment.answers == .classes ? experiment.task.heads[0].labels.targets(catalog) : [])
        for (name, codes) in options.scoring.groups {
            if let code = codes.first(where: { !targets.contains($0) }) {
                throw EchoError("--group \(name)", "\(code) is not among the targets of the dataset")
            }
        }
        if let path = options.published { _ = try ResultTable.published(path) }
    }

    /// Asks a run about the splits, unless it has answered since its weights were written.
    private func predict(_ run: PlannedRun) throws {
        let folder = RunFolder(run.options.run)
        // The first rank alone looks, and all learn what it saw.
        let stale = try ranks.sum(
            askedSplits.map { ranks.isFirst && !isFresh(predictions(run, $0), after: folder.best) ? 1 : 0 })
        let splits = zip(askedSplits, stale).filter { $0.1 > 0 }.map(\.0)
        guard !splits.isEmpty else { return }
        let trained = try ranks.together {
            try TrainedModel(
                run: folder.path, dataset: run.options.recipe.dataset, place: run.options.place)
        }
        for split in splits {
            let answers = try trained.predict(split)
            try ranks.first { try Answers.all(answers, of: trained)[0].write(csv: predictions(run, split)) }
        }
    }

    /// Not the file of `evaluate`, which may have asked about more draws or another dataset.
    private func predictions(_ run: PlannedRun, _ split: Split) -> String {
        "\(run.options.run)/experiment-\(split.rawValue).csv"
    }

    /// Fits a floor unless it has been on the same studies, in the same pictures of them.
    private func fit(_ floor: Floor, _ plan: ExperimentPlan) throws {
        let splits = [options.split, .val]
        func path(_ split: Split) -> String { plan.floorFile(floor, experiment.task, split) }
        let folder = URL(fileURLWithPath: path(.val)).deletingLastPathComponent().path
        let studies = try FloorStudies(
            plan.dataset, experiment.task, like: options.fineTuning, on: splits)
        let origin = try studies.origin()
        let note = folder + "/origin.txt"
        let isThere = splits.allSatisfy { FileManager.default.fileExists(atPath: path($0)) }
        guard !isThere || (try? String(contentsOfFile: note, encoding: .utf8)) != origin else { return }
        say("\(floor.title)")
        try makeFolder(folder)
        for (split, answers) in try studies.answers(of: floor) { try answers.write(csv: path(split)) }
        try writeFile(note, Array(origin.utf8))
    }

    // MARK: The outcome

    /// What all runs that have predictions are worth.
    private func outcome() throws -> ExperimentOutcome {
        var contenders: [ExperimentOutcome.Contender] = []
        for arm in experiment.arms {
            let parts = try plans.map { plan in
                try plan.runs(of: arm).compactMap { run in
                    try judged(
                        predictions(run, options.split), val: predictions(run, .val), run.name, arm.title,
                        plan)
                }
            }
            guard parts.contains(where: { !$0.isEmpty }) else { continue }
            contenders.append(.init(arm: arm, block: arm.regime.title, title: arm.model.title, parts: parts))
        }
        for floor in experiment.floors {
            let parts = try plans.map { plan in
                func file(_ split: Split) -> String { plan.floorFile(floor, experiment.task, split) }
                return [try judged(file(options.split), val: file(.val), floor.rawValue, floor.title, plan)]
                    .compactMap(\.self)
            }
            contenders.append(.init(arm: nil, block: "floor", title: floor.title, parts: parts))
        }
        return ExperimentOutcome(
            experiment: experiment, options: options, datasets: plans.map(\.name), contenders: contenders)
    }

    /// The scores of predictions; nil where there are none yet.
    private func judged(
        _ path: String, val: String, _ name: String, _ model: String, _ plan: ExperimentPlan
    ) throws -> ScoredRun? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let answers = try Answers(csv: path)
        var judging = options.scoring
        if options.fitsThreshold, answers.kind == .classes {
            judging.threshold = Threshold(fittedTo: try Answers(csv: val))
        }
        var scored = try score(answers, run: name, split: options.split.rawValue, options: judging)
        scored.scores.model = model
        scored.scores.addTitles(of: try Catalog(datasetFolder: plan.dataset, readOnly: true).targets())
        return scored
    }
}
