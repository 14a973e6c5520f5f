// `echoprep merge`: the parts that several workers wrote become one dataset.

import ArgumentParser
import EchoCore
import Ingest

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract:
            "Joins the parts that echoprep ingest --part wrote into one dataset, or writes its shards anew.",
        discussion: """
            Examples:
              echoprep merge dataset
              echoprep merge dataset --compact
            """)

    @Argument(help: "The dataset folder.", completion: .directory)
    var dataset: String

    @Flag(help: "Write shards without the clips that were withdrawn, and with the names that clips have now.")
    var compact = false

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        if try !compact || hasParts(dataset) { try joinParts() }
        if compact {
            let summary = try Ingest.compact(dataset: dataset)
            try show(json ? jsonText(summary) : summary.text)
        }
        tellNext("status", dataset)
    }

    private func joinParts() throws {
        let summary = try merge(
            dataset: dataset, commandLine: CommandLine.arguments.joined(separator: " "))
        try show(
            try json
                ? jsonText(summary)
                : "\(grouped(summary.parts)) parts: \(grouped(summary.clips)) clips in \(grouped(summary.shards)) shards"
        )
    }
}
