// `echoprep merge`: the parts that several workers wrote become one dataset.

import ArgumentParser
import EchoCore
import Ingest

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract:
            "Joins the parts that echoprep ingest --part wrote into one dataset, or writes its shards anew.")

    @Argument(help: "The dataset folder.", completion: .directory)
    var dataset: String

    @Flag(help: "Write shards without the clips that were withdrawn, and with the names that clips have now.")
    var compact = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        if !compact || hasParts(dataset) { try joinParts() }
        if compact {
            let summary = try Ingest.compact(dataset: dataset)
            show(try json ? jsonText(summary) : summary.text)
        }
    }

    private func joinParts() throws {
        let summary = try merge(
            dataset: dataset, commandLine: CommandLine.arguments.joined(separator: " "))
        show(
            try json
                ? jsonText(summary)
                : "\(grouped(summary.parts)) parts: \(grouped(summary.clips)) clips in \(grouped(summary.shards)) shards"
        )
    }
}
