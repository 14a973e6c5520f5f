// `echoprep experiment`: the paper's tables and figures, each by one line.

import ArgumentParser
import Compute
import EchoCore
import Evaluation
import Experiments
import Foundation
import Models
import Runs
import Scoring
import Training

struct ExperimentCommand: ConfigurableCommand {
    static let configuration = CommandConfiguration(
        commandName: "experiment",
        abstract: "Does a declared experiment: trains what is missing, and writes its table.",
        discussion: """
            table1: four models on ICD-10 categories, in full, frozen and from scratch, with a linear floor. \
            table2: the same on the ejection fraction, for each --dataset. \
            figure2, figure3: AUROC and F1 of each code. heads: the head's hidden layer left out. leak: labels \
            shuffled among subjects, which nothing may predict. Experiments in one folder share their runs; killed, the same command goes on.

            Examples:
              echoprep experiment table1 --dataset dataset --out paper --dry-run
              echoprep experiment table1 --dataset dataset --out paper --preset tiny
            """)

    @Argument(help: "Which: \(Experiment.all.map(\.name).joined(separator: ", ")).") var name: String
    @Option(help: "The dataset folder; for table2 as many as are wanted.", path: .folder)
    var dataset: [String]
    @Option(help: "The folder of runs and results.", path: .folder) var out: String
    @Option(
        name: .customLong("where"),
        help: "Learn from and judge only studies for which this is true, SQL over v_study.")
    var cohort: String?
    @Option(help: "Leave out what people excluded: consensus, or a rater's name.") var decisions: String?
    @Option(help: "Pre-train on this dataset instead.") var pretrainOn: String?
    @Option(help: "Seeds, each a run of every line.") var seeds = "1,2,3"
    @Option(help: "The kinds of models, as lamae,mae (default: all four).") var models: String?
    @Option(help: "How they learn, of full, frozen, scratch and linear (default: all).") var regimes: String?

    @Option(help: "The models' size.") var preset = Preset.paper
    @OptionGroup var step: StepOptions
    @OptionGroup(title: "Where it computes") var place: PlaceOptions

    @OptionGroup(title: "How the models learn") var learning: GridLearningOptions
    @OptionGroup(title: "How they are judged") var judging: GridJudgingOptions
    @Flag(help: "Check all, train nothing, and say what each run would take, by a measured step.")
    var dryRun = false
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var configuration: ConfigurationOptions
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func validate() throws {
        try checkFit(judging.fitThreshold, judging.split)
        _ = try codeGroups(judging.group)
    }

    func run() throws {
        guard let experiment = Experiment.all.first(where: { $0.name == name }) else {
            let names = Experiment.all.map(\.name).joined(separator: ", ")
            throw EchoError(
                "experiment \(brief(name))", "is not declared",
                try: DeclaredOption.nearest(to: name, among: Experiment.all.map(\.name)) ?? "one of \(names)",
                isUsage: true)
        }
        if dryRun {
            let forecast = try ExperimentForecast(experiment, options(Alone())) { tell($0) }
            return try show(json ? jsonText(forecast) : forecast.text)
        }
        var passed = true
        try withRanks { ranks in
            let options = try ranks.together { try self.options(ranks) }
            let result = try runExperiment(experiment, options) { message in
                tell(message)
            }
            guard let result else { return }
            try show(json ? jsonText(result) : result.text)
            passed = result.passed
            tell("next: look at \(out)/\(name).html")
        }
        if !passed { throw ExitCode.failure }
    }

    private func options(_ ranks: any Ranks) throws -> ExperimentOptions {
        var options = ExperimentOptions(datasets: dataset, folder: out, place: try place.place(ranks: ranks))
        options.pretrainingDataset = pretrainOn
        options.seeds = try list(seeds, "--seeds", UInt64.init)
        if let models { options.models = try list(models, "--models", ModelKind.init) }
        if let regimes { options.regimes = try list(regimes, "--regimes", Arm.Regime.init) }
        // The options that experiments share with `train`.
        var given = try EffectiveOptions(self).object()
        given["dataset"] = nil
        options.fineTuning.recipe = try Recipe(given)
        options.pretraining.recipe = options.fineTuning.recipe
        (options.pretraining.recipe.epochs, options.pretraining.recipe.learningRate) = (
            learning.pretrainEpochs, learning.pretrainLr
        )
        options.frozen = options.fineTuning
        options.frozen.recipe.epochs = learning.frozenEpochs ?? learning.epochs
        options.frozen.recipe.learningRate = learning.frozenLr ?? learning.lr
        options.split = judging.split
        options.fitsThreshold = judging.fitThreshold
        options.scoring.groups = try codeGroups(judging.group)
        options.scoring.bootstrap = judging.bootstrap
        options.scoring.confidence = judging.confidence
        options.published = judging.published
        return options
    }

    private func list<Item>(_ text: String, _ option: String, _ item: (String) -> Item?) throws -> [Item] {
        try text.split(separator: ",").map { part in
            guard let found = item(String(part)) else {
                throw EchoError(
                    "\(option): \(brief(String(part)))", "is none of those there are",
                    try: "echoprep experiment --help names them", isUsage: true)
            }
            return found
        }
    }
}

/// Groups of codes as options name them: "shown=I50,I11".
func codeGroups(_ texts: [String]) throws -> [(name: String, codes: [String])] {
    try texts.map { text in
        let parts = text.split(separator: "=", maxSplits: 1)
        let codes = parts.last?.split(separator: ",").map(String.init) ?? []
        guard parts.count == 2, !codes.isEmpty else {
            throw ValidationError("--group is NAME=CODE,CODE,…, as shown=I50,I11")
        }
        return (String(parts[0]), codes)
    }
}
