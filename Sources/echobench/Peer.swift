// A peer in another process, which does its work once for each line that it is sent and answers with figures.

import EchoCore
import Foundation

/// A Python script that prints "ready" and then answers lines.
final class Peer {
    private let input = Pipe(), output = Pipe()
    private let process = Process()

    /// Starts the script, and returns when it is ready.
    init(python: String, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        guard readLine() == "ready" else {
            throw EchoError(
                "--peer", "\(arguments[0]) did not start",
                try: "run it from the repository, after make oracle")
        }
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Has the work done once, and returns the words of the answer.
    func ask() throws -> [Substring] {
        try input.fileHandleForWriting.write(contentsOf: Data("go\n".utf8))
        return readLine().split(separator: " ")
    }

    private func readLine() -> String {
        var line = Data()
        while let byte = try? output.fileHandleForReading.read(upToCount: 1), let first = byte.first,
            first != 10
        {
            line.append(byte)
        }
        return String(decoding: line, as: UTF8.self)
    }
}
