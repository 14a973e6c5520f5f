// A peer in another process, which does its work once for each line that it is sent and answers with figures.

import EchoCore
import Foundation

/// A program, most often a Python script, that prints "ready", may say who it is, and then answers lines.
final class Peer {
    /// What the program said of itself when it was ready.
    private(set) var introduction = ""
    private let input = Pipe(), output = Pipe()
    private let process = Process()

    /// Starts the program, and returns when it is ready.
    init(program: String, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let words = readLine().split(separator: " ")
        introduction = words.dropFirst().joined(separator: " ")
        guard words.first == "ready" else {
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
