// A run's state on the disk: at every moment one whole checkpoint, whatever is killed when.

import Compute
package import EchoCore
import Files
package import Foundation
package import Models
package import Shards
import StudyData

/// What it takes to go on, besides weights and moments; random streams are functions of the step.
package struct RunState: Codable, Sendable, Equatable {
    /// Steps taken, and epochs whose end (validation, pictures) is done.
    package var step = 0, finishedEpochs = 0
    /// The best epoch so far, from 1, and `ValidationScore.criterion` after it; nil without validation studies.
    package var bestEpoch: Int?, bestLoss: Double?
    /// Of several heads each one's own criterion after the best epoch.
    package var bestHeads: [Double]?
    /// Of a grid of heads, what the best learned by.
    package var probe: ProbeGrid.Point?
    /// What loss and gradient have been like.
    package var level: DivergenceGuard.Level?
    /// Bytes of metrics.jsonl and of the TensorBoard events.
    package var logLength = 0, eventLength = 0

    package init() {}

    /// Whether a run of so many epochs can have come to it.
    package func isSound(epochs: Int) -> Bool {
        let lengths = 0...1 << 50
        return 0...1 << 40 ~= step && 0...epochs ~= finishedEpochs && lengths ~= logLength
            && lengths ~= eventLength && (bestEpoch.map { 0...epochs ~= $0 } ?? true)
            && (level.map { 0...1 << 40 ~= $0.steps } ?? true)
    }

    /// The state as text, the same for the same state.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try encoder.encode(self)
    }
}

/// Where a file of weights or of state holds the sha256 of its tensors' bytes, and that of all else: its other metadata, and
/// the tensors' names, types and shapes.
private let checksumKey = "tensors_sha256", headerChecksumKey = "header_sha256"

/// What such files are, and what they were before their headers had sums; of no two does a bit make one of the other.
private let formats = (
    weights: "echoprep checkpoint 2", state: "echoprep state 2",
    earlier: ["echoprep checkpoint 1", "echoprep state 1"]
)

/// The sum of a header's content, whatever order its names stand in.
private func headerChecksum(
    _ metadata: [String: String], _ tensors: [(name: String, dtype: DType, shape: [Int])]
) -> String {
    let sum = SHA256()
    func add(_ text: String) { sum.update(Array("\(text.utf8.count):\(text)".utf8)) }
    for (key, value) in metadata.sorted(by: { precedes($0.key, $1.key) }) where key != headerChecksumKey {
        add(key)
        add(value)
    }
    for tensor in tensors {
        add(tensor.name)
        add("\(tensor.dtype.rawValue) \(tensor.shape.map(String.init).joined(separator: " "))")
    }
    return sum.hex()
}

extension SafetensorsFile {
    /// Whether the file is as it was written, as far as it says what that is.
    ///
    /// - Parameter isOurs: whether it has to say so, as a checkpoint or a state of this program or of one before
    package func matchesChecksum(isOurs: Bool = false) throws(EchoError) -> Bool {
        let format = metadata["format"] ?? ""
        if format == formats.weights || format == formats.state {
            let described = names.compactMap { self.tensors[$0] }.map { ($0.name, $0.dtype, $0.shape) }
            guard metadata[checksumKey] != nil,
                metadata[headerChecksumKey] == headerChecksum(metadata, described)
            else { return false }
        } else if isOurs, !formats.earlier.contains(format) {
            return false
        }
        guard let wanted = metadata[checksumKey] else { return true }
        let checksum = SHA256()
        for name in names { checksum.update(try bytes(name)) }
        return checksum.hex() == wanted
    }
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

    /// Writes weights under the names of the specification, with the run's configuration and a checksum.
    package func writeWeights(of model: EchoModel, state: RunState, to path: String) throws {
        var metadata = [
            "format": formats.weights,
            "config": String(decoding: try configuration.json(), as: UTF8.self),
            "epoch": "\(state.finishedEpochs)", "step": "\(state.step)",
        ]
        let checksum = SHA256()
        for key in [checksumKey, headerChecksumKey] { metadata[key] = String(repeating: "0", count: 64) }
        let tensors = model.parameters.map { (name: $0.name, dtype: DType.f32, shape: $0.shape) }
        var writer = try SafetensorsWriter(path, metadata: metadata, tensors: tensors)
        for (name, shape) in model.parameters {
            let values = model.read(name)
            values.withUnsafeBytes { checksum.update($0) }
            try writer.add(name, shape: shape, floats: values)
        }
        writer.metadata[checksumKey] = checksum.hex()
        writer.metadata[headerChecksumKey] = headerChecksum(writer.metadata, tensors)
        try writer.finish()
    }

    package func save(_ learner: Learner, _ state: RunState) throws {
        try writeWeights(of: learner.model, state: state, to: folder.pending)
        let tensors =
            learner.optimiser.state.flatMap {
                [("first.\($0.name)", $0.shape, $0.first), ("second.\($0.name)", $0.shape, $0.second)]
            } + (learner.average?.values ?? []).map { ("average.\($0.name)", $0.shape, $0.average) }
        let described = tensors.map { (name: $0.0, dtype: DType.f32, shape: $0.1) }
        let checksum = SHA256()
        var writer = try SafetensorsWriter(
            folder.state,
            metadata: [
                "format": formats.state,
                "weights_sha256": sha256(try mapFile(folder.pending)),
                "state": String(decoding: try state.json(), as: UTF8.self),
                checksumKey: String(repeating: "0", count: 64),
                headerChecksumKey: String(repeating: "0", count: 64),
            ],
            tensors: described)
        for (name, shape, buffer) in tensors {
            let values = learner.model.engine.read(buffer)
            values.withUnsafeBytes { checksum.update($0) }
            try writer.add(name, shape: shape, floats: values)
        }
        writer.metadata[checksumKey] = checksum.hex()
        writer.metadata[headerChecksumKey] = headerChecksum(writer.metadata, described)
        try writer.finish()
        try adopt(folder.pending)
    }

    /// Brings a learner to the last checkpoint.
    package func restore(_ learner: Learner) throws -> RunState {
        let file = try opened(
            folder.state, as: RunFolder.place(folder.state), try: CheckpointStore.remedy)
        guard try file.matchesChecksum(isOurs: true), let text = file.metadata["state"],
            let wanted = file.metadata["weights_sha256"],
            let state = try? JSONDecoder().decode(RunState.self, from: Data(text.utf8))
        else { throw CheckpointStore.damaged(folder.state) }
        try adoptWeights(sha256: wanted)
        try loadWeights(folder.last, into: learner.model)

        func values(_ name: String, _ shape: [Int]) throws -> [Float] {
            guard file.tensors[name]?.shape == shape else { throw CheckpointStore.damaged(folder.state) }
            return try file.floats(name)
        }
        var moments: [(name: String, first: [Float], second: [Float])] = []
        for (name, shape) in learner.model.parameters where file.tensors["first.\(name)"] != nil {
            moments.append((name, try values("first.\(name)", shape), try values("second.\(name)", shape)))
        }
        learner.optimiser.restore(steps: state.step, moments)
        if let average = learner.average {
            average.restore(try learner.model.parameters.map { try values("average.\($0.name)", $0.shape) })
        }
        return state
    }

    /// Gives the last weights a second name that stays, epoch-NNNN, and removes those that are not to be kept.
    package func keep(epoch: Int, last count: Int) throws(EchoError) {
        guard count > 0 else { return }
        let kept = folder.kept(epoch: epoch)
        unlink(kept)
        guard link(folder.last, kept) == 0 else {
            throw EchoError(RunFolder.place(kept), "cannot be written", try: "check the folder's permissions")
        }
        unlink(folder.kept(epoch: epoch - count))
    }

    /// Opens a file of weights that is whole.
    package static func weights(_ path: String) throws(EchoError) -> SafetensorsFile {
        let file = try opened(path, as: RunFolder.place(path), try: remedy)
        guard try file.matchesChecksum(isOurs: true) else { throw damaged(path) }
        return file
    }

    /// Whether the state says what a run goes on from, and its weights are there.
    static func checkPair(_ folder: RunFolder) throws {
        let state = try weights(folder.state)
        guard let text = state.metadata["state"], let wanted = state.metadata["weights_sha256"],
            (try? JSONDecoder().decode(RunState.self, from: Data(text.utf8))) != nil
        else { throw damaged(folder.state) }
        let there = [folder.last, folder.pending].filter { FileManager.default.fileExists(atPath: $0) }
        guard try there.contains(where: { sha256(try mapFile($0)) == wanted }) else {
            throw damaged(folder.last)
        }
    }

    /// Loads weights that must fit the model in full.
    package func loadWeights(_ path: String, into model: EchoModel) throws(EchoError) {
        let file = try CheckpointStore.weights(path)
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
        guard try holds(folder.pending) else { throw CheckpointStore.damaged(folder.last) }
        try adopt(folder.pending)
    }

    private func adopt(_ path: String) throws {
        guard rename(path, folder.last) == 0 else {
            throw EchoError(
                RunFolder.place(folder.last), "cannot be written", try: "check the folder's permissions")
        }
    }

    private static let remedy =
        "bring a copy back, or start another run with --init checkpoints/best.safetensors"

    private static func damaged(_ path: String) -> EchoError {
        EchoError(
            RunFolder.place(path), "is damaged: its content is not what was written",
            try: CheckpointStore.remedy)
    }
}
