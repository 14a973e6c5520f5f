// `echoprep verify`: whether a dataset is still what its ingest wrote.

import ArgumentParser
import EchoCore
import Ingest
import Runs

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract:
            "Reads all of a dataset: checksums, and database against shards; or of a run: its checkpoints.",
        discussion: """
            Examples:
              echoprep verify dataset
              echoprep verify dataset --json
              echoprep verify runs/icd
            """)

    @Argument(help: "The folder of a dataset or of a run.", completion: .directory)
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
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        if RunFolder.isThere(dataset) {
            let run = try RunFolder(dataset).checked()
            try show(run, run.text, isWhole: run.problems.isEmpty)
        } else {
            let found = try verify(dataset: dataset, jobs: jobs, decisions: decisions)
            try show(found, found.text, isWhole: found.problems.isEmpty)
        }
        tellNext(with: dataset)
    }

    private func show(_ result: some Encodable, _ text: String, isWhole: Bool) throws {
        try echoprep.show(json ? jsonText(result) : text)
        if !isWhole { throw ExitCode.failure }
    }
}
