// A run's state on the disk: at every moment one whole checkpoint, whatever is killed when.

package import EchoCore
import Files
import Foundation
package import Models
import Shards

/// What it takes to go on, besides weights and moments; random streams are functions of the step.
package struct RunState: Codable, Sendable, Equatable {
    /// Steps taken, and epochs whose end (validation, pictures) is done.
    package var step = 0, finishedEpochs = 0
    /// The best epoch so far, from 1, and its validation loss; nil without validation studies.
    package var bestEpoch: Int?, bestLoss: Double?
    /// Bytes of metrics.jsonl.
    package var logLength = 0

    package init() {}
}

/// Writes and reads the checkpoints of a run.
///
/// A checkpoint is two files: weights, which anyone may use, and state. The new weights wait as `next.safetensors`;
/// renaming the new state, which names their sha256, is the one act that commits both; then they take their name.
/// A reader finds the weights that the state names under one of the two names.
package struct CheckpointStore {
    package let folder: RunFolder
    package let configuration: RunConfiguration

    package init(folder: RunFolder, configuration: RunConfiguration) {
        self.folder = folder
        self.configuration = configuration
    }

    /// Whether there is something to go on from.
    package var isEmpty: Bool { !FileManager.default.fileExists(atPath: folder.state) }

    /// Weights under the names of the specification, with the run's configuration, where they came from in metadata.
    package func writeWeights(of model: EchoModel, state: RunState, to path: String) throws {
        var writer = try SafetensorsWriter(
            path,
            metadata: [
                "format": "echoprep checkpoint 1",
                "config": String(decoding: try configuration.json(), as: UTF8.self),
                "epoch": "\(state.finishedEpochs)", "step": "\(state.step)",
            ],
            tensors: model.parameters.map { ($0.name, .f32, $0.shape) })
        for (name, shape) in model.parameters {
            try writer.add(name, shape: shape, floats: model.read(name))
        }
        try writer.finish()
    }

    package func save(_ model: EchoModel, _ optimiser: AdamW, _ state: RunState) throws {
        try writeWeights(of: model, state: state, to: folder.pending)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let moments = optimiser.state
        var writer = try SafetensorsWriter(
            folder.state,
            metadata: [
                "format": "echoprep state 1",
                "weights_sha256": sha256(try mapFile(folder.pending)),
                "state": String(decoding: try encoder.encode(state), as: UTF8.self),
            ],
            tensors: moments.flatMap {
                [("first.\($0.name)", .f32, $0.shape), ("second.\($0.name)", .f32, $0.shape)]
            })
        for (name, shape, first, second) in moments {
            try writer.add("first.\(name)", shape: shape, floats: first)
            try writer.add("second.\(name)", shape: shape, floats: second)
        }
        try writer.finish()
        try adopt(folder.pending)
    }

    /// Brings model and optimiser to the last checkpoint.
    package func restore(_ model: EchoModel, _ optimiser: AdamW) throws -> RunState {
        let file = try opened(
            folder.state, as: RunFolder.place(folder.state), try: "train again in another run folder")
        guard let text = file.metadata["state"], let wanted = file.metadata["weights_sha256"],
            let state = try? JSONDecoder().decode(RunState.self, from: Data(text.utf8))
        else { throw damaged(folder.state) }
        try adoptWeights(sha256: wanted)
        try loadWeights(folder.last, into: model)
        var moments: [(name: String, first: [Float], second: [Float])] = []
        for (name, shape) in model.parameters where file.tensors["first.\(name)"] != nil {
            let first = try file.floats("first.\(name)"), second = try file.floats("second.\(name)")
            guard first.count == shape.reduce(1, *), second.count == first.count else {
                throw damaged(folder.state)
            }
            moments.append((name, first, second))
        }
        optimiser.restore(steps: state.step, moments)
        return state
    }

    /// Loads weights that must fit the model in full.
    package func loadWeights(_ path: String, into model: EchoModel) throws(EchoError) {
        let file = try opened(path, as: RunFolder.place(path), try: "train again in another run folder")
        for (name, shape) in model.parameters {
            guard let tensor = file.tensors[name], tensor.shape == shape else {
                throw EchoError(
                    RunFolder.place(path), "does not hold \(name) of shape \(shape)",
                    try: "train again in another run folder")
            }
            model.write(name, try file.floats(name))
        }
    }

    /// Sees to it that `last` holds the weights of this sum.
    private func adoptWeights(sha256 wanted: String) throws {
        func holds(_ path: String) throws -> Bool {
            guard FileManager.default.fileExists(atPath: path) else { return false }
            return sha256(try mapFile(path)) == wanted
        }
        if try holds(folder.last) { return }
        guard try holds(folder.pending) else { throw damaged(folder.last) }
        try adopt(folder.pending)
    }

    private func adopt(_ path: String) throws {
        guard rename(path, folder.last) == 0 else {
            throw EchoError(
                RunFolder.place(folder.last), "cannot be written", try: "check the folder's permissions")
        }
    }

    private func damaged(_ path: String) -> EchoError {
        EchoError(
            RunFolder.place(path), "is damaged: its content is not what was written",
            try: "start another run with --init checkpoints/best.safetensors")
    }
}
