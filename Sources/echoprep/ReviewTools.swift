// `echoprep review export|agreement|merge`: what raters decided, beside the page.

import ArgumentParser
import Catalog
import EchoCore
import Review

extension DecisionRows: ExpressibleByArgument {}

struct ReviewExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Writes decisions as a csv file.",
        discussion: """
            Examples:
              echoprep review export dataset decisions.csv
            """)

    @Argument(help: "The dataset folder.", completion: .directory) var dataset: String
    @Argument(help: "The csv file to write.", completion: .file(extensions: ["csv"])) var out: String
    @Option(help: "consensus: what holds; current: what each rater says; all: every key that was pressed.")
    var rows = DecisionRows.current
    @Option(help: "Another file of decisions than the dataset's.", path: .file) var file: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        let count = try exportDecisions(dataset: dataset, file: file, rows: rows, to: out)
        struct Exported: Encodable { let written: String, rows: Int }
        try show(
            json ? jsonText(Exported(written: out, rows: count)) : "\(grouped(count)) rows written to \(out)")
    }
}

struct ReviewAgreementCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agreement", abstract: "Says how far raters agree.",
        discussion: """
            Cohen's kappa of each pair of raters, and of a rater's rounds; weighted by squares for ordinal fields; \
            Krippendorff's alpha of all. Intervals are percentiles of resamplings of subjects.

            Examples:
              echoprep review agreement dataset
            """)

    @Argument(help: "The dataset folder.", completion: .directory) var dataset: String
    @Option(help: "Another file of decisions than the dataset's.", path: .file) var file: String?
    @Option(help: "Resamplings behind the intervals; 0 for none.") var bootstrap = 1000
    @Option(help: "Seed of the resamplings.") var seed: UInt64 = 1
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        let store = try ReviewStore(dataset: dataset, file: file, readOnly: true)
        let subjects = try Catalog(datasetFolder: dataset, readOnly: true).subjectsOfClips()
        let found = try AgreementSummary(store, subjects: subjects, samples: bootstrap, seed: seed)
        try show(json ? jsonText(found) : found.text)
    }
}

struct ReviewMergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Brings decisions of other files into the dataset's.",
        discussion: """
            For raters who each had a file (review --file). Given again, nothing doubles.

            Examples:
              echoprep review merge dataset anna.sqlite ben.sqlite
            """)

    @Argument(help: "The dataset folder.", completion: .directory) var dataset: String
    @Argument(help: "Files of decisions.", completion: .file()) var files: [String]
    @Option(help: "Another file to add to than the dataset's.", path: .file) var file: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        let summary = try mergeDecisions(dataset: dataset, file: file, from: files)
        try show(json ? jsonText(summary) : summary.text)
    }
}
