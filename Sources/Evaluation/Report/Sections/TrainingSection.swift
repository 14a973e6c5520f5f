// How the model came to be: losses over the steps, and what pre-training learned to fill in.

import EchoCore

/// The section of loss curves.
func trainingSection(_ report: Report) -> PageSection? {
    let histories = report.histories.filter { !$0.training.isEmpty || !$0.validation.isEmpty }
    guard !histories.isEmpty else { return nil }
    return PageSection(
        anchor: "training", title: "Training", content: HTML(histories.map(curveFigure)))
}

private func curveFigure(_ history: TrainingHistory) -> HTML {
    let training = thinned(history.training), validation = history.validation
    let steps = (history.training + validation + history.scores).map { Double($0.step) }
    let x = Scale(0, steps.max() ?? 1)
    func points(_ list: [TrainingHistory.Point]) -> [(x: Double, y: Double)] {
        list.map { (Double($0.step), $0.value) }
    }
    var plots = Plot(
        title: history.lossName, xTitle: "step", x: x,
        y: Scale(covering: (training + validation).map(\.value)),
        series: [
            Series(name: "training", colour: .first, style: .line, points: points(training)),
            Series(name: "validation", colour: .second, style: .line, points: points(validation)),
        ]
    ).html
    if !history.scores.isEmpty {
        plots +=
            Plot(
                title: history.scoreName, xTitle: "step", x: x,
                y: Scale(covering: history.scores.map(\.value) + (history.ignorance.map { [$0] } ?? [])),
                series: [
                    Series(name: "validation", colour: .second, style: .line, points: points(history.scores))
                ], guides: history.ignorance.map { [.horizontal($0)] } ?? []
            ).html
    }
    let key = legend([("training", .first, false), ("validation", .second, false)])
    return figure(
        history.name,
        history.training.count > training.count
            ? "Each point of the training curve is a mean over neighbouring steps."
            : "A point for each step.",
        key + "<div class=\"plots\">\n\(plots)</div>\n", numbers: epochTable(history))
}

/// At most `count` points: each the mean of its neighbours.
func thinned(_ points: [TrainingHistory.Point], to count: Int = 200) -> [TrainingHistory.Point] {
    guard points.count > count else { return points }
    return (0..<count).map { part in
        let slice = points[part * points.count / count..<(part + 1) * points.count / count]
        let value = slice.reduce(0) { $0 + $1.value } / Double(slice.count)
        return TrainingHistory.Point(epoch: slice.last!.epoch, step: slice.last!.step, value: value)
    }
}

/// A line an epoch: the mean training loss and the last validation's results.
private func epochTable(_ history: TrainingHistory) -> PageTable {
    let losses = Dictionary(grouping: history.training, by: \.epoch)
    let validation = Dictionary(history.validation.map { ($0.epoch, $0.value) }) { $1 }
    let scores = Dictionary(history.scores.map { ($0.epoch, $0.value) }) { $1 }
    let epochs = Set(losses.keys).union(validation.keys).union(scores.keys).sorted()
    return PageTable(
        columns: [.number("Epoch"), .number("Training loss"), .number("Validation loss")]
            + (scores.isEmpty ? [] : [.number(history.scoreName)]),
        rows: epochs.map { epoch in
            let mean = Metrics.mean(losses[epoch, default: []].map(\.value))
            let row = [grouped(epoch)] + [mean, validation[epoch]].map { $0.map { fixed($0, 4) } ?? "–" }
            return scores.isEmpty ? row : row + [scores[epoch].map { fixed($0, 3) } ?? "–"]
        })
}

/// The section of reconstructions.
func reconstructionSection(_ report: Report) -> PageSection? {
    guard let last = report.reconstructions.last else { return nil }
    let pictures: [HTML] = report.reconstructions.map { picture in
        let name = "Reconstructions after epoch \(picture.epoch)"
        return """
            <p class="when">After epoch \(picture.epoch)</p>
            <img class="picture" alt="\(name)" width="\(plain: picture.width)" \
            height="\(plain: picture.height)" src="\(picture.image)"/>

            """
    }
    let table = PageTable(
        columns: [.number("Epoch"), .number("Training loss"), .number("Validation loss")],
        rows: report.reconstructions.map { picture in
            [grouped(picture.epoch)]
                + [picture.trainingLoss, picture.validationLoss].map { $0.map { fixed($0, 4) } ?? "–" }
        })
    return PageSection(
        anchor: "reconstructions", title: "Reconstructions",
        content: figure(
            "What pre-training fills in",
            "Rows from above: what the model was given, what it made of it, and the original. The last is of epoch \(last.epoch).",
            HTML(pictures), numbers: table))
}
