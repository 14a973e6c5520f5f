// `echoprep merge`: the parts that several workers wrote become one dataset.

import ArgumentParser
import EchoCore
import Ingest

struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Joins the parts that echoprep ingest --part wrote into one dataset.")

    @Argument(help: "The dataset folder.", completion: .directory)
    var dataset: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let summary = try merge(
            dataset: dataset, commandLine: CommandLine.arguments.joined(separator: " "))
        print(
            try json
                ? jsonText(summary)
                : "\(grouped(summary.parts)) parts: \(grouped(summary.clips)) clips in \(grouped(summary.shards)) shards"
        )
    }
}
