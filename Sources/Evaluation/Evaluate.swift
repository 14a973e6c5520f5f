// `echoprep evaluate`: what is judged, how, and where the results go.

import Catalog
package import Compute
package import EchoCore
import Files
import Foundation
import Report
import Runs
package import Scoring
import Tasks

/// What `echoprep evaluate` is asked to do.
package struct EvaluateOptions: Sendable {
    package var scoring = ScoringOptions()
    package var split = Split.test
    /// Choose each code's threshold on the validation split instead.
    package var fitsThreshold = false
    /// Sets of views a study; the logits are their mean.
    package var draws = 1
    /// Where models compute, whatever they learned on.
    package var place: Place
    /// The dataset; nil for the one that a run learned from, or for none where only predictions are given.
    package var dataset: String?
    /// An expression over `v_study` that is true of the studies to judge; nil for what a run's own were chosen by.
    package var cohort: String?
    /// Whose decisions hold; nil for those of the run.
    package var decisions: String?
    /// The views of their clips; none for any view, nil for what a run's own were chosen by.
    package var views: [String]?
    /// Where the page about all that was given goes; nil for none. Each run has its own besides.
    package var report: String?
    /// Show whole source pictures beside cropped clips, and name clips.
    package var showSource = false, showIDs = false
    /// The folder for what outsiders may see; nil for none.
    package var share: String?

    package init(place: Place) { self.place = place }
}

/// Scores fine-tuned runs on a split of their dataset.
///
/// Writes into each run's `evaluation/SPLIT/`: `predictions.csv`, `metrics.json`, `report.html`, and `codes.csv` and
/// `groups.csv`, or `errors.csv` of a measured quantity and `confusion.csv` of grades; of several heads each in a folder with
/// the name of its task. The run's own `report.html` leads to the last page written.
///
/// The ranks of the place predict together, and the first does all else.
///
/// - Parameter folders: of runs, or of the runs of several seeds
/// - Returns: nil on all ranks but the first
/// - Throws: `EchoError`, which several ranks wrap as an `AgreedEnd` where they all come to it
package func evaluate(runs folders: [String], options: EvaluateOptions) throws -> Evaluation? {
    let ranks = options.place.ranks
    try ranks.together { if let folder = options.share { try checkShare(folder) } }
    let (runs, called) = try ranks.together {
        let runs = folders.flatMap(RunFolder.runs), names = names(of: runs)
        return (runs, Array(zip(names, try models(of: runs, called: names))))
    }
    var judged: [EvaluatedRun] = []
    for (run, (name, model)) in zip(runs, called) {
        if let found = try evaluate(run, called: name, as: model, options) { judged.append(found) }
    }
    return try ranks.first {
        var evaluation = try Evaluation(
            judged.map(\.scored), warnings: judged.compactMap(\.warning), notes: judged.compactMap(\.note))
        evaluation.reports = judged.map(\.page)
        if let path = options.report {
            let first = judged[0].report
            let page =
                judged.count == 1 ? first : try first.comparing(evaluation.standings, count: judged.count)
            try page.write(to: path, &evaluation)
        }
        if let folder = options.share, let first = judged[0].shared {
            let numbered = try models(of: runs, called: runs.indices.map { "run \($0 + 1)" })
            try evaluation.share(first, models: numbered, to: folder)
        }
        return evaluation
    }
}

/// Scores the answers of csv files, of whatever models.
package func evaluate(predictions paths: [String], options: EvaluateOptions) throws -> Evaluation {
    if let folder = options.share { try checkShare(folder) }
    let catalog = try options.dataset.map { try Catalog(datasetFolder: $0, readOnly: true) }
    let names = names(of: paths)
    let scored = try zip(paths, names).map { path, name in
        var run = try score(Answers(csv: path), run: name, split: "file", options: options.scoring)
        try catalog.map { run.scores.addTitles(of: try $0.targets()) }
        return run
    }
    var evaluation = try Evaluation(scored.map { [$0] })
    if let path = options.report {
        var subject = ReportSubject(title: "Predictions of \(names[0])", evaluation.standings)
        if paths.count > 1 { subject.title = ReportPage.comparison(of: paths.count) }
        subject.lead = "\(scored[0].scores.population)."
        subject.catalog = catalog
        subject.clips = ClipChoice(showSource: options.showSource, showIDs: options.showIDs)
        try ReportPage(subject).write(to: path, &evaluation)
    }
    if let folder = options.share {
        let numbered = paths.indices.map { "file \($0 + 1)" }
        let standings = try evaluation.standings.map { try $0.shared(models: numbered) }
        try evaluation.share(
            try ReportPage(subjectForOutsiders("Predictions", standings)), models: numbered, to: folder)
    }
    return evaluation
}

extension ReportPage {
    fileprivate func write(to path: String, _ evaluation: inout Evaluation) throws {
        try writeFile(path, Array(html.text.utf8))
        evaluation.reports.append(path)
    }
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
