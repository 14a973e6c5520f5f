// Measured against true: the scatter, and how far apart the two are along their mean.

import EchoCore

/// The section on a measured quantity; nil for a page about none.
func measurementSection(_ report: Report) -> PageSection? {
    guard let first = report.measured.first else { return nil }
    let content =
        report.measured.count == 1
        ? scatterFigure(first) + agreementFigure(first)
        : errorFigure(report.measured)
            + differenceFigure(report.comparisons, "mean absolute error", better: "left")
    return PageSection(anchor: "measured", title: quantityTitle(first.scores.quantity), content: content)
}

/// What a quantity is called in a heading.
func quantityTitle(_ name: String) -> String { name == "EF" ? "Ejection fraction" : name }

private func unit(_ name: String) -> String { name == "EF" ? "EF, %" : name }

private func scatterFigure(_ run: ScoredMeasurements) -> HTML {
    let rows = run.measurements.rows, scores = run.scores
    let axis = Scale(covering: rows.flatMap { [$0.truth, $0.prediction] })
    let plot = Plot(
        title: "Predicted against true \(unit(scores.quantity))", xTitle: "true", x: axis, y: axis,
        series: [
            Series(
                name: "studies", colour: .first, style: .points,
                points: rows.map { ($0.truth, $0.prediction) })
        ], guides: [.diagonal], isSquare: true)
    let errors = rowChart(
        [
            ("MAE", scores.mae, scores.meanMAE), ("RMSE", scores.rmse, scores.meanRMSE),
        ].flatMap { name, model, mean in
            let axis = Scale(0, (max(model.upper ?? model.value, mean.upper ?? mean.value) * 1.05))
            return [
                ChartRow(
                    label: "<b>\(name)</b>", value: estimateText(model), marks: [dot(model, axis, .first)],
                    place: name == "RMSE" ? .apart : .plain),
                ChartRow(
                    label: "the mean’s", value: estimateText(mean), marks: [dot(mean, axis, .muted)],
                    place: .part),
            ]
        }, axis: nil)
    return figure(
        "Predicted and true",
        """
        One point a study; on the dashed line the two are equal. \(measurementSentence(scores))
        """,
        "<div class=\"plots\">\n\(plot.html)<div>\(errors)</div></div>\n",
        numbers: PageTable(
            columns: [.text(""), .number("Model"), .number("Predicting the mean")],
            rows: [
                ["MAE", intervalText(scores.mae, decimals: 2), intervalText(scores.meanMAE, decimals: 2)],
                ["RMSE", intervalText(scores.rmse, decimals: 2), intervalText(scores.meanRMSE, decimals: 2)],
                ["R²", intervalText(scores.r2), fixed(0, 3)],
            ]))
}

private func measurementSentence(_ scores: MeasurementScores) -> HTML {
    scores.bootstrap < 2
        ? "No intervals were computed."
        : "Lines are \(percentage(scores.confidence)) intervals over \(scores.bootstrap) resamplings of the subjects."
}

/// Bland and Altman (1986).
private func agreementFigure(_ run: ScoredMeasurements) -> HTML {
    let scores = run.scores
    let points = run.measurements.rows.map { (($0.truth + $0.prediction) / 2, $0.prediction - $0.truth) }
    let plot = Plot(
        title: "Predicted less true \(unit(scores.quantity))", xTitle: "mean of predicted and true",
        x: Scale(covering: points.map(\.0)),
        y: Scale(covering: points.map(\.1) + [scores.lowerLimit, scores.upperLimit, 0]),
        series: [Series(name: "studies", colour: .first, style: .points, points: points)],
        guides: [scores.bias, scores.lowerLimit, scores.upperLimit].map { .horizontal($0) })
    return figure(
        "Agreement",
        """
        Dashed are the mean difference, \(scores.bias, decimals: 2), and the limits of agreement, \
        \(scores.lowerLimit, decimals: 2) to \(scores.upperLimit, decimals: 2): 1.96 standard deviations around it.
        """,
        plot.html,
        numbers: PageTable(
            columns: [.text(""), .number("Predicted − true")],
            rows: [
                ["mean", fixed(scores.bias, 2)], ["lower limit", fixed(scores.lowerLimit, 2)],
                ["upper limit", fixed(scores.upperLimit, 2)],
            ]))
}

private func errorFigure(_ runs: [ScoredMeasurements]) -> HTML {
    let models = runs.models
    let mean = runs[0].scores.meanMAE
    let values = [mean.value, 0] + runs.map { $0.scores.mae.upper ?? $0.scores.mae.value }
    let axis = Scale(covering: values)
    var rows = models.enumerated().map { index, model in
        let mine = runs.filter { $0.scores.modelName == model.model }
        let estimate = mine.samples(.mae)!.estimate(confidence: runs[0].scores.confidence)
        return ChartRow(
            label: HTML(model.model), value: HTML(spreadText(model.mae, decimals: 2)),
            marks: [dot(estimate, axis, .series(index))])
    }
    rows.append(
        ChartRow(
            label: "predicting the mean", value: estimateText(mean), marks: [dot(mean, axis, .muted)],
            place: .apart))
    return figure(
        "Mean absolute error", "Means over runs with their intervals; ± is the standard deviation over runs.",
        rowChart(rows, axis: axis),
        numbers: PageTable(
            columns: [.text("Model"), .number("Runs"), .number("MAE"), .number("RMSE"), .number("R²")],
            rows: models.map { model in
                [model.model, "\(model.runs.count)"]
                    + ErrorMeasure.allCases.map { spreadText(model[$0], decimals: $0.decimals) }
            }))
}
