// What the probabilities are worth: whether they come true, and what becomes of decisions made with them.

import EchoCore

/// The section on probabilities and decisions.
func decisionsSection(_ report: Report) -> PageSection? {
    guard report.isSingle, let run = report.runs.first, !run.scores.codes.isEmpty else { return nil }
    return PageSection(
        anchor: "decisions", title: "Decisions",
        content: f1Figure(run.scores) + precisionFigure(run.scores) + recallFigure(run)
            + calibrationFigure(run.scores))
}

private func calibrationFigure(_ scores: RunScores) -> HTML {
    let bins = scores.calibration.bins
    let reliability = Plot(
        title: "Share of positives against mean probability", xTitle: "mean probability", x: Scale(0, 1),
        y: Scale(0, 1),
        series: [
            Series(
                name: "bins", colour: .first, style: .line, points: bins.map { ($0.predicted, $0.observed) }),
            Series(
                name: "bins", colour: .first, style: .points, points: bins.map { ($0.predicted, $0.observed) }
            ),
        ], guides: [.diagonal], isSquare: true)
    let most = Double(bins.map(\.count).max() ?? 1)
    let rows = bins.map { bin in
        ChartRow(
            label: "around \(bin.predicted, decimals: 2)", value: "\(bin.count)",
            marks: [bar(from: 0, to: 100 * Double(bin.count) / most, Colour.first.soft)])
    }
    let table = PageTable(
        columns: [.number("Answers"), .number("Mean probability"), .number("Share of positives")],
        rows: bins.map { [grouped($0.count), fixed($0.predicted, 3), fixed($0.observed, 3)] })
    return figure(
        "Calibration",
        """
        All codes together, in tenths of probability. On the dashed line what is said comes true as often as it is said. \
        Expected calibration error \(scores.calibration.error, decimals: 3), macro Brier score \
        \(intervalText(scores.macro.scores.brier)).
        """,
        "<div class=\"plots\">\n\(reliability.html)<div>\(rowChart(rows, axis: nil))</div></div>\n",
        numbers: table)
}

/// Curves of the codes that are told best and have at least ten positives.
private func recallFigure(_ run: ScoredRun, most count: Int = 6) -> HTML {
    let chosen = run.scores.codes.filter { $0.positives >= min(10, $0.studies / 4) && $0.scores.auroc != nil }
        .sorted { $0.scores.auroc!.value > $1.scores.auroc!.value }.prefix(count)
    guard !chosen.isEmpty else { return HTML() }
    var table: [[String]] = []
    let plots: [HTML] = chosen.map { code in
        let rows = run.predictions[code.code]
        let ranked = RankedScores(labels: rows.map(\.label), scores: rows.map(\.probability))
        var positives = 0, seen = 0, points: [(x: Double, y: Double)] = []
        ranked.visitTies { tiedPositives, tiedNegatives in
            positives += tiedPositives
            seen += tiedPositives + tiedNegatives
            points.append((Double(positives) / Double(code.positives), Double(positives) / Double(seen)))
        }
        for tenth in 1...10 {
            guard let point = points.first(where: { $0.x >= Double(tenth) / 10 }) else { continue }
            table.append([code.code, fixed(Double(tenth) / 10, 1), fixed(point.y, 3)])
        }
        let share = Double(code.positives) / Double(code.studies)
        return Plot(
            title: "\(code.code) \(code.title ?? "")", xTitle: "recall", x: Scale(0, 1, ticks: 3),
            y: Scale(0, 1, ticks: 3),
            series: [Series(name: code.code, colour: .third, style: .line, points: points)],
            guides: [.horizontal(share)], isSquare: true
        ).html
    }
    return figure(
        "Precision against recall",
        "The codes that are told best, of those with enough positives; dashed is the code's prevalence.",
        "<div class=\"plots small\">\n\(plots)</div>\n",
        numbers: PageTable(
            columns: [.text("Code"), .number("Recall of at least"), .number("Precision")], rows: table))
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
        \(scores.threshold.map { "At probability \(fixed($0, 2))" } ?? "At the probability that was best on validation"). \
        The short line marks what a model reaches that gives every \
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

private func confusionTable(_ scores: RunScores) -> PageTable {
    PageTable(
        columns: [
            .text("Code"), .number("Threshold"), .number("True positives"), .number("False positives"),
            .number("False negatives"),
            .number("True negatives"), .number("Precision"), .number("Recall"), .number("Specificity"),
            .number("F1"),
        ],
        rows: scores.codes.map { code in
            let counts = code.confusion
            return [code.code, fixed(code.threshold, 3)]
                + [
                    counts.truePositives, counts.falsePositives, counts.falseNegatives, counts.trueNegatives,
                ].map(grouped) + [code.precision, code.recall, code.specificity].map { fixed($0, 3) }
                + [intervalText(code.scores.f1)]
        })
}
