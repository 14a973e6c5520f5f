// `echoprep label`: labels of one's own.

import ArgumentParser
import Catalog
import EchoCore
import Labels

extension LabelSource.Unit: ExpressibleByArgument {}

struct LabelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label", abstract: "Labels that are not MIMIC's, beside those that link-icd makes.",
        discussion: """
            Examples:
              echoprep label import gls.csv --dataset dataset --name gls
              echoprep label list --dataset dataset
            """,
        subcommands: [
            LabelImportCommand.self, LabelListCommand.self, LabelCompareCommand.self, LabelDropCommand.self,
        ])
}

struct LabelImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Takes the labels of a csv file into the dataset's database.",
        discussion: """
            The file has a row a study: a column study_id or study_key, and a column of numbers for each target; empty \
            is unknown. Or a row a label: the columns key, target and value. Of clips a column may hold texts, as the \
            view, with a column probability beside it. Labels of that name are replaced.

            Examples:
              echoprep label import gls.csv --dataset dataset --name gls
              echoprep label import views.csv --dataset dataset --name view --unit clip
            """)

    @Argument(help: "The csv file, plain or gzipped.", completion: .file()) var file: String
    @Option(help: "The dataset folder.", path: .folder) var dataset: String
    @Option(help: "What the labels are called, as gls.") var name: String
    @Option(help: "What a row is of; of clips and subjects in the columns clip and subject_id.")
    var unit = LabelSource.Unit.study
    @Flag(help: "The file has code prefixes and the groups that they belong to: labels of the linked stays.")
    var groups = false
    @Option(help: "Shares of train/val/test to draw, where neither the file nor the dataset has splits.")
    var split = SplitRule.usual.shares
    @Option(help: "Seed of that draw.") var seed = SplitRule.usual.seed
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        let options = ImportOptions(
            name: name, unit: unit, split: try SplitRule(split, seed: seed),
            commandLine: CommandLine.arguments.joined(separator: " "))
        let summary =
            try groups
            ? importGroups(dataset: dataset, file: file, options: options)
            : importLabels(dataset: dataset, file: file, options: options)
        try show(json ? jsonText(summary) : summary.text)
        tellNext("train", "--dataset", dataset, "--task", "label:\(name)", "--run", "RUN")
    }
}

struct LabelListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists all labels of a dataset: each source and target, by split.",
        discussion: """
            Examples:
              echoprep label list --dataset dataset
            """)

    @Option(help: "The dataset folder.", path: .folder) var dataset: String
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        let found = try listLabels(dataset: dataset)
        try show(json ? jsonText(found) : found.text)
    }
}

struct LabelCompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Says what differs between two sources of labels, or two rules.",
        discussion: """
            Each is SOURCE (its targets of the same names are compared), SOURCE:TARGET, or SOURCE:TARGET<NUMBER, as in \
            label compare link-icd:I50 'measurements:lvef<40'. What another rule makes of the same studies lies in \
            another dataset folder: label compare link-icd link-icd --other FOLDER.

            Examples:
              echoprep label compare link-icd:I50 'measurements:lvef<40' --dataset dataset
            """)

    @Argument(help: "The first.") var first: String
    @Argument(help: "The second.") var second: String
    @Option(help: "The dataset folder.", path: .folder) var dataset: String
    @Option(help: "The dataset folder of the second, where it is another.", path: .folder) var other: String?
    @Option(help: "A csv file to write of all that differs, by study.", path: .file) var differences: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        let found = try compareLabels(
            dataset: dataset, LabelChoice(first), LabelChoice(second), other: other, file: differences)
        try show(json ? jsonText(found) : found.text)
    }
}

struct LabelDropCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop", abstract: "Removes labels of one's own.",
        discussion: """
            Examples:
              echoprep label drop --name gls --dataset dataset
            """)

    @Option(help: "The dataset folder.", path: .folder) var dataset: String
    @Option(help: "What the labels are called.") var name: String
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        let count = try dropLabels(
            dataset: dataset, name: name, commandLine: CommandLine.arguments.joined(separator: " "))
        struct Dropped: Encodable { let name: String, labels: Int }
        try show(
            json
                ? jsonText(Dropped(name: name, labels: count)) : "\(name): \(grouped(count)) labels removed")
    }
}
