// What an experiment found: its table, the differences that it is about, and the files that say so.

import EchoCore
import Files
import Models
import Report
import Runs
package import Scoring
import Tasks
import Training

/// What `echoprep experiment` reports.
package struct ExperimentResult: Codable, Sendable {
    package let name: String
    package let table: ResultTable
    package let differences: [Comparison]
    /// What the test found, for an experiment that is one, and whether it is passed.
    package let verdict: String?
    package let passed: Bool
    package let files: [String]

    /// The lines that `experiment` prints.
    package var text: String {
        var text = table.text
        if !differences.isEmpty {
            var lines = TextTable(("difference", .left), ("measure", .left), ("", .left), ("p", .left))
            for found in differences { lines.add(found.line) }
            text += "\n" + lines.text
        }
        if let verdict { text += "\n\(verdict)\n" }
        return text + "\n" + files.joined(separator: "\n")
    }
}

/// The scored runs of an experiment, line by line.
struct ExperimentOutcome {
    /// A line of the table.
    struct Contender {
        let arm: Arm?
        let block: String, title: String
        /// Its runs on each dataset.
        let parts: [[ScoredRun]]

        var name: String { arm?.title ?? title }

        func samples(_ source: Source) -> Samples? {
            parts[source.dataset].samples(source.measure, group: source.group)
        }
    }

    /// Where a column's numbers come from: a measure of a group of targets, of which the first is all, on a dataset.
    struct Source {
        let measure: Measure
        var group = 0
        var dataset = 0
    }

    let experiment: Experiment
    let options: ExperimentOptions
    let datasets: [String]
    let contenders: [Contender]
    /// Pre-trained runs that fill in held-out studies on the page, and where those lie.
    var pretrained: (runs: [String], dataset: String)?

    private var confidence: Double { options.scoring.confidence }
    private var runs: [ScoredRun] { contenders.flatMap { $0.parts.joined() } }
    /// Of the first run.
    private var scores: RunScores { runs[0].scores }
    private var kind: AnswerKind { scores.kind }

    /// Writes NAME.txt, .csv, .tex, .json and .html.
    func write(to folder: String) throws -> ExperimentResult {
        guard !runs.isEmpty else {
            throw EchoError("experiment \(experiment.name)", "has no run that was judged")
        }
        var table = experiment.presentation.measure.map(codesTable) ?? averagesTable
        try PaperFigures.add(
            to: &table, of: experiment, datasets: options.datasets, prefixes: datasets.indices.map(prefix))
        if let path = options.published { try table.add(published: path) }
        let differences = differences, leak = experiment.presentation == .leakTest ? verdict : nil
        let path = "\(folder)/\(experiment.name)"
        let result = ExperimentResult(
            name: experiment.name, table: table, differences: differences, verdict: leak?.text,
            passed: leak?.passed ?? true,
            files: ["txt", "csv", "tex", "json", "html"].map { "\(path).\($0)" })
        try writeFile(path + ".txt", Array((result.text + "\n").utf8))
        try writeFile(path + ".csv", Array(table.csv.utf8))
        try writeFile(path + ".tex", Array(table.latex.utf8))
        try writeFile(path + ".json", Array((try jsonText(result) + "\n").utf8))
        try writeFile(path + ".html", Array(try report(table, differences).html.text.utf8))
        return result
    }

    private func report(_ table: ResultTable, _ differences: [Comparison]) throws -> ReportPage {
        // Runs on several datasets did not judge the same and stand in the table only.
        let standings = datasets.count == 1 ? [Standings(runs, comparisons: differences)] : []
        var subject = ReportSubject(title: experiment.title, standings)
        subject.lead = table.note
        subject.results = (table, differences, kind)
        subject.measure = experiment.presentation.measure
        subject.split = options.split
        subject.pretrained = pretrained.map { ($0.runs, $0.dataset, options.pretraining.place) }
        return try ReportPage(subject)
    }

    // MARK: Tables

    private var note: String {
        let seeds = options.seeds.map(String.init).joined(separator: ", ")
        let first = contenders[0].parts.map { $0.first }
        let populations = zip(datasets, first).compactMap { name, run -> String? in
            (run?.scores.population).map { datasets.count > 1 ? "\(name): \($0)" : $0 }
        }
        return
            "\(populations.joined(separator: "; ")) of the \(options.split.rawValue) split; mean ± standard deviation "
            + "over the seeds \(seeds); \(percentage(confidence)) intervals of the mean by "
            + "\(grouped(options.scoring.bootstrap)) resamplings of subjects"
    }

    /// The measures of all targets, then the main one of each group; on each dataset.
    private var columns: [(column: ResultTable.Column, source: Source)] {
        datasets.indices.flatMap { dataset -> [(ResultTable.Column, Source)] in
            let prefix = prefix(dataset)
            let groups = scores.averages.enumerated().dropFirst()
            return kind.tabled.map {
                (.init($0, title: prefix + $0.title), Source(measure: $0, dataset: dataset))
            }
                + groups.map { index, group in
                    (
                        .init(kind.main, title: "\(prefix)\(kind.main.title) \(group.name)"),
                        Source(measure: kind.main, group: index, dataset: dataset)
                    )
                }
        }
    }

    /// What stands before a measure's name in the columns of a dataset.
    private func prefix(_ dataset: Int) -> String { datasets.count > 1 ? "\(datasets[dataset]) " : "" }

    /// A line an arm.
    private var averagesTable: ResultTable {
        ResultTable(
            title: experiment.title, note: note, columns: columns.map(\.column),
            rows: contenders.map { contender in
                ResultTable.Row(
                    block: contender.block, title: contender.title,
                    runs: contender.parts.map(\.count).max() ?? 0,
                    cells: columns.map { cell(contender.samples($0.source)) })
            })
    }

    private func cell(_ samples: Samples?) -> ResultTable.Cell? {
        samples.map { samples in
            let estimate = samples.estimate(confidence: confidence)
            return .init(value: samples.spread, lower: estimate.lower, upper: estimate.upper)
        }
    }

    /// A line a code, a column an arm.
    private func codesTable(_ measure: Measure) -> ResultTable {
        let codes = scores.targets
        return ResultTable(
            title: experiment.title, note: note, ranksColumns: true,
            columns: contenders.map { .init(measure, title: $0.name) },
            rows: codes.indices.map { index in
                ResultTable.Row(
                    block: codes[index].target, title: codes[index].title ?? "",
                    runs: contenders[0].parts[0].count,
                    cells: contenders.map { contender in
                        Spread(
                            contender.parts[0].compactMap { $0.scores.targets[index].scores[measure]?.value }
                        )
                        .map { .init(value: $0, lower: nil, upper: nil) }
                    })
            })
    }

    // MARK: Differences

    /// The pairs of lines that the experiment is about: latent attention, pre-training, the head's hidden layer, and what
    /// is better than the floor.
    private var pairs: [(Contender, Contender)] {
        func found(_ model: ModelKind, _ regime: Arm.Regime) -> Contender? {
            contenders.first { $0.arm == Arm(model: model, regime: regime) }
        }
        var pairs: [(Contender?, Contender?)] = []
        for regime in Arm.Regime.allCases {
            pairs.append((found(.lamae, regime), found(.mae, regime)))
            pairs.append((found(.videoLAMAE, regime), found(.videoMAE, regime)))
        }
        for other in [Arm.Regime.scratch, .linear] {
            for model in ModelKind.allCases { pairs.append((found(model, .full), found(model, other))) }
        }
        for floor in contenders where floor.arm == nil {
            pairs += ModelKind.allCases.map { (found($0, .full), floor) }
        }
        return pairs.compactMap { first, second in first.flatMap { first in second.map { (first, $0) } } }
    }

    /// Their differences in the main measure, on the same resamplings.
    private var differences: [Comparison] {
        guard experiment.presentation == .table else { return [] }
        return columns.filter { $0.source.measure == kind.main }.flatMap { column, source in
            pairs.compactMap { first, second -> Comparison? in
                let (a, b) = (first.parts[source.dataset], second.parts[source.dataset])
                guard let one = a.first, let other = b.first, one.answers.truths == other.answers.truths
                else { return nil }
                return Comparison(a, b, source.measure, group: source.group, called: column.title)
            }
        }
    }

    /// Whether 0.5 lies in the interval.
    private var verdict: (text: String, passed: Bool) {
        let found = contenders[0].samples(Source(measure: kind.main))?.estimate(confidence: confidence)
        guard let found, let lower = found.lower, let upper = found.upper else {
            return ("no interval: the leak test needs --bootstrap and both classes", false)
        }
        let passed = (lower...upper).contains(0.5)
        let outside = passed ? "lies within" : "lies OUTSIDE of"
        return ("shuffled labels: 0.5 \(outside) the interval of the AUROC, \(intervalText(found))", passed)
    }
}

extension Experiment.Presentation {
    /// What bars show; nil for tables.
    var measure: Measure? { if case .bars(let measure) = self { measure } else { nil } }
}
