// Measured against true: the scatter, how far apart the two are along their mean, and of grades how they are told apart.

import Catalog
import EchoCore
import Scoring
import Tasks

/// The section on the quantities that one run measured.
struct MeasurementSection: ReportSection {
    static let anchor: StaticString = "measured"
    static let showsAnswers = true
    static let isForOutsiders = true
    private let measured: [Measured]

    init?(_ subject: ReportSubject) {
        measured = subject.single.compactMap(Measured.init)
        if measured.isEmpty { return nil }
    }

    var title: String { measured.map(\.quantity.title).joined(separator: ", ") }
    var content: HTML { HTML(measured.map { $0.scatter + $0.agreement + $0.grades }) }
}

/// One quantity.
private struct Measured {
    let quantity: Quantity
    private let scores: RunScores, target: TargetScores, found: Agreement
    private let rows: [Answers.Row]

    init?(_ run: ScoredRun) {
        guard let quantity = run.answers.kind.measured, let target = run.scores.targets.first,
            let found = target.agreement
        else { return nil }
        (self.quantity, self.target, self.found) = (quantity, target, found)
        (scores, rows) = (run.scores, run.answers.rows)
    }

    /// "EF, %".
    private var words: String { [quantity.name, quantity.unit].compactMap(\.self).joined(separator: ", ") }

    var scatter: HTML {
        let axis = Scale(covering: rows.flatMap { [$0.truth, $0.answer] })
        let plot = Plot(
            title: "Predicted against true \(words)", xTitle: "true", x: axis, y: axis,
            series: [
                Series(
                    name: "studies", colour: .first, style: .points,
                    points: rows.map { ($0.truth, $0.answer) })
            ], guides: [.diagonal], isSquare: true)
        let errors = scores.kind.errors.enumerated().flatMap { index, measure -> [ChartRow] in
            guard let model = target.scores[measure], let mean = found.ofMean[measure] else { return [] }
            let axis = Scale(0, (max(model.upper ?? model.value, mean.upper ?? mean.value) * 1.05))
            return [
                ChartRow(
                    label: "<b>\(measure.title)</b>", value: estimateText(model),
                    marks: [dot(model, axis, .first)], place: index > 0 ? .apart : .plain),
                ChartRow(
                    label: "the mean’s", value: estimateText(mean), marks: [dot(mean, axis, .muted)],
                    place: .part),
            ]
        }
        let intervals: HTML =
            scores.bootstrap < 2
            ? "No intervals were computed."
            : "Lines are \(percentage(scores.confidence)) intervals over \(scores.bootstrap) resamplings of the subjects."
        return figure(
            "Predicted and true",
            """
            \(rows.isEmpty ? HTML() : "One point a study; on the dashed line the two are equal. ")\(intervals)
            """,
            rows.isEmpty
                ? rowChart(errors, axis: nil)
                : "<div class=\"plots\">\n\(plot.html)<div>\(rowChart(errors, axis: nil))</div></div>\n",
            numbers: PageTable(
                columns: [.text(""), .number("Model"), .number("Predicting the mean")],
                rows: scores.kind.measures.map { measure in
                    [
                        measure.title, intervalText(target.scores[measure], decimals: measure.decimals),
                        target.ofMean(measure),
                    ]
                }))
    }

    /// The area under the ROC curve from each grade on, and truths against answers, each counted as the nearest grade.
    var grades: HTML {
        guard let counts = target.gradeCounts else { return HTML() }
        let thresholds = scores.kind.thresholds, grades = quantity.grades
        let bounds = thresholds.compactMap { target.scores[$0].map { $0.lower ?? $0.value } }
        let axis = Scale(.auroc, covering: bounds)
        let rows = thresholds.map { measure in
            let estimate = target.scores[measure]
            return ChartRow(
                label: "<b>\(measure.grade?.name ?? "")</b> or more", value: estimateText(estimate),
                marks: estimate.map { [dot($0, axis, .first)] } ?? [])
        }
        let head: [HTML] = grades.map { "<th class=\"n\">\($0.name)</th>" }
        let body: [HTML] = counts.indices.map { truth in
            let cells: [HTML] = counts[truth].enumerated().map { answer, count in
                answer == truth
                    ? "<td class=\"n best\">\(grouped(count))</td>" : "<td class=\"n\">\(grouped(count))</td>"
            }
            return "<tr><td>\(grades[truth].name)</td>\(cells)</tr>\n"
        }
        let table: HTML = """
            <div class="scroll"><table><thead><tr><th>true, down; predicted, across</th>\(head)</tr></thead><tbody>
            \(body)</tbody></table></div>

            """
        return figure(
            "Grades",
            """
            How well \(quantity.title) of a grade or more is told from less (AUROC; \(intervalSentence(scores)) Below, \
            studies by their true grade and the one nearest to what was predicted; quadratic κ \
            \(intervalText(target.scores[.kappa])).
            """,
            rowChart(rows, axis: axis, reference: 0.5) + table,
            numbers: PageTable(
                columns: [.text("Grade"), .number("Studies"), .number("AUROC, it or more")],
                rows: grades.indices.map { grade in
                    [
                        grades[grade].name, grouped(counts[grade].reduce(0, +)),
                        grade == 0 ? "" : intervalText(target.scores[thresholds[grade - 1]]),
                    ]
                }))
    }

    /// Bland and Altman (1986).
    var agreement: HTML {
        let points = rows.map { (($0.truth + $0.answer) / 2, $0.answer - $0.truth) }
        let decimals = quantity.decimals
        let plot = Plot(
            title: "Predicted less true \(words)", xTitle: "mean of predicted and true",
            x: Scale(covering: points.map(\.0)),
            y: Scale(covering: points.map(\.1) + [found.lowerLimit, found.upperLimit, 0]),
            series: [Series(name: "studies", colour: .first, style: .points, points: points)],
            guides: [found.bias, found.lowerLimit, found.upperLimit].map { .horizontal($0) })
        return figure(
            "Agreement",
            """
            \(rows.isEmpty ? "The" : "Dashed are the") mean difference, \(found.bias, decimals: decimals), and the limits of agreement, \
            \(found.lowerLimit, decimals: decimals) to \(found.upperLimit, decimals: decimals): \
            1.96 standard deviations around it.
            """,
            rows.isEmpty ? HTML() : plot.html,
            numbers: PageTable(
                columns: [.text(""), .number("Predicted − true")],
                rows: [
                    ["mean", fixed(found.bias, decimals)],
                    ["lower limit", fixed(found.lowerLimit, decimals)],
                    ["upper limit", fixed(found.upperLimit, decimals)],
                ]))
    }
}
