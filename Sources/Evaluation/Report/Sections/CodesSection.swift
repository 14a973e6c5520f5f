// Code by code: how well each is told, with its interval.

import EchoCore

/// The section on single codes.
func codesSection(_ report: Report) -> PageSection? {
    guard report.isSingle, let scores = report.scores.first, !scores.codes.isEmpty else { return nil }
    return PageSection(
        anchor: "codes", title: "Code by code",
        content: aurocFigure(scores))
}

private func aurocFigure(_ scores: RunScores) -> HTML {
    let bounds = scores.codes.flatMap { code in
        [code.scores.auroc?.value, code.scores.auroc?.lower].compactMap(\.self)
    }
    let axis = Scale(min(0.4, ((bounds.min() ?? 0.4) * 10).rounded(.down) / 10), 1, ticks: 6)
    let sorted = scores.codes.sorted { ($0.scores.auroc?.value ?? -1) > ($1.scores.auroc?.value ?? -1) }
    let rows = sorted.map { code in
        ChartRow(
            label: codeLabel(code.code, code.title), value: estimateText(code.scores.auroc),
            marks: code.scores.auroc.map {
                [
                    bar(from: axis.percent(0.5), to: axis.percent($0.value), Colour.first.soft),
                    dot($0, axis, .first),
                ]
            } ?? [])
    }
    let undefined: HTML =
        scores.macro.undefined.isEmpty
        ? HTML() : " Codes that all or none of the studies have are without one, and left out of the mean."
    return figure(
        "AUROC",
        """
        Bars begin at 0.5, where a coin would be; \(intervalSentence(scores))\(undefined)
        """,
        rowChart(rows, axis: axis, reference: 0.5), numbers: codeTable(scores))
}

/// "I50 Heart failure", the code first.
func codeLabel(_ code: String, _ title: String?) -> HTML {
    title.map { "<b>\(code)</b> <span title=\"\($0)\">\($0)</span>" } ?? "<b>\(code)</b>"
}

/// "0.81 0.73–0.88", the interval smaller.
func estimateText(_ estimate: Estimate?) -> HTML {
    guard let estimate else { return "<small>undefined</small>" }
    guard let lower = estimate.lower, let upper = estimate.upper else {
        return "\(estimate.value, decimals: 2)"
    }
    return "\(estimate.value, decimals: 2) <small>\(lower, decimals: 2)–\(upper, decimals: 2)</small>"
}

/// What the whiskers are.
func intervalSentence(_ scores: RunScores) -> HTML {
    scores.bootstrap < 2
        ? "no intervals were computed."
        : """
        lines are \(percentage(scores.confidence)) intervals over \(scores.bootstrap) resamplings of the subjects.
        """
}

private func codeTable(_ scores: RunScores) -> PageTable {
    PageTable(
        columns: [.text("Code"), .text("Title"), .number("Studies"), .number("Positive")]
            + Measure.allCases.map { .number($0.title) },
        rows: scores.codes.map { code in
            [code.code, code.title ?? "", grouped(code.studies), grouped(code.positives)]
                + Measure.allCases.map { intervalText(code.scores[$0]) }
        })
}
