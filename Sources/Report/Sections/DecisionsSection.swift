// What the probabilities are worth: whether they come true, and what becomes of decisions made with them.

import EchoCore
import Scoring
import Tasks

/// The section on probabilities and decisions.
struct DecisionsSection: ReportSection {
    static let anchor: StaticString = "decisions"
    static let showsAnswers = true
    static let isForOutsiders = true
    let title = "Decisions"
    /// Of each head that answers in classes.
    private let heads: [DecisionFigures]

    init?(_ subject: ReportSubject) {
        heads = subject.single.filter { $0.answers.kind == .classes }.map {
            DecisionFigures(scores: $0.scores, answers: $0.answers)
        }
        if heads.isEmpty { return nil }
    }

    var content: HTML { HTML(heads.map(\.drawn)) }
}

/// The figures of one head.
private struct DecisionFigures {
    let scores: RunScores, answers: Answers

    var drawn: HTML {
        let calibration = scores.calibration.map(calibrationFigure) ?? HTML()
        return f1Figure + precisionFigure + recallFigure() + calibration
    }

    private func calibrationFigure(_ calibration: Calibration) -> HTML {
        let bins = calibration.bins
        let reliability = Plot(
            title: "Share of positives against mean probability", xTitle: "mean probability", x: Scale(0, 1),
            y: Scale(0, 1),
            series: [
                Series(
                    name: "bins", colour: .first, style: .line,
                    points: bins.map { ($0.predicted, $0.observed) }),
                Series(
                    name: "bins", colour: .first, style: .points,
                    points: bins.map { ($0.predicted, $0.observed) }
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
            scores.titled("Calibration"),
            """
            All codes together, in tenths of probability. On the dashed line what is said comes true as often as it is said. \
            Expected calibration error \(calibration.error, decimals: 3), macro Brier score \
            \(intervalText(scores.macro.scores[.brier])).
            """,
            "<div class=\"plots\">\n\(reliability.html)<div>\(rowChart(rows, axis: nil))</div></div>\n",
            numbers: table)
    }

    /// Curves of the codes that are told best and have at least ten positives.
    private func recallFigure(most count: Int = 6) -> HTML {
        let chosen = scores.bestTold.prefix(count).filter { !answers[$0.code.target].isEmpty }
        guard !chosen.isEmpty else { return HTML() }
        var table: [[String]] = []
        let plots: [HTML] = chosen.map { code, decisions in
            let rows = answers[code.target]
            let ranked = RankedScores(labels: rows.map(\.isPositive), scores: rows.map(\.answer))
            var positives = 0, seen = 0, points: [(x: Double, y: Double)] = []
            ranked.visitTies { tiedPositives, tiedNegatives in
                positives += tiedPositives
                seen += tiedPositives + tiedNegatives
                points.append(
                    (Double(positives) / Double(decisions.positives), Double(positives) / Double(seen)))
            }
            for tenth in 1...10 {
                guard let point = points.first(where: { $0.x >= Double(tenth) / 10 }) else { continue }
                table.append([code.target, fixed(Double(tenth) / 10, 1), fixed(point.y, 3)])
            }
            let share = Double(decisions.positives) / Double(code.studies)
            return Plot(
                title: "\(code.target) \(code.title ?? "")", xTitle: "recall", x: Scale(0, 1, ticks: 3),
                y: Scale(0, 1, ticks: 3),
                series: [Series(name: code.target, colour: .third, style: .line, points: points)],
                guides: [.horizontal(share)], isSquare: true
            ).html
        }
        return figure(
            scores.titled("Precision against recall"),
            "The codes that are told best, of those with enough positives; dashed is the code's prevalence.",
            "<div class=\"plots small\">\n\(plots)</div>\n",
            numbers: PageTable(
                columns: [.text("Code"), .number("Recall of at least"), .number("Precision")], rows: table))
    }

    private var precisionFigure: HTML {
        let axis = Scale(0, 1)
        let sorted = scores.classes.sorted {
            ($0.code.scores[.averagePrecision]?.value ?? -1)
                > ($1.code.scores[.averagePrecision]?.value ?? -1)
        }
        let rows = sorted.map { code, decisions in
            let share = Double(decisions.positives) / Double(code.studies)
            return ChartRow(
                label: codeLabel(code.target, code.title),
                value: estimateText(code.scores[.averagePrecision]),
                marks: bar(code.scores[.averagePrecision], axis, .third, chance: share))
        }
        let table = PageTable(
            columns: [
                .text("Code"), .number("Studies"), .number("Positive"), .number("Prevalence"),
                .number(Measure.averagePrecision.title),
            ],
            rows: scores.classes.map { code, decisions in
                [
                    code.target, grouped(code.studies), grouped(decisions.positives),
                    fixed(Double(decisions.positives) / Double(code.studies), 3),
                    intervalText(code.scores[.averagePrecision]),
                ]
            })
        return figure(
            scores.titled(Measure.averagePrecision.title),
            "The area under the precision–recall curve. The short line is the code's prevalence, where a coin would be.",
            rowChart(rows, axis: axis), numbers: table)
    }

    private var f1Figure: HTML {
        let axis = Scale(0, 1)
        let sorted = scores.classes.sorted {
            ($0.code.scores[.f1]?.value ?? -1) > ($1.code.scores[.f1]?.value ?? -1)
        }
        let rows = sorted.map { code, decisions in
            let always = 2 * Double(decisions.positives) / Double(code.studies + decisions.positives)
            return ChartRow(
                label: codeLabel(code.target, code.title), value: estimateText(code.scores[.f1]),
                marks: bar(code.scores[.f1], axis, .second, chance: always))
        }
        return figure(
            scores.titled("F1"),
            """
            \(scores.threshold.map { "At probability \(fixed($0, 2))" } ?? "At the probability that was best on validation"). \
            The short line marks what a model reaches that gives every \
            study the code: no merit of a model, but what a common code brings along.
            """,
            rowChart(rows, axis: axis), numbers: confusionTable)
    }

    private var confusionTable: PageTable {
        PageTable(
            columns: [
                .text("Code"), .number("Threshold"), .number("True positives"), .number("False positives"),
                .number("False negatives"),
                .number("True negatives"), .number("Precision"), .number("Recall"), .number("Specificity"),
                .number("F1"),
            ],
            rows: scores.classes.map { code, decisions in
                let counts = decisions.confusion
                return [code.target, fixed(decisions.threshold, 3)]
                    + [
                        counts.truePositives, counts.falsePositives, counts.falseNegatives,
                        counts.trueNegatives,
                    ].map(grouped)
                    + [counts.precision, counts.recall, counts.specificity].map { fixed($0, 3) }
                    + [intervalText(code.scores[.f1])]
            })
    }
}

/// A bar from zero, what chance would give as a short line, and the number with its interval.
private func bar(_ estimate: Estimate?, _ axis: Scale, _ colour: Colour, chance: Double) -> [HTML] {
    let line = tick(axis.percent(chance))
    guard let estimate else { return [line] }
    return [bar(from: 0, to: axis.percent(estimate.value), colour.soft), line, dot(estimate, axis, colour)]
}

extension RunScores {
    /// The classes with enough positives to see something of them, the best told first.
    var bestTold: [(code: TargetScores, decisions: Decisions)] {
        classes.filter { code, decisions in
            decisions.positives >= min(10, code.studies / 4) && code.scores[.auroc] != nil
        }.sorted { $0.code.scores[.auroc]!.value > $1.code.scores[.auroc]!.value }
    }
}
