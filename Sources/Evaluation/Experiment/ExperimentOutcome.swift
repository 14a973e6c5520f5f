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

/// The scored runs of an experiment, line by line.
struct ExperimentOutcome {
    /// A line of the table.
    struct Contender {
        let arm: Arm?
        let block: String, title: String
        let runs: [ScoredRun]

        /// A measure of a group of codes; the first group is all codes.
        func samples(_ measure: Measure, group: Int) -> Samples? {
            Samples(
                runs: runs.compactMap { $0.scores.averages[group].scores[measure]?.value },
                draws: runs.map { run in run.draws.map { $0[group][measure] } })
        }

        var name: String { arm?.title ?? title }
    }

    let experiment: Experiment
    let options: ExperimentOptions
    let contenders: [Contender]

    private var confidence: Double { options.scoring.confidence }
    private var scores: RunScores { contenders[0].runs[0].scores }

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
        try writeFile(path + ".html", Array(report(table, differences).html.utf8))
        return result
    }

    private func report(_ table: ResultTable, _ differences: [Comparison]) -> Report {
        var report = Report(title: experiment.title)
        report.lead = table.note
        report.results = table
        report.runs = contenders.flatMap(\.runs)
        report.models = ModelScores.models(of: report.scores)
        report.comparisons = differences
        return report
    }

    // MARK: Tables

    private var note: String {
        let seeds = options.seeds.map(String.init).joined(separator: ", ")
        return
            "\(scores.population) of the \(scores.split) split; mean ± standard deviation over the seeds \(seeds); "
            + "\(percentage(confidence)) intervals of the mean by \(grouped(scores.bootstrap)) resamplings of subjects"
    }

    /// A line an arm; macro AUROC and F1, then the AUROC of each group of codes.
    private var averagesTable: ResultTable {
        let columns: [(title: String, measure: Measure, group: Int)] =
            [("AUROC", .auroc, 0), ("F1", .f1, 0)]
            + scores.groups.enumerated().map { ("AUROC \($1.name)", .auroc, $0 + 1) }
        return ResultTable(
            title: experiment.title, note: note,
            columns: columns.map { .init(title: $0.title, higherIsBetter: true, decimals: 3) },
            rows: contenders.map { contender in
                ResultTable.Row(
                    block: contender.block, title: contender.title, runs: contender.runs.count,
                    cells: columns.map { cell(contender.samples($0.measure, group: $0.group)) })
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
        ResultTable(
            title: experiment.title, note: note, ranksColumns: true,
            columns: contenders.map { .init(title: $0.name, higherIsBetter: true, decimals: 3) },
            rows: scores.codes.indices.map { index in
                let code = scores.codes[index]
                return ResultTable.Row(
                    block: code.code, title: code.title ?? "", runs: contenders[0].runs.count,
                    cells: contenders.map { contender in
                        Spread(contender.runs.compactMap { $0.scores.codes[index].scores[measure]?.value })
                            .map { .init(value: $0, lower: nil, upper: nil) }
                    })
            })
    }

    // MARK: Differences

    /// The differences in AUROC that the experiment is about: latent attention, and pre-training, on the same
    /// resamplings; for all codes and each group.
    private var differences: [Comparison] {
        guard experiment.presentation == .table else { return [] }
        func found(_ model: ModelKind, _ regime: Arm.Regime) -> Contender? {
            contenders.first { $0.arm == Arm(model: model, regime: regime) }
        }
        var pairs: [(Contender?, Contender?)] = []
        for regime in Arm.Regime.allCases {
            pairs.append((found(.lamae, regime), found(.mae, regime)))
            pairs.append((found(.videoLAMAE, regime), found(.videoMAE, regime)))
        }
        for model in ModelKind.allCases { pairs.append((found(model, .full), found(model, .scratch))) }
        if let floor = contenders.first(where: { $0.arm == nil }) {
            pairs += ModelKind.allCases.map { (found($0, .full), floor) }
        }
        return scores.averages.indices.flatMap { group in
            pairs.compactMap { first, second in
                guard let first, let second, let a = first.samples(.auroc, group: group),
                    let b = second.samples(.auroc, group: group),
                    first.runs[0].predictions.truths == second.runs[0].predictions.truths
                else { return nil }
                let (difference, p) = a.difference(from: b, confidence: confidence)
                return Comparison(
                    first: first.name, second: second.name, group: scores.averages[group].name,
                    difference: difference, p: p)
            }
        }
    }

    /// Whether 0.5 lies in the interval.
    private var verdict: (text: String, passed: Bool) {
        let found = contenders[0].samples(.auroc, group: 0)?.estimate(confidence: confidence)
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
