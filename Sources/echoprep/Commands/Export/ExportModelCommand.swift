// `echoprep export model`: a run's model in formats that other programs load.

import ArgumentParser
import EchoCore
import Exchange
import Foundation

extension ModelFormat: ExpressibleByArgument {}

struct ExportModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Writes a run's model for PyTorch, timm or ONNX, with its card.",
        discussion: """
            For PyTorch the folder holds the weights, the configuration, one readable file of Python and a card; in it \
            `from echoprep_torch import load; model = load(".")` is the model. For timm it is the encoder of frames, \
            with positions and pixel scale as timm wants them.

            Examples:
              echoprep export model runs/icd out
              echoprep export model runs/pretrain out --to timm
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
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        var options = ModelExportOptions()
        (options.format, options.license, options.python) = (format, license, python)
        try show(written: try exportModel(run: folder, to: out, options: options), json: json)
        tell("next: \(out)/README.md says how it is loaded")
    }
}
