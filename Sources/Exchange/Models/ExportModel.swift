// A trained model for other programs: its weights and all that it takes to use them, in one folder.

private import CResources
import EchoCore
import Files
package import Foundation
import Runs
import Shards
import StudyData

/// Who is to load an exported model.
package enum ModelFormat: String, Sendable, CaseIterable {
    /// PyTorch, by the file that is written beside the weights.
    case torch
    /// `timm.create_model`: the encoder of frames.
    case timm
    /// As `torch`, and the same as ONNX.
    case onnx
}

/// How a model leaves.
package struct ModelExportOptions: Sendable {
    package var format = ModelFormat.torch
    /// The licence of the data that it learned from.
    package var license = PhysioNet.license
    /// A Python with PyTorch and ONNX, for `.onnx`.
    package var python = "python3"

    package init() {}
}

/// Writes the best weights of a run into a folder that is complete: `model.safetensors`, `config.json`, `README.md`, the
/// model's card, and for PyTorch `echoprep_torch.py`, for ONNX `model.onnx` too.
///
/// Nothing of where files lie on this machine leaves with it.
/// - Returns: the paths written
/// - Throws: `EchoError` where the run has no weights, the folder holds something else, or the format has no such model
package func exportModel(
    run: String, to folder: String, options: ModelExportOptions = ModelExportOptions()
) throws -> [String] {
    let configuration = try RunConfiguration(run: run).withoutFolders
    let weights = try CheckpointStore.weights(RunFolder(run).best)
    try checkIsFree(folder)
    let card = ModelCard(
        configuration, figures: try EvaluationFigures.all(of: run), format: options.format,
        license: options.license)
    var written: [String] = []
    func write(_ name: String, _ bytes: some ContiguousBytes) throws {
        try writeFile("\(folder)/\(name)", bytes)
        written.append("\(folder)/\(name)")
    }
    let timm = options.format == .timm ? try TimmModel(configuration, weights) : nil
    try makeFolder(folder)
    written.append("\(folder)/model.safetensors")
    if let timm {
        try timm.write(to: "\(folder)/model.safetensors")
        try write("config.json", Data(try timm.json.utf8))
    } else {
        // Under what PyTorch's programs expect to be told, and no folder of the run's.
        var metadata = weights.metadata
        metadata["format"] = "pt"
        let json = try configuration.json()
        metadata["config"] = String(decoding: json, as: UTF8.self)
        try writeTensors(
            weights.names, of: weights, metadata: metadata, to: "\(folder)/model.safetensors")
        try write("config.json", json)
        try write("echoprep_torch.py", torchModule)
    }
    try write("README.md", Data(try card.text.utf8))
    if options.format == .onnx {
        try writeONNX(in: folder, python: options.python)
        written.append("\(folder)/model.onnx")
    }
    return written
}

/// The text of pytorch/echoprep_torch.py.
package let torchModule = Data(bytes: echoprep_torch_module, count: echoprep_torch_module_count)

/// Tensors of a file as they are, and others after them, in a file of their own.
func writeTensors(
    _ names: [String], of file: SafetensorsFile, metadata: [String: String],
    and others: [(name: String, shape: [Int], values: [Float])] = [], to path: String
) throws(EchoError) {
    var tensors: [TensorInfo] = []
    for name in names { tensors.append(try file.info(name)) }
    var writer = try SafetensorsWriter(
        path, metadata: metadata,
        tensors: tensors.map { ($0.name, $0.dtype, $0.shape) } + others.map { ($0.name, .f32, $0.shape) })
    for tensor in tensors {
        try writer.add(tensor.name, tensor.dtype, shape: tensor.shape, bytes: file.bytes(tensor.name))
    }
    for other in others { try writer.add(other.name, shape: other.shape, floats: other.values) }
    try writer.finish()
}

/// - Throws: `EchoError` for a folder whose own files would be written over
private func checkIsFree(_ folder: String) throws(EchoError) {
    for (name, what) in [("checkpoints", "a run"), ("echoprep.sqlite", "a dataset")]
    where FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
        throw EchoError(folder, "is the folder of \(what)", try: "name another folder, which may be new")
    }
}

extension RunConfiguration {
    /// The same without what only means something on the machine of the run.
    fileprivate var withoutFolders: RunConfiguration {
        var configuration = self
        configuration.recipe.dataset = ""
        configuration.recipe.initial = nil
        return configuration
    }
}
