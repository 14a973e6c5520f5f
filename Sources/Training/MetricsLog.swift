// metrics.jsonl: one JSON object a line, whole lines only, never a line twice whatever killed the run.

public import EchoCore
import Foundation

/// One line of a run's history.
public struct MetricsLine: Codable, Sendable, Equatable {
    public var epoch: Int, step: Int
    public var split: Split
    public var loss: Double
    /// Of training lines: learning rate, and global norm of the gradient before clipping.
    public var lr: Double?
    public var gradNorm: Double?
    /// Of validation lines of a classification: mean AUROC over the targets that have both classes.
    public var auroc: Double?
    /// Wall clock, the only fields that differ from one run to the same run again.
    public var seconds: Double, studiesPerSecond: Double?, stall: Double?

    package init(
        epoch: Int, step: Int, split: Split, loss: Double, lr: Double? = nil, gradNorm: Double? = nil,
        auroc: Double? = nil, seconds: Double, studiesPerSecond: Double? = nil, stall: Double? = nil
    ) {
        self.epoch = epoch
        self.step = step
        self.split = split
        self.loss = loss
        self.lr = lr
        self.gradNorm = gradNorm
        self.auroc = auroc
        self.seconds = seconds
        self.studiesPerSecond = studiesPerSecond
        self.stall = stall
    }

    enum CodingKeys: String, CodingKey {
        case epoch, step, split, loss, lr, auroc, seconds, stall
        case gradNorm = "grad_norm"
        case studiesPerSecond = "studies_per_second"
    }
}

/// A file that only grows by whole lines, and shrinks only back to the length that a checkpoint remembers.
package final class MetricsLog {
    private let file: FileHandle
    private let place: String
    private let encoder = JSONEncoder()
    /// Bytes of all whole lines so far.
    package private(set) var length: Int

    /// Opens the log, cut back to `kept` bytes.
    package init(path: String, place: String, keeping kept: Int) throws(EchoError) {
        self.place = place
        encoder.outputFormatting = [.sortedKeys]
        do {
            if !FileManager.default.fileExists(atPath: path) {
                guard FileManager.default.createFile(atPath: path, contents: nil) else {
                    throw CocoaError(.fileWriteNoPermission)
                }
            }
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            let found = try file.seekToEnd()
            guard found >= kept else {
                throw EchoError(
                    place,
                    "holds \(grouped(Int(found))) bytes where the checkpoint remembers \(grouped(kept))",
                    try: "start again in another run folder")
            }
            try file.truncate(atOffset: UInt64(kept))
            self.file = file
            length = kept
        } catch let error as EchoError {
            throw error
        } catch {
            throw EchoError(place, "cannot be opened for writing", try: "check the folder's permissions")
        }
    }

    /// Appends one line in a single write.
    package func append(_ line: MetricsLine) throws {
        var data = try encoder.encode(line)
        data.append(UInt8(ascii: "\n"))
        do { try file.write(contentsOf: data) } catch {
            throw EchoError(
                place, "cannot be written", try: "make room on the disk; the same command goes on")
        }
        length += data.count
    }

    /// Waits until all lines are on the disk, before a checkpoint says that they are.
    package func synchronise() throws { try file.synchronize() }

    /// The lines of a finished or running log; a broken last line is left out.
    package static func read(_ text: some Sequence<UInt8>) -> [MetricsLine] {
        let decoder = JSONDecoder()
        return Array(text).split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(MetricsLine.self, from: Data($0))
        }
    }
}
