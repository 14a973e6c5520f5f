// One run's evaluation: opened once, asked about a split, scored, written and shown.

import Catalog
import Compute
import EchoCore
import Files
import Foundation
import Report
import Runs
import Scoring
import Tasks

/// What a run's evaluation found.
struct EvaluatedRun {
    /// An entry for each kind of answers.
    let scored: [ScoredRun]
    /// What makes its numbers worth less.
    let warning: String?
    let report: ReportPage
    /// Where the report was written.
    let page: String
}

/// Predicts with one run, on all ranks together; the first scores it and writes its results.
///
/// - Parameters:
///   - name: what the run is called
///   - model: what it shares with those that differ in their seed alone
/// - Returns: nil on all ranks but the first
func evaluate(
    _ run: String, called name: String, as model: String, _ options: EvaluateOptions
) throws -> EvaluatedRun? {
    let ranks = options.place.ranks
    let (trained, count) = try ranks.together {
        let trained = try TrainedModel(run: run, dataset: options.dataset, place: options.place)
        let catalog = try Catalog(datasetFolder: trained.dataset, readOnly: true)
        return (trained, try catalog.studies(in: options.split).count)
    }
    let progress = Progress("evaluate \(name)", total: count, unit: "studies")
    let predictions = try trained.predict(options.split, draws: options.draws, progress: progress)
    let answers = Answers(predictions, of: trained)
    try ranks.together {
        try check(
            answers, in: options.split, for: "--split \(options.split.rawValue)", or: "name another split")
    }
    progress.finish(predictions.count)
    var fitting: Answers?
    if options.fitsThreshold, answers.kind == .classes {
        let chosen = Answers(try trained.predict(.val, draws: options.draws), of: trained)
        try ranks.together { try check(chosen, in: .val, for: "--threshold fit", or: "give a number") }
        fitting = chosen
    }
    return try ranks.first {
        try judge(
            answers, of: predictions.map { ($0.study, $0.subjectID) }, fitting: fitting, trained, in: run,
            called: name, as: model, options)
    }
}

/// Scores the answers of one run, writes its results and shows them.
///
/// - Parameters:
///   - studies: with their subjects, whose answers these are
///   - fitting: the answers that thresholds are fitted to; nil for none
private func judge(
    _ answers: Answers, of studies: [(key: String, subject: Int64?)], fitting: Answers?,
    _ trained: TrainedModel, in run: String, called name: String, as model: String,
    _ options: EvaluateOptions
) throws -> EvaluatedRun {
    let configuration = trained.configuration
    let catalog = try Catalog(datasetFolder: trained.dataset, readOnly: true)
    let folder = EvaluationFolder(
        RunFolder(run), own: configuration.dataset, split: options.split, dataset: trained.dataset)
    var scoring = options.scoring
    if let fitting { scoring.threshold = Threshold(fittedTo: fitting) }
    var scored = try score(answers, run: name, split: options.split.rawValue, options: scoring)
    scored.scores.addTitles(of: try catalog.targets())
    scored.scores.model = model
    scored.scores.asked = Asked(
        dataset: RunFolder(run).relative(trained.dataset), split: options.split.rawValue,
        draws: options.draws,
        threshold: answers.kind == .classes ? scoring.threshold.shared.map { "\($0)" } ?? "fit" : nil)
    try folder.write("predictions.csv", answers.csv)
    try folder.write("metrics.json", jsonText(scored.scores) + "\n")
    for table in scored.scores.tables { try folder.write(table.file, table.text) }

    // Studies of which the weights know; nil where that is not known, or of no concern.
    let known =
        try options.split == .test
        ? LearnedStudies(run: run)?.count(among: studies) : nil
    var subject = ReportSubject(
        title: "\(configuration.modelName) on \(configuration.task.subject(trained.targets.count))",
        [Standings([scored])])
    subject.lead =
        "\(scored.scores.population) of the \(options.split.rawValue) split"
        + "\(known == 0 ? ", none of whom its weights have learned from" : "")."
    let warning = known.flatMap { known in
        known == 0
            ? nil
            : "The weights of \(name) have learned from subjects of \(grouped(known)) of these studies: too good to be true."
    }
    if let warning { subject.lead += " " + warning }
    subject.catalog = catalog
    subject.clips = ClipChoice(showSource: options.showSource, showIDs: options.showIDs)
    (subject.trained, subject.split) = (trained, options.split)
    let before = pretrainingRun(of: configuration, beside: run)
    subject.runs = [before, run].compactMap(\.self)
    subject.pretrained = before.map { ([$0], trained.dataset, options.place) }
    let report = try ReportPage(subject)
    try folder.write(page: report.html)
    return EvaluatedRun(scored: [scored], warning: warning, report: report, page: folder.page)
}

/// - Parameters:
///   - option, remedy: what led to the split, and what else could be given
private func check(
    _ answers: Answers, in split: Split, for option: String, or remedy: String
) throws(EchoError) {
    guard answers.targets.isEmpty else { return }
    throw EchoError(
        option, "the dataset has no study with clips and a truth in the split \(split.rawValue)",
        try: "run echoprep link-icd with other shares, or \(remedy)")
}

/// The pre-training run that a run started from, if it lies in the same folder: one of its checkpoints is the file
/// whose sha256 the run remembers.
private func pretrainingRun(of configuration: RunConfiguration, beside run: String) -> String? {
    guard let initial = configuration.initial else { return nil }
    let parent = URL(fileURLWithPath: run).standardizedFileURL.deletingLastPathComponent().path
    let siblings = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    return siblings.sorted().map { "\(parent)/\($0)" }.first { sibling in
        guard let found = try? RunConfiguration(run: sibling), found.task.answers == nil else { return false }
        let folder = RunFolder(sibling)
        return [folder.best, folder.last].contains { (try? sha256(mapFile($0))) == initial.sha256 }
    }
}
