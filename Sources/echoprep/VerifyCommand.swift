// `echoprep verify`: whether a dataset is still what its ingest wrote.

import ArgumentParser
import EchoCore
import Ingest

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Reads all of a dataset: checksums, and database against shards.")

    @Argument(help: "The dataset folder.", completion: .directory)
    var dataset: String

    @Option(help: "Workers.")
    var jobs = availableProcessors()

    @Option(
        help:
            "Whose decisions have to hold here, and whose excluded clips are of no concern: consensus, or a rater's name."
    )
    var decisions: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let result = try verify(dataset: dataset, jobs: jobs, decisions: decisions)
        try show(json ? jsonText(result) : result.text)
        if !result.problems.isEmpty { throw ExitCode.failure }
    }
}
