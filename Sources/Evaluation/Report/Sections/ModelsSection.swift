// Several runs side by side: means over seeds, differences between models, and every code.

import EchoCore

/// The section that compares models; nil for a page about one run.
func modelsSection(_ report: Report) -> PageSection? {
    guard !report.isSingle, !report.models.isEmpty else { return nil }
    var content = macroFigure(report)
    if !report.comparisons.isEmpty {
        content += differenceFigure(report.comparisons, "macro AUROC", better: "right")
    }
    return PageSection(
        anchor: "models", title: "Models", content: content + codesFigure(report))
}

private func macroFigure(_ report: Report) -> HTML {
    let values = report.scores.flatMap {
        $0.averages.compactMap { $0.scores.auroc?.lower ?? $0.scores.auroc?.value }
    }
    let axis = Scale(min(0.4, ((values.min() ?? 0.4) * 10).rounded(.down) / 10), 1, ticks: 6)
    let groups = report.models[0].groups.map(\.name)
    let rows = groups.indices.flatMap { group in
        report.models.enumerated().map { index, model in
            let mine = report.scores.filter { $0.modelName == model.model }
            let estimates = mine.compactMap { $0.averages[group].scores.auroc }
            let dots = estimates.map {
                dot(estimates.count == 1 ? $0 : Estimate($0.value), axis, .series(index))
            }
            let mean = estimates.count > 1 ? Metrics.mean(estimates.map(\.value)) : nil
            return ChartRow(
                label: groups.count > 1
                    ? "<b>\(groups[group])</b> <span>\(model.model)</span>" : HTML(model.model),
                value: HTML(spreadText(model.groups[group].auroc)),
                marks: dots + (mean.map { [tick(axis.percent($0))] } ?? []),
                place: index == 0 && group > 0 ? .apart : .plain)
        }
    }
    let columns: [(String, (ModelScores.Group) -> Spread?)] = [
        ("AUROC", \.auroc), ("F1", \.f1), ("Average precision", \.averagePrecision), ("Brier score", \.brier),
    ]
    let table = PageTable(
        columns: [.text("Model"), .number("Runs"), .text("Codes")] + columns.map { .number($0.0) },
        rows: report.models.flatMap { model in
            model.groups.map { group in
                [model.model, grouped(model.runs.count), group.name] + columns.map { spreadText($0.1(group)) }
            }
        })
    return figure(
        "Macro AUROC",
        """
        A dot for each run and a line at their mean; ± is the standard deviation over runs. A model of one run has \
        its interval instead.
        """,
        rowChart(rows, axis: axis, reference: 0.5), numbers: table)
}

/// Differences between models in one measure, and on which side of zero the first is better.
func differenceFigure(_ comparisons: [Comparison], _ measure: String, better: String) -> HTML {
    guard !comparisons.isEmpty else { return HTML() }
    let bounds = comparisons.flatMap {
        [$0.difference.value, $0.difference.lower ?? 0, $0.difference.upper ?? 0].map(abs)
    }
    let most = max(0.05, ((bounds.max() ?? 0) * 20).rounded(.up) / 20)
    let axis = Scale(-most, most)
    let rows = comparisons.map { comparison in
        ChartRow(
            label: """
                \(comparison.first) − \(comparison.second)\
                \(["macro", "AUROC", "MAE"].contains(comparison.group) ? HTML() : " <span>\(comparison.group)</span>")
                """,
            value: """
                \(comparison.difference.value, decimals: 3) \
                <small>\(comparison.p.map { "p \(fixed($0, 3))" } ?? "")</small>
                """,
            marks: [dot(comparison.difference, axis, .first)])
    }
    let table = PageTable(
        columns: [
            .text("First"), .text("Second"), .text("Of"), .number("Difference in \(measure)"),
            .number("p"),
        ],
        rows: comparisons.map { comparison in
            [
                comparison.first, comparison.second, comparison.group, intervalText(comparison.difference),
                comparison.p.map { fixed($0, 3) } ?? "–",
            ]
        })
    return figure(
        "Differences",
        """
        The first's \(measure) less that of the second, on the same resamplings of subjects; \(better) of the line \
        the first is better. p is two-sided and not corrected for the number of comparisons.
        """,
        rowChart(rows, axis: axis, reference: 0), numbers: table)
}

/// More models than colours cannot be told apart: the first are drawn, which are an experiment's in full, and the
/// numbers are of all.
private func codesFigure(_ report: Report) -> HTML {
    let drawn = report.models.prefix(Colour.seriesCount)
    let codes = report.scores[0].codes
    func mean(_ code: String, _ model: ModelScores) -> Spread? {
        Spread(
            report.scores.filter { $0.modelName == model.model }.compactMap { run in
                run.codes.first { $0.code == code }?.scores[report.measure]?.value
            })
    }
    let spreads = codes.map { code in report.models.map { mean(code.code, $0) } }
    let low = spreads.joined().compactMap { $0?.mean }.min() ?? 0.4
    let axis = Scale(min(report.measure == .auroc ? 0.4 : 0, (low * 10).rounded(.down) / 10), 1, ticks: 6)
    let order = codes.indices.sorted { (spreads[$0][0]?.mean ?? -1) > (spreads[$1][0]?.mean ?? -1) }
    let rows = order.map { index in
        let marks: [HTML] = spreads[index].prefix(drawn.count).enumerated().map { model, spread in
            spread.map { dot(Estimate($0.mean), axis, .series(model)) } ?? HTML()
        }
        return ChartRow(
            label: codeLabel(codes[index].code, codes[index].title),
            value: HTML(spreads[index][0].map { fixed($0.mean, 2) } ?? "–"), marks: marks)
    }
    let table = PageTable(
        columns: [.text("Code"), .text("Title")] + report.models.map { .number($0.model) },
        rows: codes.indices.map { index in
            [codes[index].code, codes[index].title ?? ""]
                + spreads[index].enumerated().map { spreadText($1) + published(index, $0, report) }
        })
    let rest = report.models.count - drawn.count
    let others: HTML = rest > 0 ? " The other \(rest) models are in the numbers only." : ""
    let isPublished = report.results.map { results in
        results.columns.indices.contains { results.isPublished($0) }
    }
    let beside: HTML = isPublished == true ? " In the numbers, published figures stand in parentheses." : ""
    return figure(
        "\(report.measure.title), code by code",
        "Means over runs; the number is that of the first model.\(others)\(beside)",
        legend(drawn.enumerated().map { ($1.model, .series($0), false) })
            + rowChart(rows, axis: axis, reference: report.measure == .auroc ? 0.5 : nil), numbers: table)
}

/// " (0.79)": the published figure beside that of a code and a model, on a page about an experiment of codes.
private func published(_ code: Int, _ model: Int, _ report: Report) -> String {
    guard let results = report.results, results.ranksColumns else { return "" }
    return results.rows[code].cells[model]?.published.map { " (\(fixed($0, 3)))" } ?? ""
}
