// One run's evaluation: opened once, asked about a split, scored, written and shown.

import Catalog
import Compute
import EchoCore
import Files
import Foundation
import Report
import Runs
import Scoring
import StudyData
import Tasks

/// What a run's evaluation found.
struct EvaluatedRun {
    /// An entry for each head.
    let scored: [ScoredRun]
    /// Which studies were chosen, where not all were.
    let note: String?
    /// What makes its numbers worth less.
    let warning: String?
    let report: ReportPage
    /// Where the report was written.
    let page: String
    /// Its page for outsiders; nil where none is asked for.
    let shared: ReportPage?
}

/// Scores one run and writes its results.
///
/// - Parameters:
///   - name: what the run is called
///   - model: what it shares with those that differ in their seed alone
/// - Returns: nil on all ranks but the first
func evaluate(
    _ run: String, called name: String, as model: String, _ options: EvaluateOptions
) throws -> EvaluatedRun? {
    let ranks = options.place.ranks
    let (trained, catalog, unit, count) = try ranks.together {
        let trained = try TrainedModel(
            run: run, dataset: options.dataset, cohort: options.cohort, names: options.views,
            decisions: options.decisions, place: options.place)
        let catalog = try Catalog(datasetFolder: trained.dataset, keeping: trained.selection)
        let unit = try StudySet.unit(of: trained.configuration.task, in: catalog)
        let studies = try catalog.studies(in: options.split)
        return (
            trained, catalog, unit, unit == .clip ? studies.reduce(0) { $0 + $1.clips.count } : studies.count
        )
    }
    let progress = Progress("evaluate \(name)", total: count, unit: unit.plural)
    let predictions = try trained.predict(options.split, draws: options.draws, progress: progress)
    let answers = Answers.all(predictions, of: trained)
    try ranks.together {
        for head in answers {
            try check(
                head, in: options.split, for: "--split \(options.split.rawValue)", or: "name another split")
        }
    }
    progress.finish(predictions.count)
    var fitting: [Answers] = []
    if options.fitsThreshold, answers.contains(where: { $0.kind == .classes }) {
        let chosen = Answers.all(try trained.predict(.val, draws: options.draws), of: trained)
        try ranks.together {
            for head in chosen where head.kind == .classes {
                try check(head, in: .val, for: "--threshold fit", or: "give a number")
            }
        }
        fitting = chosen
    }
    return try ranks.first {
        try judge(
            answers, of: predictions, fitting: fitting, trained, catalog,
            in: run, called: name, as: model, options)
    }
}

/// Scores the answers of one run, writes its results and shows them.
///
/// - Parameters:
///   - answers: of each head
///   - predictions: of the studies, or clips, whose answers these are
///   - fitting: the answers of each head that thresholds are fitted to; empty for none
private func judge(
    _ answers: [Answers], of predictions: [Prediction], fitting: [Answers],
    _ trained: TrainedModel, _ catalog: Catalog, in run: String, called name: String, as model: String,
    _ options: EvaluateOptions
) throws -> EvaluatedRun {
    let configuration = trained.configuration
    let folder = EvaluationFolder(
        RunFolder(run), own: configuration.recipe, split: options.split, dataset: trained.dataset,
        keeping: trained.selection)
    let scored = try score(
        answers, of: try Answers.people(of: predictions, in: catalog), fitting: fitting, trained,
        called: name,
        as: model, catalog, into: folder, RunFolder(run), options)

    // Studies of which the weights know; nil where that is not known, or of no concern.
    let judged = Dictionary(predictions.map { ($0.owner, $0.subjectID) }) { first, _ in first }
    let known =
        try options.split == .test
        ? LearnedStudies(run: run)?.count(among: judged.map { ($0.key, $0.value) }) : nil
    let populations = scored.map { ($0.scores.task.map { "\($0): " } ?? "") + $0.scores.population }
    var subject = ReportSubject(
        title: "\(configuration.modelName) on \(configuration.subject)",
        scored.map { Standings([$0]) })
    subject.lead =
        "\(populations.joined(separator: ", ")) of the \(options.split.rawValue) split"
        + "\(known == 0 ? ", none of whom its weights have learned from" : "")."
    let warning = known.flatMap { known in
        known == 0
            ? nil
            : "The weights of \(name) have learned from subjects of \(grouped(known)) of these studies: too good to be true."
    }
    if let cohort = catalog.cohort { subject.lead += " Of studies \(cohort.text)." }
    if let views = catalog.views { subject.lead += " Of \(views.text)." }
    if let warning { subject.lead += " " + warning }
    subject.catalog = catalog
    subject.clips = ClipChoice(showSource: options.showSource, showIDs: options.showIDs)
    (subject.trained, subject.split) = (trained, options.split)
    let before = pretrainingRun(of: configuration, beside: run)
    subject.runs = [before, run].compactMap(\.self)
    subject.pretrained = before.map { ([$0], trained.dataset, options.place) }
    let report = try ReportPage(subject)
    try folder.write(page: report.html)
    let told = try catalog.told()
    var shared: ReportPage?
    if options.share != nil {
        var outside = subjectForOutsiders(
            subject.title, try subject.standings.map { try $0.shared(models: [configuration.description]) },
            hasChosen: !told.isEmpty, hasLearned: warning != nil)
        (outside.trained, outside.split, outside.runs) = (trained, options.split, subject.runs)
        shared = try ReportPage(outside)
    }
    return EvaluatedRun(
        scored: scored, note: told.isEmpty ? nil : "\(name): \(told.joined(separator: ", "))",
        warning: warning, report: report, page: folder.page, shared: shared)
}

/// Scores what each head of a run said, and writes it: of several heads each in a folder of its own.
private func score(
    _ answers: [Answers], of people: [String: [String: String]], fitting: [Answers], _ trained: TrainedModel,
    called name: String, as model: String, _ catalog: Catalog, into folder: EvaluationFolder,
    _ run: RunFolder, _ options: EvaluateOptions
) throws -> [ScoredRun] {
    let heads = trained.configuration.task.heads, titles = try catalog.targets()
    let groups = try groups(options.scoring.groups, of: answers)
    return try heads.indices.map { head in
        let own = answers[head], isClasses = own.kind == .classes
        var scoring = options.scoring
        scoring.groups = groups[head]
        if isClasses, !fitting.isEmpty { scoring.threshold = Threshold(fittedTo: fitting[head]) }
        var found = try score(own, run: name, split: options.split.rawValue, options: scoring)
        found.scores.addTitles(of: titles)
        found.scores.strata = try own.strata(of: people, options: scoring)
        found.scores.model = model
        found.scores.task = heads.count > 1 ? heads[head].task : nil
        found.scores.asked = Asked(
            dataset: run.relative(trained.dataset), cohort: catalog.cohort, views: catalog.views,
            split: options.split.rawValue,
            draws: options.draws,
            threshold: isClasses ? scoring.threshold.shared.map { "\($0)" } ?? "fit" : nil)
        let place = heads.count > 1 ? heads[head].folder + "/" : ""
        try folder.write(place + "predictions.csv", own.csv)
        try folder.write(place + "metrics.json", jsonText(found.scores) + "\n")
        for table in found.scores.tables { try folder.write(place + table.file, table.text) }
        return found
    }
}

/// The groups of codes of each head: all of them, or where several heads have classes those whose codes are its own.
private func groups(
    _ groups: [(name: String, codes: [String])], of answers: [Answers]
) throws(EchoError) -> [[(name: String, codes: [String])]] {
    guard answers.count(where: { $0.kind == .classes }) > 1 else { return answers.map { _ in groups } }
    func has(_ head: Answers, _ group: (name: String, codes: [String])) -> Bool {
        head.kind == .classes && Set(group.codes).isSubset(of: head.targets)
    }
    for group in groups where !answers.contains(where: { has($0, group) }) {
        throw EchoError("--group \(group.name)", "its codes are not all of one of the run's tasks")
    }
    return answers.map { head in groups.filter { has(head, $0) } }
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
        guard let found = try? RunConfiguration(run: sibling), found.task.heads.isEmpty else { return false }
        let folder = RunFolder(sibling)
        return [folder.best, folder.last].contains { (try? sha256(mapFile($0))) == initial.sha256 }
    }
}
