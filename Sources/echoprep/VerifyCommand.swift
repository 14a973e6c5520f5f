// `echoprep verify`: whether a dataset is still what its ingest wrote.

import ArgumentParser
import EchoCore
import Ingest

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Reads all of a dataset: checksums, and database against shards.",
        discussion: """
            Examples:
              echoprep verify dataset
              echoprep verify dataset --json
            """)

    @Argument(help: "The dataset folder.", completion: .directory)
    var dataset: String

    @Option(help: "Workers.")
    var jobs = availableProcessors()

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        let result = try verify(dataset: dataset, jobs: jobs)
        try show(json ? jsonText(result) : result.text)
        if !result.problems.isEmpty { throw ExitCode.failure }
    }
}
