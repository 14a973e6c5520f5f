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
    /// Of validation lines of a quantity, in its unit; r2 as `RegressionErrors` has it.
    package var mae: Double?, rmse: Double?, r2: Double?
    /// Of validation lines of several heads: what each found, by its task.
    package var heads: [String: Head]?
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

    /// What a validation found of one head of several, under the names of a line.
    package struct Head: Codable, Sendable, Equatable {
        package var loss: Double
        package var auroc: Double?, mae: Double?, rmse: Double?, r2: Double?

        package init(_ score: ValidationScore) {
            loss = score.loss
            auroc = score.auroc
            (mae, rmse, r2) = (score.errors?.mae, score.errors?.rmse, score.errors?.r2)
        }

        package var score: ValidationScore {
            let errors = mae.flatMap { mae in rmse.map { RegressionErrors(mae: mae, rmse: $0, r2: r2) } }
            return ValidationScore(loss: loss, auroc: auroc, errors: errors)
        }

        /// What it holds beside the loss, by name.
        fileprivate var measures: [(name: String, value: Double?)] {
            [("auroc", auroc), ("mae", mae), ("rmse", rmse), ("r2", r2)]
        }
    }

    /// Takes down what a validation found of a task's heads.
    package mutating func add(_ score: ValidationScore, of task: TrainTask) {
        let whole = Head(score)
        (auroc, mae, rmse, r2) = (whole.auroc, whole.mae, whole.rmse, whole.r2)
        guard !score.heads.isEmpty else { return }
        heads = Dictionary(
            uniqueKeysWithValues: zip(task.heads, score.heads).map { ($0.task, Head($1.score)) })
    }

    /// What a validation found of a head, of its lines; nil of one of several that is not there.
    package func score(of head: TaskHead) -> ValidationScore? {
        if let heads { return heads[head.task]?.score }
        return whole.score
    }

    /// The line's own numbers, as those of a head.
    private var whole: Head {
        var whole = Head(ValidationScore(loss: loss))
        (whole.auroc, whole.mae, whole.rmse, whole.r2) = (auroc, mae, rmse, r2)
        return whole
    }

    /// What a validation found beside the loss, by name; of several heads also each one's loss, as icd/loss.
    package var measures: [(name: String, value: Double?)] {
        var measures = whole.measures
        for (task, head) in (heads ?? [:]).sorted(by: { $0.key < $1.key }) {
            measures.append(("\(task)/loss", head.loss))
            measures += head.measures.map { ("\(task)/\($0.name)", $0.value) }
        }
        return measures
    }

    enum CodingKeys: String, CodingKey {
        case epoch, step, split, loss, lr, auroc, mae, rmse, r2, heads, seconds, stall, gflops, products, sum
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

    /// The lines of a finished or running log; a broken last line is left out, and what no run has written.
    package static func read(_ text: some Sequence<UInt8>) -> [MetricsLine] {
        let decoder = JSONDecoder()
        return Array(text).split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(MetricsLine.self, from: Data($0))
        }.filter { 0...1 << 30 ~= $0.epoch && 0...1 << 40 ~= $0.step && abs($0.loss) < 1e30 }
    }
}
