// A model as ONNX: PyTorch writes it, out of the folder that was just exported.

import EchoCore
import Foundation

/// Writes `model.onnx` into a folder that holds a model for PyTorch.
///
/// - Parameter python: a Python with torch, safetensors, onnx and onnxscript
/// - Throws: `EchoError` where it is not there, lacks one of them, or fails
func writeONNX(in folder: String, python: String) throws {
    let packages = "torch safetensors onnx onnxscript"
    let remedy = "name a Python that has them: --python PATH (pip install \(packages))"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
        python, "-c", "from echoprep_torch import load, to_onnx; to_onnx(load('.'), 'model.onnx')",
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment
        .merging(["PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "."]) { $1 }
    let errors = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    do {
        try process.run()
    } catch {
        throw EchoError("--to onnx", "no other program can be started", try: remedy)
    }
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    switch process.terminationStatus {
    case 0: return
    case 127: throw EchoError("--to onnx", "there is no Python \(python)", try: remedy)
    default:
        let last = said.split(separator: "\n").last { !$0.isEmpty } ?? "it said nothing"
        throw EchoError("--to onnx", "\(python) cannot write it: \(printable(String(last)))", try: remedy)
    }
}
