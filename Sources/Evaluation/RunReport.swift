// One run's evaluation: asked about a split, scored, and everything that its page shows.

import Catalog
import EchoCore
import Foundation
import Tasks
import Runs

/// Scores one run, writes its files and gathers its page.
func report(
    on run: String, _ name: String, as model: String, _ options: EvaluateOptions
) throws -> (content: Report, folder: EvaluationFolder) {
    let split = options.split.rawValue
    let trained = try TrainedModel(run: run, dataset: options.dataset, place: options.place)
    let configuration = trained.configuration
    let catalog = try Catalog(datasetFolder: trained.dataset, readOnly: true)
    let folder = EvaluationFolder(
        RunFolder(run), own: configuration.dataset, split: options.split, dataset: trained.dataset)
    let progress = Progress(
        "evaluate \(name)", total: try catalog.studies(in: options.split).count, unit: "studies")
    let answers = try trained.predict(options.split, draws: options.draws, progress: progress)
    guard !answers.isEmpty else {
        throw EchoError(
            "--split \(split)", "the dataset has no study with clips and a truth in it",
            try: "run echoprep link-icd with other shares, or name another split")
    }
    progress.finish(answers.count)

    var content = Report(title: "")
    let population: String
    if configuration.task == .lvef {
        let scored = try measure(answers, folder, name, model, configuration, options)
        content.title = "\(configuration.modelName) on the ejection fraction"
        content.measured = [scored]
        population = scored.scores.population
    } else {
        let scored = try judge(answers, trained, catalog, folder, name, model, options)
        content.title = "\(configuration.modelName) on \(trained.targets.count) ICD-10 categories"
        content.runs = [scored]
        population = scored.scores.population
    }
    let known = try options.split == .test ? acquaintance(with: answers, run) : nil
    content.lead =
        "\(population) of the \(split) split\(known == 0 ? ", none of whom its weights have learned from" : "")."
    if let known, known > 0 {
        let warning =
            "The weights of \(name) have learned from subjects of \(grouped(known)) of these studies: too good to be true."
        content.warnings = [warning]
        content.lead += " " + warning
    }
    try content.add(catalog, options)
    if let before = pretrainingRun(of: configuration, beside: run) {
        try content.add(run: before)
        content.heldOut = try [
            HeldOut(run: before, dataset: trained.dataset, split: options.split, place: options.place)
        ].compactMap(\.self)
    }
    content.attention = try AttentionMap(trained, catalog, options)
    content.map = try EmbeddingMap(trained, catalog, options, codes: bestTold(content.runs.first))
    try content.add(run: run)
    content.settings = configuration.settings
    return (content, folder)
}

/// How many of those that a run is judged on its weights know; nil where that is not known.
private func acquaintance(with answers: [Prediction], _ run: String) throws -> Int? {
    try LearnedStudies(run: run)?.count(among: answers.map { ($0.study, $0.subjectID) })
}

/// The code with the highest AUROC among those with enough positives to see on a map.
private func bestTold(_ run: ScoredRun?, most count: Int = 1) -> [String] {
    let codes =
        run?.scores.codes.filter { $0.positives >= min(10, $0.studies / 4) && $0.scores.auroc != nil } ?? []
    return codes.sorted { $0.scores.auroc!.value > $1.scores.auroc!.value }.prefix(count).map(\.code)
}

/// Probabilities of codes.
private func judge(
    _ answers: [Prediction], _ trained: TrainedModel, _ catalog: Catalog, _ folder: EvaluationFolder,
    _ name: String,
    _ model: String, _ options: EvaluateOptions
) throws -> ScoredRun {
    let split = options.split.rawValue
    let predictions = Predictions(answers, codes: trained.targets)
    try folder.write("predictions.csv", predictions.csv)
    var scoring = options.scoring
    if options.fitsThreshold {
        let chosen = try trained.predict(.val, draws: options.draws)
        guard !chosen.isEmpty else {
            throw EchoError(
                "--threshold fit", "the dataset has no study with clips and a truth in the split val",
                try: "run echoprep link-icd with other shares, or give a number")
        }
        scoring.threshold = Threshold(fittedTo: Predictions(chosen, codes: trained.targets))
    }
    var scored = try score(predictions, run: name, split: split, options: scoring)
    scored.scores.addTitles(of: try catalog.targets())
    scored.scores.model = model
    try folder.write("metrics.json", jsonText(scored.scores) + "\n")
    try folder.write("codes.csv", scored.scores.codesCSV)
    try folder.write("groups.csv", scored.scores.groupsCSV)
    return scored
}

/// Ejection fractions.
private func measure(
    _ answers: [Prediction], _ folder: EvaluationFolder, _ name: String, _ model: String,
    _ configuration: RunConfiguration, _ options: EvaluateOptions
) throws -> ScoredMeasurements {
    let split = options.split.rawValue, measurements = Measurements(answers, name: configuration.targets[0])
    try folder.write("predictions.csv", measurements.csv)
    var scored = try score(measurements, run: name, split: split, options: options.scoring)
    scored.scores.model = model
    try folder.write("metrics.json", jsonText(scored.scores) + "\n")
    try folder.write("errors.csv", scored.scores.csv)
    return scored
}

extension Measurements {
    /// What a run's model said, and the truth, in the quantity's unit.
    init(_ predictions: [Prediction], name: String) {
        self.init(
            name: name,
            rows: predictions.map { prediction in
                Row(
                    study: prediction.study,
                    subject: prediction.subjectID.map(String.init) ?? prediction.study,
                    truth: Double(prediction.labels[0]), prediction: Double(prediction.logits[0]))
            })
    }
}
