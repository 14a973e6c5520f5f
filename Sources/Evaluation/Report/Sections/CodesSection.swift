// Code by code: how well each is told, with its interval.

import EchoCore

/// The section on single codes.
func codesSection(_ report: Report) -> PageSection? {
    guard report.isSingle, let scores = report.scores.first, !scores.codes.isEmpty else { return nil }
    return PageSection(
        anchor: "codes", title: "Code by code",
        content: aurocFigure(scores) + precisionFigure(scores) + f1Figure(scores))
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

private func precisionFigure(_ scores: RunScores) -> HTML {
    let axis = Scale(0, 1)
    let sorted = scores.codes.sorted {
        ($0.scores.averagePrecision?.value ?? -1) > ($1.scores.averagePrecision?.value ?? -1)
    }
    let rows = sorted.map { code in
        let share = Double(code.positives) / Double(code.studies)
        return ChartRow(
            label: codeLabel(code.code, code.title), value: estimateText(code.scores.averagePrecision),
            marks: measured(code.scores.averagePrecision, axis, .third, chance: share))
    }
    let table = PageTable(
        columns: [
            .text("Code"), .number("Studies"), .number("Positive"), .number("Prevalence"),
            .number(Measure.averagePrecision.title),
        ],
        rows: scores.codes.map { code in
            [
                code.code, grouped(code.studies), grouped(code.positives),
                fixed(Double(code.positives) / Double(code.studies), 3),
                intervalText(code.scores.averagePrecision),
            ]
        })
    return figure(
        Measure.averagePrecision.title,
        "The area under the precision–recall curve. The short line is the code's prevalence, where a coin would be.",
        rowChart(rows, axis: axis), numbers: table)
}

private func f1Figure(_ scores: RunScores) -> HTML {
    let axis = Scale(0, 1)
    let sorted = scores.codes.sorted { ($0.scores.f1?.value ?? -1) > ($1.scores.f1?.value ?? -1) }
    let rows = sorted.map { code in
        let always = 2 * Double(code.positives) / Double(code.studies + code.positives)
        return ChartRow(
            label: codeLabel(code.code, code.title), value: estimateText(code.scores.f1),
            marks: measured(code.scores.f1, axis, .second, chance: always))
    }
    return figure(
        "F1",
        """
        At probability \(scores.threshold, decimals: 2). The short line marks what a model reaches that gives every \
        study the code: no merit of a model, but what a common code brings along.
        """,
        rowChart(rows, axis: axis), numbers: confusionTable(scores))
}

/// A bar from zero, what chance would give as a short line, and the number with its interval.
private func measured(_ estimate: Estimate?, _ axis: Scale, _ colour: Colour, chance: Double) -> [HTML] {
    let line = tick(axis.percent(chance))
    guard let estimate else { return [line] }
    return [bar(from: 0, to: axis.percent(estimate.value), colour.soft), line, dot(estimate, axis, colour)]
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

private func confusionTable(_ scores: RunScores) -> PageTable {
    PageTable(
        columns: [
            .text("Code"), .number("True positives"), .number("False positives"), .number("False negatives"),
            .number("True negatives"), .number("Precision"), .number("Recall"), .number("Specificity"),
            .number("F1"),
        ],
        rows: scores.codes.map { code in
            let counts = code.confusion
            return [code.code]
                + [
                    counts.truePositives, counts.falsePositives, counts.falseNegatives, counts.trueNegatives,
                ].map(grouped) + [code.precision, code.recall, code.specificity].map { fixed($0, 3) }
                + [intervalText(code.scores.f1)]
        })
}
