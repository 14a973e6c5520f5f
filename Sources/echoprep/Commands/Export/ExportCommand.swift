// `echoprep export`: a model, and a dataset's clips, labels and description, in formats that other programs read.

import ArgumentParser
import EchoCore
import Catalog
import Exchange
import Foundation
import Labels

extension LabelFormat: ExpressibleByArgument {
    /// How Python reads it.
    fileprivate func reading(_ path: String) -> String {
        switch self {
        case .csv: "pandas.read_csv(\(quoted(path)))"
        case .parquet: "pandas.read_parquet(\(quoted(path)))"
        case .meds: "pandas.read_parquet(\(quoted("\(path)/labels/CODE/0.parquet")))"
        }
    }
}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a model, or a dataset's clips, labels or description, for other programs.",
        discussion: """
            Examples:
              echoprep export model runs/icd out
              echoprep export labels labels.csv --dataset dataset
            """,
        subcommands: [
            ExportModelCommand.self, ExportClipsCommand.self, ExportLabelsCommand.self,
            ExportCroissantCommand.self,
        ])
}

struct ExportLabelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "labels", abstract: "Writes the labels: a row a labelled study, a column a target.",
        discussion: """
            Examples:
              echoprep export labels labels.csv --dataset dataset
              echoprep export labels meds --dataset dataset --format meds
            """)

    @Argument(help: "The file to write; for meds the folder.", completion: .file())
    var out: String

    @Option(help: "The dataset folder.", path: .folder)
    var dataset: String

    @Option(help: "csv, parquet, or the label files of the Medical Event Data Standard.")
    var format = LabelFormat.csv

    @Option(
        name: .customLong("where"), help: "Only studies for which this is true, SQL over v_study.")
    var cohort: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    @Flag(
        help:
            "For outsiders: numbers of the file's own in place of studies and subjects; no stays, times or targets of few people."
    )
    var share = false

    @Option(
        help:
            "Leave out studies whose clips people excluded, and add what they answered of studies: consensus, or a rater's name."
    )
    var decisions: String?

    func run() throws {
        let exported = try exportLabels(
            dataset: dataset, keeping: Selection(cohort: cohort, decisions: decisions), to: out,
            format: format, isShared: share)
        for chosen in exported.told { tell(chosen) }
        try show(written: exported.paths, json: json)
        tellPython(format.reading(out))
    }
}

struct ExportCroissantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "croissant",
        abstract: "Writes DATASET/croissant.json, and clips.parquet and labels.parquet, which it describes.",
        discussion: """
            Examples:
              echoprep export croissant --dataset dataset
            """)

    @Option(help: "The dataset folder.", path: .folder)
    var dataset: String

    @Option(help: "The dataset's name in the description.")
    var name = "mimic-iv-echo-clips"

    @Option(help: "Its licence.")
    var license = PhysioNet.license

    @Option(
        name: .customLong("where"),
        help: "In the tables only studies for which this is true, SQL over v_study.")
    var cohort: String?

    @Flag(help: "For outsiders: describe the shards alone, without tables, as DATASET/croissant-shared.json.")
    var share = false
    @Option(
        help:
            "In the tables no clip that people excluded, and what they answered of studies: consensus, or a rater's name."
    )
    var decisions: String?

    @Option(help: "Its page.")
    var url = PhysioNet.page

    @Option(help: "How to cite it.")
    var citation = PhysioNet.citation
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        var options = CroissantOptions(name: name, license: license, url: url, citation: citation)
        options.selection = Selection(cohort: cohort, decisions: decisions)
        options.isShared = share
        let exported = try exportCroissant(dataset: dataset, options: options)
        for chosen in exported.told { tell(chosen) }
        try show(written: exported.paths, json: json)
        let page = exported.paths.first { $0.hasSuffix(".json") } ?? "\(dataset)/croissant.json"
        tellPython("mlcroissant.Dataset(\(quoted(page)))")
    }
}
