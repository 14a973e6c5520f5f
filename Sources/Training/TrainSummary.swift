// What a finished run reports, for people and for programs.

import EchoCore
import Foundation
package import Models
package import Runs
package import Tasks

/// What a finished run reports.
package struct TrainSummary: Codable, Sendable {
    package let run: String
    package let task: TrainTask, model: ModelKind
    package let parameters: Int
    package let trainStudies: Int, validationStudies: Int
    package let epochs: Int, steps: Int
    /// The epoch, from 1, whose weights are best.safetensors, with what it was chosen by: the validation loss, the mean
    /// absolute error of a quantity in its unit, or of several heads the sum of these, errors in standard deviations.
    package let bestEpoch: Int?, bestLoss: Double?
    /// Of several heads each one's own after that epoch.
    package let bestHeads: [Double]?
    /// Of a grid of heads, what the best learned by.
    package let probe: ProbeGrid.Point?
    /// Wall clock of this call, and studies a second of training in it.
    package let seconds: Double, studiesPerSecond: Double
    /// Share of the training time that was spent waiting for data.
    package let stall: Double
    /// Billions of floating-point operations a second in matrix products, and the share of time in them.
    package let gflops: Double?, products: Double?
    package let best: String, last: String, metrics: String
    package let pictures: String?

    /// The lines that `train` prints.
    package var text: String {
        var lines = [
            "\(task.name) \(model.rawValue): \(epochs) epochs, \(grouped(steps)) steps, \(duration(seconds))"
        ]
        if let bestEpoch {
            let loss = bestLoss.map { ", \(task.criterionText($0, heads: bestHeads))" } ?? ""
            lines.append("best         epoch \(bestEpoch)\(loss)")
        }
        if let probe {
            lines.append(
                "head         learning rate \(probe.learningRate), weight decay \(probe.weightDecay)")
        }
        lines += ["weights      \(best)", "history      \(metrics)"]
        if let pictures { lines.append("pictures     \(pictures)") }
        return lines.joined(separator: "\n")
    }
}
