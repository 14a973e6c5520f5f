// Several runs side by side: means over seeds, differences between models, and every code.

import EchoCore
import Scoring
import Tasks

/// The section that compares models; nil for a page about one run.
struct ModelsSection: ReportSection {
    static let anchor: StaticString = "models"
    static let showsAnswers = true
    static let isForOutsiders = true
    private let compared: [Standings]
    /// What is drawn code by code; nil for the main measure.
    private let measure: Measure?
    /// Its published figures.
    private let published: ResultTable?

    init?(_ subject: ReportSubject) {
        compared = subject.standings.filter { !$0.isSingle }
        measure = subject.measure
        published = subject.results.flatMap { $0.table.ranksColumns ? $0.table : nil }
        if compared.isEmpty { return nil }
    }

    var title: String { compared.count == 1 ? compared[0].kind.measured?.title ?? "Models" : "Models" }

    var content: HTML {
        HTML(
            compared.map { standings in
                let whole =
                    averagesFigure(standings) + differenceFigure(standings.comparisons, standings.kind)
                return standings.kind == .classes
                    ? whole + codesFigure(standings, measure ?? standings.kind.main) : whole
            })
    }

    private func codesFigure(_ standings: Standings, _ measure: Measure) -> HTML {
        // More models than colours cannot be told apart: the first are drawn, which are an experiment's in full, and the
        // numbers are of all.
        let models = standings.models, drawn = models.prefix(Colour.seriesCount)
        let codes = standings.scores[0].targets
        func mean(_ code: String, _ model: ModelScores) -> Spread? {
            Spread(
                standings.runs(of: model).compactMap { run in
                    run.scores.targets.first { $0.target == code }?.scores[measure]?.value
                })
        }
        let spreads = codes.map { code in models.map { mean(code.target, $0) } }
        let axis = Scale(measure, covering: spreads.joined().compactMap { $0?.mean })
        let order = codes.indices.sorted { (spreads[$0][0]?.mean ?? -1) > (spreads[$1][0]?.mean ?? -1) }
        let rows = order.map { index in
            let marks: [HTML] = spreads[index].prefix(drawn.count).enumerated().map { model, spread in
                spread.map { dot(Estimate($0.mean), axis, .series(model)) } ?? HTML()
            }
            return ChartRow(
                label: codeLabel(codes[index].target, codes[index].title),
                value: HTML(spreads[index][0].map { fixed($0.mean, 2) } ?? "–"), marks: marks)
        }
        let table = PageTable(
            columns: [.text("Code"), .text("Title")] + models.map { .number($0.model) },
            rows: codes.indices.map { index in
                [codes[index].target, codes[index].title ?? ""]
                    + spreads[index].enumerated().map { spreadText($1) + publishedText(index, $0) }
            })
        let rest = models.count - drawn.count
        let others: HTML = rest > 0 ? " The other \(rest) models are in the numbers only." : ""
        let isPublished = published.map { table in table.columns.indices.contains { table.isPublished($0) } }
        let beside: HTML =
            isPublished == true ? " In the numbers, published figures stand in parentheses." : ""
        return figure(
            "\(measure.title), code by code",
            "Means over runs; the number is that of the first model.\(others)\(beside)",
            legend(drawn.enumerated().map { ($1.model, .series($0), false) })
                + rowChart(rows, axis: axis, reference: measure.chance), numbers: table)
    }

    /// " (0.79)": the published figure beside that of a code and a model, on a page about an experiment of codes.
    private func publishedText(_ code: Int, _ model: Int) -> String {
        published?.rows[code].cells[model]?.published.map { " (\(fixed($0, 3)))" } ?? ""
    }
}

/// The main measure of every model, group by group, beside what the mean alone would be worth.
private func averagesFigure(_ standings: Standings) -> HTML {
    let kind = standings.kind, main = kind.main, isClasses = kind == .classes
    let mean = standings.scores[0].targets[0].agreement?.ofMean[main]
    let estimates = standings.scores.flatMap { $0.averages.compactMap { $0.scores[main] } }
    let axis =
        isClasses
        ? Scale(main, covering: estimates.map { $0.lower ?? $0.value })
        : Scale(covering: [0, mean?.value ?? 0] + estimates.map { $0.upper ?? $0.value })
    let groups = standings.models[0].groups.map(\.name)
    var rows = groups.indices.flatMap { group in
        standings.models.enumerated().map { index, model in
            ChartRow(
                label: groups.count > 1
                    ? "<b>\(groups[group])</b> <span>\(model.model)</span>" : HTML(model.model),
                value: HTML(spreadText(model.groups[group][main], decimals: main.decimals)),
                marks: marks(standings.runs(of: model), main, group, axis, .series(index)),
                place: index == 0 && group > 0 ? .apart : .plain)
        }
    }
    if let mean {
        rows.append(
            ChartRow(
                label: "predicting the mean", value: estimateText(mean), marks: [dot(mean, axis, .muted)],
                place: .apart))
    }
    let table = PageTable(
        columns: [.text("Model"), .number("Runs")] + (isClasses ? [.text("Codes")] : [])
            + kind.measures.map { .number($0.title) },
        rows: standings.models.flatMap { model in
            model.groups.map { group in
                [model.model, grouped(model.runs.count)] + (isClasses ? [group.name] : [])
                    + kind.measures.map { spreadText(group[$0], decimals: $0.decimals) }
            }
        })
    return figure(
        kind.mainWords.prefix(1).uppercased() + kind.mainWords.dropFirst(),
        """
        A dot for each run, a line at their mean, and the interval of the mean; ± is the standard deviation over runs.
        """,
        rowChart(rows, axis: axis, reference: main.chance), numbers: table)
}

/// A dot for each run of a model, and their mean with its interval.
private func marks(
    _ runs: [ScoredRun], _ measure: Measure, _ group: Int, _ axis: Scale, _ colour: Colour
) -> [HTML] {
    guard let samples = runs.samples(measure, group: group) else { return [] }
    let mean = samples.estimate(confidence: runs[0].scores.confidence)
    guard samples.runs.count > 1 else { return [dot(mean, axis, colour)] }
    return [whisker(mean, axis, colour)] + samples.runs.map { dot(Estimate($0), axis, colour) }
        + [tick(axis.percent(mean.value))]
}

/// Differences between models in the main measure, and on which side of zero the first is better.
func differenceFigure(_ comparisons: [Comparison], _ kind: AnswerKind) -> HTML {
    guard !comparisons.isEmpty else { return HTML() }
    let bounds = comparisons.flatMap {
        [$0.difference.value, $0.difference.lower ?? 0, $0.difference.upper ?? 0].map(abs)
    }
    let most = max(0.05, ((bounds.max() ?? 0) * 20).rounded(.up) / 20)
    let axis = Scale(-most, most)
    let rows = comparisons.map { comparison in
        let isWhole = ["macro", kind.main.title].contains(comparison.group)
        return ChartRow(
            label: """
                \(comparison.first) − \(comparison.second)\
                \(isWhole ? HTML() : " <span>\(comparison.group)</span>")
                """,
            value: """
                \(comparison.difference.value, decimals: 3) \
                <small>\(comparison.p.map { "p \(fixed($0, 3))" } ?? "")</small>
                """,
            marks: [dot(comparison.difference, axis, .first)])
    }
    let table = PageTable(
        columns: [
            .text("First"), .text("Second"), .text("Of"), .number("Difference in \(kind.mainWords)"),
            .number("p"),
        ],
        rows: comparisons.map { comparison in
            [comparison.first, comparison.second] + comparison.line.dropFirst()
        })
    let better: HTML = kind.main.higherIsBetter ? "right" : "left"
    return figure(
        "Differences",
        """
        The first's \(kind.mainWords) less that of the second, on the same resamplings of subjects; \(better) of the line \
        the first is better. p is two-sided and not corrected for the number of comparisons.
        """,
        rowChart(rows, axis: axis, reference: 0), numbers: table)
}
