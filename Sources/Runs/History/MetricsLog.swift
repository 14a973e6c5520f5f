// metrics.jsonl: one JSON object a line, whole lines only, never a line twice whatever killed the run.

package import EchoCore
import Foundation
package import Tasks

/// One line of a run's history.
package struct MetricsLine: Codable, Sendable, Equatable {
    package var epoch: Int, step: Int
    package var split: Split
    package var loss: Double
    /// Of training lines: learning rate, and global norm of the gradient before clipping.
    package var lr: Double?
    package var gradNorm: Double?
    /// Of validation lines of a classification: mean AUROC over the targets that have both classes.
    package var auroc: Double?
    /// Of validation lines of an ejection fraction, in percent; r2 as `RegressionErrors` has it.
    package var mae: Double?, rmse: Double?, r2: Double?
    /// Wall clock, the only fields that differ from one run to the same run again; see `LoopClock`.
    package var seconds: Double, studiesPerSecond: Double?, stall: Double?, gflops: Double?, products: Double?
    package var sum: Double?

    package init(epoch: Int, step: Int, split: Split, loss: Double, seconds: Double) {
        self.epoch = epoch
        self.step = step
        self.split = split
        self.loss = loss
        self.seconds = seconds
    }

    package mutating func add(_ errors: RegressionErrors?) {
        mae = errors?.mae
        rmse = errors?.rmse
        r2 = errors?.r2
    }

    /// What a validation found, of its lines.
    package var score: ValidationScore {
        let errors = mae.flatMap { mae in rmse.map { RegressionErrors(mae: mae, rmse: $0, r2: r2) } }
        return ValidationScore(loss: loss, auroc: auroc, errors: errors)
    }

    enum CodingKeys: String, CodingKey {
        case epoch, step, split, loss, lr, auroc, mae, rmse, r2, seconds, stall, gflops, products, sum
        case gradNorm = "grad_norm"
        case studiesPerSecond = "studies_per_second"
    }
}

/// The lines of a run in metrics.jsonl.
package final class MetricsLog {
    private let file: GrowingFile
    private let encoder = JSONEncoder()
    /// Bytes of all lines so far.
    package var length: Int { file.length }

    /// Opens the log, cut back to `kept` bytes.
    package init(path: String, keeping kept: Int) throws(EchoError) {
        encoder.outputFormatting = [.sortedKeys]
        file = try GrowingFile(path: path, place: "metrics.jsonl", keeping: kept)
    }

    package func append(_ line: MetricsLine) throws {
        try file.append(try encoder.encode(line) + [UInt8(ascii: "\n")])
    }

    package func synchronise() throws(EchoError) { try file.synchronise() }

    /// The lines of a finished or running log; a broken last line is left out.
    package static func read(_ text: some Sequence<UInt8>) -> [MetricsLine] {
        let decoder = JSONDecoder()
        return Array(text).split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(MetricsLine.self, from: Data($0))
        }
    }
}
