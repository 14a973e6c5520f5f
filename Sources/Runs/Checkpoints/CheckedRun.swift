// `echoprep verify` of a run: whether its weights and its state are still what training wrote.

import EchoCore
import Files
import Foundation
import Shards

/// What a look at all checkpoints of a run found.
package struct CheckedRun: Sendable, Codable {
    /// Something that is not as it was written.
    package struct Problem: Sendable, Codable, Equatable {
        /// The file, relative to the run.
        package let place: String
        package let what: String
    }

    /// Files of weights and of state that were read.
    package let files: Int
    package let problems: [Problem]

    /// One line for each problem, and what was looked at.
    package var text: String {
        let verdict = problems.isEmpty ? "nothing wrong" : "\(grouped(problems.count)) problems"
        return
            (problems.map { "\($0.place): \($0.what)" }
            + ["\(grouped(files)) files of weights and state summed: \(verdict)"]).joined(separator: "\n")
    }
}

extension RunFolder {
    /// Whether a folder is that of a run.
    package static func isThere(_ path: String) -> Bool {
        let run = RunFolder(path)
        return [run.config, run.checkpoints].allSatisfy { FileManager.default.fileExists(atPath: $0) }
    }

    /// Reads the configuration and every checkpoint of the run, and sums what they hold.
    package func checked() throws -> CheckedRun {
        var problems: [CheckedRun.Problem] = []
        func look(_ path: String, _ body: () throws -> Void) throws {
            do {
                try body()
            } catch let error as EchoError {
                let remedy = error.remedy.map { ": \($0)" } ?? ""
                problems.append(
                    CheckedRun.Problem(place: RunFolder.place(path), what: error.problem + remedy))
            }
        }
        try look(config) { _ = try RunConfiguration(run: path) }
        let names = try entries(ofFolder: checkpoints).map(\.name)
            .filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }.sorted()
        for name in names {
            try Interruption.check()
            let file = "\(checkpoints)/\(name)"
            try look(file) { _ = try CheckpointStore.weights(file) }
        }
        if problems.isEmpty, names.contains("last.state.safetensors") {
            try look(state) { try CheckpointStore.checkPair(self) }
        }
        return CheckedRun(files: names.count, problems: problems)
    }
}
