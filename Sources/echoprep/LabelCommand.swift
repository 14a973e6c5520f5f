// `echoprep label`: labels of one's own.

import ArgumentParser
import EchoCore
import Labels

struct LabelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label", abstract: "Labels that are not MIMIC's, beside those that link-icd makes.",
        subcommands: [LabelImportCommand.self])
}

struct LabelImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes the labels of a csv file into the dataset's database.",
        discussion: """
            The file has a row a study: a column study_id or study_key, and a column of numbers for each target; empty \
            is unknown. Labels of that name are replaced.
            """)

    @Argument(help: "The csv file, plain or gzipped.") var file: String
    @Option(help: "The dataset folder.") var dataset: String
    @Option(help: "What the labels are called, as gls.") var name: String
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let summary = try importLabels(
            dataset: dataset, file: file, name: name,
            commandLine: CommandLine.arguments.joined(separator: " "))
        print(json ? try jsonText(summary) : summary.text)
    }
}
