// The losses of one training run, as its folder tells them and as the page draws them.

import EchoCore
import Files
import Runs
import Scoring
import Tasks

/// The losses of one training run.
struct TrainingHistory: Sendable {
    struct Point: Sendable {
        let epoch: Int, step: Int
        let value: Double
    }

    let training: [Point], validation: [Point]
    private let task: TrainTask
    /// How good each head is on the validation split, after each epoch; none where the loss says it all.
    private let scores: [(title: String, ignorance: Double?, points: [Point])]

    /// Reads a run's metrics.jsonl.
    init(run: String) throws {
        let lines = MetricsLog.read(try readFile(RunFolder(run).metrics))
        func points(_ split: Split, _ value: (MetricsLine) -> Double?) -> [Point] {
            lines.filter { $0.split == split }.compactMap { line in
                value(line).map { Point(epoch: line.epoch, step: line.step, value: $0) }
            }
        }
        task = try RunConfiguration(run: run).task
        training = points(.train, \.loss)
        validation = points(.val, \.loss)
        let heads = task.heads
        scores = heads.map { head in
            let measure = head.answers.measure
            return (
                heads.count > 1 ? "\(head.task): \(measure.title)" : measure.title, measure.ignorance,
                points(.val) { $0.score(of: head).flatMap(measure.value) }
            )
        }.filter { !$0.points.isEmpty }
    }

    var drawn: HTML {
        let shown = thinned(training)
        let steps = (training + validation + scores.flatMap(\.points)).map { Double($0.step) }
        let x = Scale(0, steps.max() ?? 1)
        func points(_ list: [TrainingHistory.Point]) -> [(x: Double, y: Double)] {
            list.map { (Double($0.step), $0.value) }
        }
        var plots = Plot(
            title: task.lossName, xTitle: "step", x: x,
            y: Scale(covering: (shown + validation).map(\.value)),
            series: [
                Series(name: "training", colour: .first, style: .line, points: points(shown)),
                Series(name: "validation", colour: .second, style: .line, points: points(validation)),
            ]
        ).html
        for (title, ignorance, found) in scores {
            plots +=
                Plot(
                    title: title, xTitle: "step", x: x,
                    y: Scale(covering: found.map(\.value) + (ignorance.map { [$0] } ?? [])),
                    series: [
                        Series(name: "validation", colour: .second, style: .line, points: points(found))
                    ], guides: ignorance.map { [.horizontal($0)] } ?? []
                ).html
        }
        let key = legend([("training", .first, false), ("validation", .second, false)])
        return figure(
            task.stage,
            training.count > shown.count
                ? "Each point of the training curve is a mean over neighbouring steps."
                : "A point for each step.",
            key + "<div class=\"plots\">\n\(plots)</div>\n", numbers: epochTable)
    }

    /// A line an epoch: the mean training loss and the last validation's results.
    private var epochTable: PageTable {
        let losses = Dictionary(grouping: training, by: \.epoch)
        let judged = Dictionary(validation.map { ($0.epoch, $0.value) }) { $1 }
        let scored = scores.map { Dictionary($0.points.map { ($0.epoch, $0.value) }) { $1 } }
        let epochs = Set(losses.keys).union(judged.keys).union(scored.flatMap(\.keys)).sorted()
        return PageTable(
            columns: [.number("Epoch"), .number("Training loss"), .number("Validation loss")]
                + scores.map { .number($0.title) },
            rows: epochs.map { epoch in
                let mean = Metrics.mean(losses[epoch, default: []].map(\.value))
                let row = [grouped(epoch)] + [mean, judged[epoch]].map { $0.map { fixed($0, 4) } ?? "–" }
                return row + scored.map { $0[epoch].map { fixed($0, 3) } ?? "–" }
            })
    }
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
