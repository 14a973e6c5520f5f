// `echoprep evaluate`: what is judged, how, and where the results go.

import Catalog
public import EchoCore
import Files
import Foundation
import Training

/// What `echoprep evaluate` is asked to do.
public struct EvaluateOptions: Sendable {
    public var scoring = ScoringOptions()
    public var split = Split.test
    /// Choose each code's threshold on the validation split instead.
    public var fitsThreshold = false
    /// Sets of views a study; the logits are their mean.
    public var draws = 1
    /// Threads of the engine; nil for all processors.
    public var threads: Int?
    /// The dataset; nil for the one that a run learned from, or for none where only predictions are given.
    public var dataset: String?
    /// Where the page about all that was given goes; nil for none. Each run has its own besides.
    public var report: String?
    /// Show whole source pictures beside cropped clips, and name clips.
    public var showSource = false, showIDs = false

    public init() {}
}

/// What `echoprep evaluate` found.
public struct Evaluation: Codable, Sendable {
    public let runs: [RunScores]
    /// Runs that differ in their seed alone, together.
    public let models: [ModelScores]
    /// Every pair of models, where all runs judged the same studies.
    public let comparisons: [Comparison]
    /// The pages written.
    public internal(set) var reports: [String] = []

    init(_ runs: [ScoredRun], confidence: Double) {
        self.runs = runs.map(\.scores)
        models = ModelScores.models(of: self.runs)
        comparisons = Comparison.all(runs, models, confidence: confidence)
    }
}

/// Scores fine-tuned runs on a split of their dataset.
///
/// Writes into each run's folder: `predictions-SPLIT.csv`, `metrics.json`, `codes-SPLIT.csv`, `groups-SPLIT.csv` and
/// `report.html`.
///
/// - Parameter folders: of runs, or of the runs of several seeds
public func evaluate(runs folders: [String], options: EvaluateOptions) throws -> Evaluation {
    let runs = folders.flatMap(RunFolder.runs)
    var pages: [String] = [], contents: [Report] = []
    for (run, name) in zip(runs, names(of: runs)) {
        let content = try evaluate(run: run, name, options)
        pages.append("\(run)/report.html")
        try writeFile("\(run)/report.html", Array(content.html.utf8))
        contents.append(content)
    }
    var evaluation = Evaluation(contents.flatMap(\.runs), confidence: options.scoring.confidence)
    evaluation.reports = pages
    if let path = options.report {
        try writeReport(path, &evaluation, of: contents)
    }
    return evaluation
}

/// Scores the predictions of csv files, of whatever models.
public func evaluate(predictions paths: [String], options: EvaluateOptions) throws -> Evaluation {
    let catalog = try options.dataset.map { try Catalog(datasetFolder: $0, readOnly: true) }
    let contents = try zip(paths, names(of: paths)).map { path, name in
        var run = try score(Predictions(csv: path), run: name, split: "file", options: options.scoring)
        try catalog.map { run.scores.addTitles(of: try $0.targets()) }
        var content = Report(title: "Predictions of \(name)")
        content.lead = "\(run.scores.population)."
        content.runs = [run]
        return content
    }
    var evaluation = Evaluation(contents.flatMap(\.runs), confidence: options.scoring.confidence)
    if let path = options.report {
        var contents = contents
        try catalog.map { try contents[0].add($0, options) }
        try writeReport(path, &evaluation, of: contents)
    }
    return evaluation
}

/// What files and folders are called: the last part of their paths, or as given where two share that.
private func names(of paths: [String]) -> [String] {
    let last = paths.map { URL(fileURLWithPath: $0).lastPathComponent }
    return Set(last).count == paths.count ? last : paths
}

/// Writes the page about all runs: the first one's, and where there are more, all in comparison.
private func writeReport(_ path: String, _ evaluation: inout Evaluation, of contents: [Report]) throws {
    var all = contents[0]
    if contents.count > 1 {
        all.title = "\(contents.count) runs in comparison"
        all.runs = contents.flatMap(\.runs)
        all.models = evaluation.models
        all.comparisons = evaluation.comparisons
    }
    try writeFile(path, Array(all.html.utf8))
    evaluation.reports.append(path)
}

/// Scores one run and gathers what its page shows.
private func evaluate(run: String, _ name: String, _ options: EvaluateOptions) throws -> Report {
    let folder = RunFolder(run), split = options.split.rawValue
    let predictor = try Predictor(run: run, dataset: options.dataset, threads: options.threads)
    let configuration = predictor.configuration
    let catalog = try Catalog(
        datasetFolder: options.dataset ?? folder.resolve(configuration.dataset), readOnly: true)
    let progress = Progress(
        "evaluate \(name)", total: try catalog.labels(in: options.split).count, unit: "studies")
    let predictions = Predictions(
        try predictor.predict(options.split, draws: options.draws, progress: progress),
        codes: predictor.targets)
    guard predictions.studies > 0 else {
        throw EchoError(
            "--split \(split)", "the dataset has no labelled study with clips in it",
            try: "run echoprep link-icd with other shares, or name another split")
    }
    progress.finish(predictions.studies)
    try predictions.write(csv: "\(run)/predictions-\(split).csv")

    var scoring = options.scoring
    if options.fitsThreshold {
        let chosen = try predictor.predict(.val, draws: options.draws)
        scoring.threshold = Threshold(fittedTo: Predictions(chosen, codes: predictor.targets))
    }
    var scored = try score(predictions, run: name, split: split, options: scoring)
    scored.scores.addTitles(of: try catalog.targets())
    scored.scores.model = configuration.description
    try writeFile("\(run)/metrics.json", Array((jsonText(scored.scores) + "\n").utf8))
    try writeFile("\(run)/codes-\(split).csv", Array(scored.scores.codesCSV.utf8))
    try writeFile("\(run)/groups-\(split).csv", Array(scored.scores.groupsCSV.utf8))

    var content = Report(title: "\(configuration.modelName) on \(predictor.targets.count) ICD-10 categories")
    let unseen = options.split == .test ? ", none of whom the model has seen" : ""
    content.lead = "\(scored.scores.population) of the \(split) split\(unseen)."
    content.runs = [scored]
    try content.add(catalog, options)
    if let before = pretrainingRun(of: configuration, beside: run) { try content.add(run: before) }
    try content.add(run: run)
    content.settings = configuration.settings
    return content
}
