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
            """)

    @Argument(help: "Which: \(Experiment.all.map(\.name).joined(separator: ", ")).") var name: String
    @Option(help: "The dataset folder; for table2 as many as are wanted.", completion: .directory)
    var dataset: [String]
    @Option(help: "The folder of runs and results.", completion: .directory) var out: String
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
    @Option(help: "Epochs of pre-training.") var pretrainEpochs: Int?
    @Option(help: "Learning rate of pre-training.") var pretrainLr = 1e-4
    @Option(help: "Epochs of fine-tuning (default: the paper's).") var epochs: Int?
    @Option(help: "Learning rate of fine-tuning.") var lr = 1e-4
    @Option(help: "Epochs of frozen lines (default: --epochs).") var frozenEpochs: Int?
    @Option(help: "Learning rate of frozen lines (default: --lr).") var frozenLr: Double?

    @Option(help: "The split whose studies are judged.") var split = Split.test
    @Flag(help: "Each code's threshold is its best on validation instead of 0.5.") var fitThreshold = false
    @Option(help: "A macro average over some of the codes, as shown=I50,I11; may be repeated.")
    var group: [String] = []
    @Option(help: "How often subjects are resampled for the intervals; 0 for none.") var bootstrap = 1000
    @Option(help: "The percentage that intervals cover.") var confidence = 95.0
    @Option(help: "A csv of published figures (row, column, value) to stand beside ours.") var published:
        String?
    @Flag(help: "Only list the runs and how far each is.") var dryRun = false
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var configuration: ConfigurationOptions

    func validate() throws {
        try checkFit(fitThreshold, split)
        _ = try codeGroups(group)
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
            let steps = try planExperiment(experiment, options(Alone()))
            show(json ? try jsonText(steps) : steps.map { "\($0.run): \($0.state)" }.joined(separator: "\n"))
            return
        }
        var passed = true
        try withRanks { ranks in
            let options = try ranks.together { try self.options(ranks) }
            let result = try runExperiment(experiment, options) { message in
                tell(message)
            }
            guard let result else { return }
            show(json ? try jsonText(result) : result.text)
            passed = result.passed
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
            pretrainEpochs, pretrainLr
        )
        options.frozen = options.fineTuning
        options.frozen.recipe.epochs = frozenEpochs ?? epochs
        options.frozen.recipe.learningRate = frozenLr ?? lr
        options.split = split
        options.fitsThreshold = fitThreshold
        options.scoring.groups = try codeGroups(group)
        options.scoring.bootstrap = bootstrap
        options.scoring.confidence = confidence
        options.published = published
        return options
    }

    private func list<Item>(_ text: String, _ option: String, _ item: (String) -> Item?) throws -> [Item] {
        try text.split(separator: ",").map { part in
            guard let found = item(String(part)) else {
                throw ValidationError("\(option): \(part) is none")
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
