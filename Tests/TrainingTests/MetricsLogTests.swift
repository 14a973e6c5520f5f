import EchoCore
import Foundation
import Runs
import Testing
import TestSupport
import Training

@Suite struct MetricsLogTests {
    private func line(_ step: Int) -> MetricsLine {
        MetricsLine(epoch: 1, step: step, split: .train, loss: 0.5, seconds: 1)
    }

    @Test func `lines after the checkpoint are cut, a broken last line too`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("metrics.jsonl").path
            let log = try MetricsLog(path: path, keeping: 0)
            try log.append(line(1))
            let kept = log.length
            try log.append(line(2))
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("{\"epoch\":".utf8))
            #expect(MetricsLog.read(try Data(contentsOf: URL(fileURLWithPath: path))).map(\.step) == [1, 2])

            let again = try MetricsLog(path: path, keeping: kept)
            try again.append(line(7))
            #expect(MetricsLog.read(try Data(contentsOf: URL(fileURLWithPath: path))).map(\.step) == [1, 7])
        }
    }

    @Test func `a log shorter than the checkpoint remembers is refused`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("metrics.jsonl").path
            #expect(throws: EchoError.self) {
                try MetricsLog(path: path, keeping: 100)
            }
        }
    }
}
