// `echoprep evaluate`: what is judged, how, and where the results go.

import Catalog
public import Compute
public import EchoCore
import Files
import Foundation
import Runs
import Training

/// What `echoprep evaluate` is asked to do.
public struct EvaluateOptions: Sendable {
    public var scoring = ScoringOptions()
    public var split = Split.test
    /// Choose each code's threshold on the validation split instead.
    public var fitsThreshold = false
    /// Sets of views a study; the logits are their mean.
    public var draws = 1
    /// Where models compute, whatever they learned on.
    public var place: Place
    /// The dataset; nil for the one that a run learned from, or for none where only predictions are given.
    public var dataset: String?
    /// Where the page about all that was given goes; nil for none. Each run has its own besides.
    public var report: String?
    /// Show whole source pictures beside cropped clips, and name clips.
    public var showSource = false, showIDs = false

    public init(place: Place) { self.place = place }
}

/// What `echoprep evaluate` found: scores of probabilities, or of measurements of one quantity.
public struct Evaluation: Codable, Sendable {
    public let runs: [RunScores]
    /// Runs that differ in their seed alone, together.
    public let models: [ModelScores]
    public let measurements: [MeasurementScores]
    public let measuredModels: [MeasuredModel]
    /// Every pair of models, where all runs judged the same studies.
    public let comparisons: [Comparison]
    /// What makes a run's numbers worth less, a sentence each.
    public let warnings: [String]
    /// The pages written.
    public internal(set) var reports: [String] = []

    init(_ contents: [Report], confidence: Double) throws(EchoError) {
        let scored = contents.flatMap(\.runs), measured = contents.flatMap(\.measured)
        guard scored.isEmpty || measured.isEmpty else {
            throw EchoError(
                "evaluate", "probabilities of codes and measurements cannot be compared",
                try: "give them in two calls")
        }
        guard Set(measured.map(\.scores.quantity)).count < 2 else {
            throw EchoError("evaluate", "measurements of different quantities cannot be compared")
        }
        warnings = contents.flatMap(\.warnings)
        runs = scored.map(\.scores)
        models = ModelScores.models(of: runs)
        measurements = measured.map(\.scores)
        measuredModels = measured.models
        comparisons =
            Comparison.all(scored, models, confidence: confidence)
            + measured.comparisons(confidence: confidence)
    }
}

/// Scores fine-tuned runs on a split of their dataset.
///
/// Writes into each run's `evaluation/SPLIT/`: `predictions.csv`, `metrics.json`, `report.html`, and `codes.csv` and
/// `groups.csv`, or `errors.csv` of a measured quantity. The run's own `report.html` leads to the last page written.
///
/// - Parameter folders: of runs, or of the runs of several seeds
public func evaluate(runs folders: [String], options: EvaluateOptions) throws -> Evaluation {
    let runs = folders.flatMap(RunFolder.runs)
    var pages: [String] = [], contents: [Report] = []
    let names = names(of: runs)
    for (run, (name, model)) in zip(runs, zip(names, try models(of: runs, called: names))) {
        let (content, folder) = try report(on: run, name, as: model, options)
        try folder.write(page: content.html)
        pages.append(folder.page)
        contents.append(content)
    }
    var evaluation = try Evaluation(contents, confidence: options.scoring.confidence)
    evaluation.reports = pages
    if let path = options.report { try writeReport(path, &evaluation, of: contents) }
    return evaluation
}

/// Scores the predictions of csv files, of whatever models.
public func evaluate(predictions paths: [String], options: EvaluateOptions) throws -> Evaluation {
    let catalog = try options.dataset.map { try Catalog(datasetFolder: $0, readOnly: true) }
    let contents = try zip(paths, names(of: paths)).map { path, name in
        var content = Report(title: "Predictions of \(name)")
        if try Measurements.areIn(csv: path) {
            let run = try score(Measurements(csv: path), run: name, split: "file", options: options.scoring)
            content.lead = "\(run.scores.population)."
            content.measured = [run]
        } else {
            var run = try score(Predictions(csv: path), run: name, split: "file", options: options.scoring)
            try catalog.map { run.scores.addTitles(of: try $0.targets()) }
            content.lead = "\(run.scores.population)."
            content.runs = [run]
        }
        return content
    }
    var evaluation = try Evaluation(contents, confidence: options.scoring.confidence)
    if let path = options.report {
        var contents = contents
        try catalog.map { try contents[0].add($0, options) }
        try writeReport(path, &evaluation, of: contents)
    }
    return evaluation
}

/// The model that each run is one of: runs of one name differ in their seed alone, in that of their pre-training too.
///
/// - Parameter names: what the runs are called; the first of a model tells it from others of the same kind
private func models(of runs: [String], called names: [String]) throws(EchoError) -> [String] {
    var kinds: [(description: String, key: RunConfiguration, name: String)] = []
    var found: [Int] = []
    for (run, name) in zip(runs, names) {
        let configuration = try RunConfiguration(run: run)
        let key = configuration.withoutSeeds
        if let known = kinds.firstIndex(where: { $0.key == key }) {
            found.append(known)
        } else {
            found.append(kinds.count)
            kinds.append((configuration.description, key, name))
        }
    }
    return found.map { index in
        let kind = kinds[index]
        let isOnly = kinds.count { $0.description == kind.description } == 1
        return isOnly ? kind.description : "\(kind.description), as \(kind.name)"
    }
}

/// What files and folders are called: as many last parts of their paths as tell them apart, no more of where they lie.
private func names(of paths: [String]) -> [String] {
    let parts = paths.map { URL(fileURLWithPath: $0).pathComponents }
    for count in 1...max(1, parts.map(\.count).max() ?? 1) {
        let names = parts.map { $0.suffix(count).joined(separator: "/") }
        if Set(names).count == paths.count { return names }
    }
    return paths
}

/// Writes the page about all runs: the first one's, and where there are more, all in comparison.
private func writeReport(_ path: String, _ evaluation: inout Evaluation, of contents: [Report]) throws {
    var all = contents[0]
    if contents.count > 1 {
        all.title = "\(contents.count) runs in comparison"
        all.runs = contents.flatMap(\.runs)
        all.measured = contents.flatMap(\.measured)
        all.models = evaluation.models
        all.comparisons = evaluation.comparisons
    }
    try writeFile(path, Array(all.html.text.utf8))
    evaluation.reports.append(path)
}
