// `echoprep export`: a model, and a dataset's labels and description, in formats that other programs read.

import ArgumentParser
import Exchange
import Foundation
import Labels

extension LabelFormat: ExpressibleByArgument {}
extension ModelFormat: ExpressibleByArgument {}

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a model, or a dataset's labels or its description, for other programs.",
        subcommands: [ExportModelCommand.self, ExportLabelsCommand.self, ExportCroissantCommand.self])
}

struct ExportModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Writes a run's model for PyTorch, timm or ONNX, with its card.",
        discussion: """
            For PyTorch the folder holds the weights, the configuration, one readable file of Python and a card; in it \
            `from echoprep_torch import load; model = load(".")` is the model. For timm it is the encoder of frames, \
            with positions and pixel scale as timm wants them.
            """)

    @Argument(
        help: ArgumentHelp("The folder of a run, pre-trained or fine-tuned.", valueName: "run"),
        completion: .directory)
    var folder: String
    @Argument(help: "The folder to write, new or from an earlier export.", completion: .directory) var out:
        String
    @Option(
        name: .customLong("to"),
        help: "What is to load it: \(ModelFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format = ModelFormat.torch
    @Option(help: "The licence of the data that it learned from, for the card.")
    var license = PhysioNet.license
    @Option(help: "A Python with torch, safetensors, onnx and onnxscript, for --to onnx.")
    var python = "python3"

    func run() throws {
        var options = ModelExportOptions()
        (options.format, options.license, options.python) = (format, license, python)
        for path in try exportModel(run: folder, to: out, options: options) { print(path) }
        FileHandle.standardError.write(Data("next: \(out)/README.md says how it is loaded\n".utf8))
    }
}

struct ExportLabelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "labels", abstract: "Writes the labels: a row a labelled study, a column a target.")

    @Argument(help: "The file to write; for meds the folder.")
    var out: String

    @Option(help: "The dataset folder.", completion: .directory)
    var dataset: String

    @Option(help: "csv, parquet, or the label files of the Medical Event Data Standard.")
    var format = LabelFormat.csv

    func run() throws {
        for path in try exportLabels(dataset: dataset, to: out, format: format) { print(path) }
    }
}

struct ExportCroissantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "croissant",
        abstract: "Writes DATASET/croissant.json, and clips.parquet and labels.parquet, which it describes.")

    @Option(help: "The dataset folder.", completion: .directory)
    var dataset: String

    @Option(help: "The dataset's name in the description.")
    var name = "mimic-iv-echo-clips"

    @Option(help: "Its licence.")
    var license = PhysioNet.license

    @Option(help: "Its page.")
    var url = PhysioNet.page

    @Option(help: "How to cite it.")
    var citation = PhysioNet.citation

    func run() throws {
        let options = CroissantOptions(name: name, license: license, url: url, citation: citation)
        for path in try exportCroissant(dataset: dataset, options: options) { print(path) }
    }
}
