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
    /// The pages written.
    public var reports: [String]
}

/// Scores fine-tuned runs on a split of their dataset.
///
/// Writes into each run's folder: `predictions-SPLIT.csv`, `metrics.json`, `codes-SPLIT.csv`, `groups-SPLIT.csv` and
/// `report.html`.
public func evaluate(runs: [String], options: EvaluateOptions) throws -> Evaluation {
    var evaluation = Evaluation(runs: [], models: [], reports: [])
    var contents: [Report] = []
    for run in runs {
        let content = try evaluate(run: run, options)
        let page = "\(run)/report.html"
        try writeFile(page, Array(content.html.utf8))
        evaluation.reports.append(page)
        contents.append(content)
    }
    let scores = contents.flatMap(\.scores)
    evaluation = Evaluation(runs: scores, models: models(of: scores), reports: evaluation.reports)
    if let path = options.report, var all = contents.first {
        all.scores = scores
        all.models = evaluation.models
        if runs.count > 1 { all.title = "\(runs.count) runs on \(scores[0].codes.count) ICD-10 categories" }
        try writeFile(path, Array(all.html.utf8))
        evaluation.reports.append(path)
    }
    return evaluation
}

/// Scores one run and gathers what its page shows.
private func evaluate(run: String, _ options: EvaluateOptions) throws -> Report {
    let folder = RunFolder(run), split = options.split.rawValue
    let predictor = try Predictor(run: run, dataset: options.dataset, threads: options.threads)
    let configuration = predictor.configuration
    let catalog = try Catalog(
        datasetFolder: options.dataset ?? folder.resolve(configuration.dataset), readOnly: true)
    let studies = try catalog.labels(in: options.split).count
    let progress = Progress(
        "evaluate \(URL(fileURLWithPath: run).lastPathComponent)", total: studies, unit: "studies")
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

    var scores = try score(
        predictions, run: URL(fileURLWithPath: run).lastPathComponent, split: split, options: options.scoring)
    scores.addTitles(of: try catalog.targets())
    scores.model = configuration.description
    try writeFile("\(run)/metrics.json", Array((jsonText(scores) + "\n").utf8))
    try writeFile("\(run)/codes-\(split).csv", Array(scores.codesCSV.utf8))
    try writeFile("\(run)/groups-\(split).csv", Array(scores.groupsCSV.utf8))

    var content = Report(title: "\(configuration.modelName) on \(predictor.targets.count) ICD-10 categories")
    content.lead =
        "\(scores.population) of the \(split) split\(options.split == .test ? ", none of whom the model has seen" : "")."
    content.scores = [scores]
    try content.add(catalog, options)
    if let before = pretrainingRun(of: configuration, beside: run) { try content.add(run: before) }
    try content.add(run: run)
    content.settings = configuration.settings
    return content
}

/// Scores the predictions of a csv file, of whatever model.
public func evaluate(predictions path: String, options: EvaluateOptions) throws -> Evaluation {
    let name = URL(fileURLWithPath: path).lastPathComponent
    var scores = try score(Predictions(csv: path), run: name, split: "file", options: options.scoring)
    let catalog = try options.dataset.map { try Catalog(datasetFolder: $0, readOnly: true) }
    try catalog.map { scores.addTitles(of: try $0.targets()) }
    var evaluation = Evaluation(runs: [scores], models: models(of: [scores]), reports: [])
    if let report = options.report {
        var content = Report(title: "Predictions of \(name)")
        content.lead = "\(scores.population)."
        content.scores = [scores]
        try catalog.map { try content.add($0, options) }
        try writeFile(report, Array(content.html.utf8))
        evaluation.reports.append(report)
    }
    return evaluation
}
