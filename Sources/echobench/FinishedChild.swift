// Another program as a child: how long it took, what it printed, and the most memory that it had.

import EchoCore
import Foundation

/// A child process that has ended well.
struct FinishedChild {
    let seconds: Double
    /// The most memory that the child had resident at once.
    let peakMebibytes: Int
    let output: String

    /// Runs a program, found as a shell finds it, to its end.
    ///
    /// Memory is the high-water mark of the child's own address space, looked up while it runs: the figure that
    /// getrusage gives for a child begins with that of its parent, whose memory it has until it becomes another
    /// program.
    init(_ arguments: [String]) throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent(
            "echobench-\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: file.path, contents: nil) else {
            throw EchoError(file.path, "cannot be written")
        }
        defer { try? FileManager.default.removeItem(at: file) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardOutput = try FileHandle(forWritingTo: file)
        let start = ContinuousClock.now
        try process.run()
        var peak = 0
        while process.isRunning {
            // Once the program has ended there is no such line.
            peak = Self.highWaterMark(of: process.processIdentifier) ?? peak
            usleep(1_000)
        }
        seconds = start.duration(to: .now) / .seconds(1)
        peakMebibytes = peak
        output = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        guard process.terminationStatus == 0 else {
            throw EchoError(arguments[0], "ended with \(process.terminationStatus)")
        }
    }

    /// VmHWM of a process in MiB, if it has memory.
    private static func highWaterMark(of process: Int32) -> Int? {
        let status = try? FileHandle(forReadingAtPath: "/proc/\(process)/status")?.readToEnd()
        let lines = String(decoding: status ?? Data(), as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
        return Int(line.filter(\.isNumber)).map { $0 / 1024 }
    }
}
