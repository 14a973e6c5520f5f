// `echoprep evaluate`: how good a model is.

import ArgumentParser
import Compute
package import EchoCore
import Evaluation
import Foundation
import Runs
import Scoring

extension Split: ExpressibleByArgument {}

/// A number from 0 to 1, or "fit".
private enum ThresholdChoice: Equatable, ExpressibleByArgument {
    case at(Double)
    case fit

    init?(argument: String) {
        if argument == "fit" {
            self = .fit
        } else if let value = Double(argument), (0...1).contains(value) {
            self = .at(value)
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { if case .at(let value) = self { "\(value)" } else { "fit" } }
}

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Says how good a model is on studies of subjects it never saw.",
        discussion: """
            Intervals are percentiles of a Bayesian bootstrap: subjects are weighted anew, each with all its studies. \
            AUROC, average precision, F1 and Brier score are defined as in scikit-learn.

            Examples:
              echoprep evaluate runs/icd
              echoprep evaluate runs/icd-1 runs/icd-2 --threshold fit --report icd.html
              echoprep evaluate --predictions answers.csv
            """)

    @Argument(
        help: "Folders of fine-tuned runs; several are compared, with mean ± std over seeds.",
        completion: .directory)
    var runs: [String] = []

    @Option(
        help:
            "Instead of runs, a csv of any model (study_id, subject_id, code, label, probability); may be repeated."
    )
    var predictions: [String] = []

    @Option(help: "The split whose studies are judged.")
    var split = Split.test

    @Option(help: "Sets of views a study that the model looks at; its answers are averaged.")
    var draws = 1

    @OptionGroup(title: "Intervals and averages") var judging: IntervalOptions
    @OptionGroup(title: "The page") var page: PageOptions
    @OptionGroup(title: "Where it computes") var place: PlaceOptions

    @Option(help: "Count a probability of at least this as positive; fit: each code's best on validation.")
    private var threshold = ThresholdChoice.at(0.5)

    @Option(help: "The dataset (default: the one that the run learned from).", path: .folder)
    var dataset: String?

    @Option(
        name: .customLong("where"),
        help:
            "Judge only studies for which this is true, SQL over v_study (default: as the run's were chosen)."
    )
    var cohort: String?
    @Option(help: "Leave out what people excluded: consensus, none, or a rater's name (default: the run's).")
    var decisions: String?

    @Option(help: "Judge only by clips of these views, as A4C,PLAX, or all (default: the run's).")
    var views: ViewChoice?

    @Option(
        help:
            "Write to this folder what may be shown to outsiders: no ids, names, pictures or counts below 10.",
        completion: .directory)
    var share: String?

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func validate() throws {
        guard threshold != .fit || predictions.isEmpty else {
            throw ValidationError(
                "--threshold fit needs a run, which can be asked about the validation split")
        }
        try checkFit(threshold == .fit, split)
        guard cohort == nil || predictions.isEmpty else {
            throw ValidationError("--where needs a run: studies of a file are chosen before it is written")
        }
        guard views == nil || predictions.isEmpty else {
            throw ValidationError("--views needs a run: a file has its answers already")
        }
        guard views?.count == nil || views == ViewChoice(count: .max, names: []) else {
            throw ValidationError("--views are names of views, or all: a run looks at as many as it took")
        }
        guard runs.isEmpty != predictions.isEmpty else {
            throw ValidationError("name the folders of runs, or --predictions")
        }
        _ = try codeGroups(judging.group)
    }

    func run() throws {
        try withRanks { ranks in
            let options = try ranks.together { try self.options(ranks) }
            let evaluation =
                runs.isEmpty
                ? try ranks.first { try evaluate(predictions: predictions, options: options) }
                : try evaluate(runs: runs, options: options)
            guard let evaluation else { return }
            for line in evaluation.notes + evaluation.warnings.map({ "warning: \($0)" }) {
                tell("\(line)")
            }
            try show(json ? jsonText(evaluation) : evaluation.text)
            for page in evaluation.reports where !json { try show("report: \(page)") }
            if let folder = evaluation.shared, !json { try show("to share: \(folder)") }
            if runs.count == 1 { tellNext("export", "model", runs[0], "OUT") }
        }
    }

    private func options(_ ranks: any Ranks) throws -> EvaluateOptions {
        var options = EvaluateOptions(place: try place.place(ranks: ranks))
        switch threshold {
        case .fit: options.fitsThreshold = true
        case .at(let value): options.scoring.threshold = .fixed(value)
        }
        options.scoring.bootstrap = judging.bootstrap
        options.scoring.confidence = judging.confidence
        options.scoring.seed = judging.seed
        options.scoring.groups = try codeGroups(judging.group)
        options.split = split
        options.draws = draws
        options.dataset = dataset
        options.cohort = cohort
        options.decisions = decisions
        options.views = views?.names
        options.report = page.report
        options.showSource = page.showSource
        options.showIDs = page.showIds
        options.share = share
        return options
    }
}

/// Thresholds are not fitted to the studies that they are judged on.
func checkFit(_ fitsThreshold: Bool, _ split: Split) throws {
    guard !fitsThreshold || split != .val else {
        throw ValidationError("thresholds are fitted on val: with them, --split is another")
    }
}
