// config.json: everything that a run's numbers depend on, so that a resume is the same run or no resume.

public import Compute
public import EchoCore
import Files
package import Foundation
public import Models
public import Tasks

/// What a run is; stored in its folder and in the metadata of its checkpoints.
public struct RunConfiguration: Codable, Sendable, Equatable {
    /// The version of the program that began the run.
    public var program = programVersion
    /// The dataset folder, relative to the run folder where both lie in one tree.
    public var dataset: String
    public var task: TrainTask
    public var model: ModelConfiguration
    /// Categories in the order of the model's outputs, or "EF"; empty in pre-training.
    public var targets: [String]
    /// How the model's output stands for an ejection fraction in percent; nil for other tasks.
    public var scale: TargetScale?
    public var normalisation: Normalisation
    public var learning: Learning
    public var data: DataIdentity
    public var initial: InitialIdentity?

    /// How it learns.
    public struct Learning: Codable, Sendable, Equatable {
        public var epochs: Int, warmupEpochs: Int, batch: Int, accumulate: Int
        public var learningRate: Double, weightDecay: Double, clip: Double
        public var stride: Int, padViews: Bool, augment: Bool, rotation: Double
        public var frozen: Bool
        /// How much a positive study counts for each target; nil for as much as a negative one.
        public var positiveWeights: [Float]?
        /// What the learning rate falls by from layer to layer; nil for not at all.
        public var layerDecay: Double?
        /// Decay of the average of weights; nil for none.
        public var averageDecay: Double?
        public var precision: Precision
        public var seed: UInt64
    }

    /// What it learns from: numbers of studies, and a digest of their clips, frames and labels.
    public struct DataIdentity: Codable, Sendable, Equatable {
        public var train: Int, validation: Int
        public var digest: String
    }

    /// What it started from: the file's name and content.
    public struct InitialIdentity: Codable, Sendable, Equatable {
        public var file: String, sha256: String
    }
}

extension RunConfiguration {
    /// The text of config.json.
    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try encoder.encode(self)
    }

    /// Reads the text of config.json; nil if it is none.
    package init?(json: Data) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let found = try? decoder.decode(RunConfiguration.self, from: json) else { return nil }
        self = found
    }

    /// The configuration of a run folder.
    public init(run: String) throws(EchoError) {
        let data = Data(try readFile(run + "/config.json", upTo: 1 << 24))
        guard let found = RunConfiguration(json: data) else {
            throw EchoError(
                "config.json", "is not the configuration of a run", try: "name a folder that train wrote")
        }
        self = found
    }

    /// Where the numbers of this run and of `other` part, as lines "learning.epochs: 20 there, 40 here".
    package func differences(from other: RunConfiguration) throws -> [String] {
        let here = try flattened()
        let there = try other.flattened()
        return Set(here.keys).union(there.keys).subtracting(["program", "dataset"]).sorted().compactMap {
            key in
            let (a, b) = (here[key] ?? "nothing", there[key] ?? "nothing")
            return a == b ? nil : "\(key): \(b) there, \(a) here"
        }
    }

    private func flattened() throws -> [String: String] {
        var flat: [String: String] = [:]
        func visit(_ value: Any, _ path: String) {
            if let object = value as? [String: Any] {
                for (key, value) in object { visit(value, path.isEmpty ? key : "\(path).\(key)") }
            } else if let list = value as? [Any] {
                flat[path] = list.map { "\($0)" }.joined(separator: " ")
            } else {
                flat[path] = "\(value)"
            }
        }
        visit(try JSONSerialization.jsonObject(with: json()), "")
        return flat
    }
}
