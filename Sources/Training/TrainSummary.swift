// What a finished run reports, for people and for programs.

import EchoCore
import Foundation
public import Models
public import Tasks

/// What a finished run reports.
public struct TrainSummary: Codable, Sendable {
    public let run: String
    public let task: TrainTask, model: ModelKind
    public let parameters: Int
    public let trainStudies: Int, validationStudies: Int
    public let epochs: Int, steps: Int
    /// The epoch, from 1, whose weights are best.safetensors, with what it was chosen by: the validation loss, or the mean
    /// absolute error of an ejection fraction in percent.
    public let bestEpoch: Int?, bestLoss: Double?
    /// Wall clock of this call, and studies a second of training in it.
    public let seconds: Double, studiesPerSecond: Double
    /// Share of the training time that was spent waiting for data.
    public let stall: Double
    /// Billions of floating-point operations a second in matrix products, and the share of time in them.
    public let gflops: Double?, products: Double?
    public let best: String, last: String, metrics: String
    public let pictures: String?

    /// The lines that `train` prints.
    public var text: String {
        var lines = [
            "\(task.name) \(model.rawValue): \(epochs) epochs, \(grouped(steps)) steps, \(duration(seconds))"
        ]
        if let bestEpoch {
            let loss = bestLoss.map { ", \(task.criterionText($0))" } ?? ""
            lines.append("best         epoch \(bestEpoch)\(loss)")
        }
        lines += ["weights      \(best)", "history      \(metrics)"]
        if let pictures { lines.append("pictures     \(pictures)") }
        return lines.joined(separator: "\n")
    }
}
