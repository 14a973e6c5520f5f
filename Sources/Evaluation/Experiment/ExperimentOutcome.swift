// What an experiment found: its table, the differences that it is about, and the files that say so.

import EchoCore
import Files
import Models

/// What `echoprep experiment` reports.
public struct ExperimentResult: Codable, Sendable {
    public let name: String
    public let table: ResultTable
    public let differences: [Comparison]
    /// What the test found, for an experiment that is one, and whether it is passed.
    public let verdict: String?
    public let passed: Bool
    public let files: [String]

    /// The lines that `experiment` prints.
    public var text: String {
        var text = table.text
        if !differences.isEmpty {
            var lines = TextTable(("difference", .left), ("measure", .left), ("", .left), ("p", .left))
            for found in differences {
                lines.add([
                    "\(found.first) − \(found.second)", found.group, intervalText(found.difference),
                    found.p.map { fixed($0, 3) } ?? "–",
                ])
            }
            text += "\n" + lines.text
        }
        if let verdict { text += "\n\(verdict)\n" }
        return text + "\n" + files.joined(separator: "\n")
    }
}

/// One run's scores, of whichever kind its task has.
enum JudgedRun {
    case coded(ScoredRun)
    case measured(ScoredMeasurements)

    var coded: ScoredRun? { if case .coded(let run) = self { run } else { nil } }
    var measured: ScoredMeasurements? { if case .measured(let run) = self { run } else { nil } }
}

/// The scored runs of an experiment, line by line.
struct ExperimentOutcome {
    /// A line of the table.
    struct Contender {
        let arm: Arm?
        let block: String, title: String
        /// Its runs on each dataset.
        let parts: [[JudgedRun]]

        var name: String { arm?.title ?? title }
        var runs: [ScoredRun] { parts.joined().compactMap(\.coded) }

        func samples(_ source: Source) -> Samples? {
            switch source {
            case .codes(let measure, let group):
                Samples(
                    runs: runs.compactMap { $0.scores.averages[group].scores[measure]?.value },
                    draws: runs.map { run in run.draws.map { $0[group][measure] } })
            case .errors(let measure, let dataset): parts[dataset].compactMap(\.measured).samples(measure)
            }
        }

        /// Who was judged by that, and what is true of them.
        func truths(_ source: Source) -> [[String]] {
            switch source {
            case .codes: runs.first?.predictions.truths ?? []
            case .errors(_, let dataset): parts[dataset].first?.measured?.measurements.truths ?? []
            }
        }
    }

    /// Where a column's numbers come from: a measure of a group of codes, of which the first is all, or an error on a
    /// dataset.
    enum Source {
        case codes(Measure, group: Int)
        case errors(ErrorMeasure, dataset: Int)
    }

    let experiment: Experiment
    let options: ExperimentOptions
    let datasets: [String]
    let contenders: [Contender]
    /// For the page: reconstructions by each pre-trained model.
    var heldOut: [HeldOut] = []

    private var confidence: Double { options.scoring.confidence }
    /// Of the first run on codes.
    private var scores: RunScores? { contenders.lazy.compactMap(\.runs.first).first?.scores }

    /// Writes NAME.txt, .csv, .tex, .json and .html.
    func write(to folder: String) throws -> ExperimentResult {
        guard !contenders.isEmpty else {
            throw EchoError("experiment \(experiment.name)", "has no run that was judged")
        }
        var table = experiment.presentation.measure.map(codesTable) ?? averagesTable
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
        try writeFile(path + ".html", Array(report(table, differences).html.text.utf8))
        return result
    }

    private func report(_ table: ResultTable, _ differences: [Comparison]) -> Report {
        var report = Report(title: experiment.title)
        report.lead = table.note
        report.results = table
        report.measure = experiment.presentation.measure ?? .auroc
        report.runs = contenders.flatMap(\.runs)
        report.models = ModelScores.models(of: report.scores)
        report.comparisons = differences
        report.heldOut = heldOut
        return report
    }

    // MARK: Tables

    private var note: String {
        let seeds = options.seeds.map(String.init).joined(separator: ", ")
        let first = contenders[0].parts.map { $0.first }
        let populations = zip(datasets, first).compactMap { name, run -> String? in
            let population = run?.coded?.scores.population ?? run?.measured?.scores.population
            return population.map { datasets.count > 1 ? "\(name): \($0)" : $0 }
        }
        return
            "\(populations.joined(separator: "; ")) of the \(options.split.rawValue) split; mean ± standard deviation "
            + "over the seeds \(seeds); \(percentage(confidence)) intervals of the mean by "
            + "\(grouped(options.scoring.bootstrap)) resamplings of subjects"
    }

    /// Macro AUROC and F1, then the AUROC of each group of codes; or the errors on each dataset.
    private var columns: [(column: ResultTable.Column, source: Source)] {
        if let scores {
            let columns: [(title: String, measure: Measure, group: Int)] =
                [("AUROC", .auroc, 0), ("F1", .f1, 0)]
                + scores.groups.enumerated().map { ("AUROC \($1.name)", .auroc, $0 + 1) }
            return columns.map {
                (
                    .init(title: $0.title, higherIsBetter: true, decimals: 3),
                    .codes($0.measure, group: $0.group)
                )
            }
        }
        return datasets.enumerated().flatMap { index, name in
            ErrorMeasure.allCases.map { measure in
                let title = datasets.count > 1 ? "\(name) \(measure.title)" : measure.title
                return (
                    .init(title: title, higherIsBetter: measure == .r2, decimals: measure.decimals),
                    .errors(measure, dataset: index)
                )
            }
        }
    }

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
        let codes = scores?.codes ?? []
        return ResultTable(
            title: experiment.title, note: note, ranksColumns: true,
            columns: contenders.map { .init(title: $0.name, higherIsBetter: true, decimals: 3) },
            rows: codes.indices.map { index in
                ResultTable.Row(
                    block: codes[index].code, title: codes[index].title ?? "",
                    runs: contenders[0].runs.count,
                    cells: contenders.map { contender in
                        Spread(contender.runs.compactMap { $0.scores.codes[index].scores[measure]?.value })
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

    /// Their differences in AUROC or mean absolute error, on the same resamplings.
    private var differences: [Comparison] {
        guard experiment.presentation == .table else { return [] }
        return columns.flatMap { column, source -> [Comparison] in
            switch source {
            case .codes(let measure, _): guard measure == .auroc else { return [] }
            case .errors(let measure, _): guard measure == .mae else { return [] }
            }
            return pairs.compactMap { first, second in
                guard let a = first.samples(source), let b = second.samples(source),
                    first.truths(source) == second.truths(source)
                else { return nil }
                let (difference, p) = a.difference(from: b, confidence: confidence)
                return Comparison(
                    first: first.name, second: second.name, group: column.title, difference: difference, p: p)
            }
        }
    }

    /// Whether 0.5 lies in the interval.
    private var verdict: (text: String, passed: Bool) {
        let found = contenders[0].samples(.codes(.auroc, group: 0))?.estimate(confidence: confidence)
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
