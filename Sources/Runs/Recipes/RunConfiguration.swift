// config.json: the recipe of a run and what it found, so that a resume is the same run or no resume.

import Catalog
package import EchoCore
import Files
package import Foundation
package import Models
package import StudyData
package import Tasks

/// What a run is; stored in its folder and in the metadata of its checkpoints.
///
/// The recipe's parts stand under the names of their options, so that the file can be given to `--config`; what the run
/// found by itself stands under `found`.
package struct RunConfiguration: Sendable, Equatable {
    /// The version of the program that began the run, with its commit where that is known.
    package var program: String
    /// With nothing left to defaults; its dataset is relative to the run folder where both lie in one tree.
    package var recipe: Recipe
    package var upkeep: Upkeep
    package var model: ModelConfiguration
    /// What each head of the model learned; none in pre-training.
    package var heads: [LearnedHead]
    package var normalisation: Normalisation
    package var data: DataIdentity
    package var initial: InitialIdentity?
    /// Where it was prolonged; empty for a run as it was begun.
    package var extensions: [Extension]

    /// A run as it begins.
    package init(
        recipe: Recipe, upkeep: Upkeep, model: ModelConfiguration, heads: [LearnedHead],
        normalisation: Normalisation, data: DataIdentity,
        initial: InitialIdentity?, extensions: [Extension] = [], program: String = fullProgramVersion
    ) {
        self.program = program
        self.recipe = recipe
        self.upkeep = upkeep
        self.model = model
        self.heads = heads
        self.normalisation = normalisation
        self.data = data
        self.initial = initial
        self.extensions = extensions
    }

    package var dataset: String { recipe.dataset }
    package var task: TrainTask { recipe.task }
    /// What the model's outputs stand for, head by head; empty in pre-training.
    package var targets: [String] { heads.flatMap(\.targets) }

    /// About the loss of a model that knows nothing: 1 of pixels and of each head, more where positives count for more.
    package var unlearnedLoss: Double {
        let losses = heads.map { head in
            let weights = head.positiveWeights ?? []
            let mean = weights.reduce(0) { $0 + Double($1) } / Double(max(weights.count, 1))
            return max(1, log(2) * (1 + mean) / 2)
        }
        return max(1, losses.reduce(0, +))
    }

    /// What it learns from: numbers of studies, and a digest of their clips, frames and labels.
    package struct DataIdentity: Codable, Sendable, Equatable {
        package var train: Int, validation: Int
        package var digest: String
        /// Of the decisions that hold; nil for none.
        package var decisions: String?

        package init(_ set: StudySet) {
            train = set.train.count
            validation = set.validation.count
            digest = set.digest
            decisions = set.decisions?.digest
        }
    }

    /// What it started from: the file's name and content.
    package struct InitialIdentity: Codable, Sendable, Equatable {
        package var file: String, sha256: String

        package init(file: String, sha256: String) {
            self.file = file
            self.sha256 = sha256
        }
    }

    /// From one step on the schedule is that of more epochs.
    package struct Extension: Codable, Sendable, Equatable {
        /// Steps that were taken before, and the epochs that the run had then.
        package var step: Int, epochs: Int

        package init(step: Int, epochs: Int) {
            self.step = step
            self.epochs = epochs
        }
    }

    /// What the run found by itself, as it is stored: of one head, or none, its parts stand with the others.
    private struct Found: Codable {
        var model: ModelConfiguration
        var targets: [String]?
        var scale: TargetScale?
        var positiveWeights: [Float]?
        var heads: [LearnedHead]?
        var normalisation: Normalisation
        var data: DataIdentity
        var initial: InitialIdentity?
        var extensions: [Extension]?

        /// What each head learned.
        var learned: [LearnedHead] {
            if let heads { return heads }
            guard let targets, !targets.isEmpty else { return [] }
            return [LearnedHead(targets: targets, scale: scale, positiveWeights: positiveWeights)]
        }
    }
}

extension RunConfiguration {
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return encoder
    }()

    /// The file as an object of JSON.
    private func object() throws -> [String: Any] {
        let only = heads.count > 1 ? nil : heads.first ?? LearnedHead(targets: [])
        let found = Found(
            model: model, targets: only?.targets, scale: only?.scale, positiveWeights: only?.positiveWeights,
            heads: only == nil ? heads : nil, normalisation: normalisation, data: data, initial: initial,
            extensions: extensions.isEmpty ? nil : extensions)
        var object = try recipe.parts().merging(upkeep.parts()) { first, _ in first }
        object["program"] = program
        object["found"] = try JSONSerialization.jsonObject(with: RunConfiguration.encoder.encode(found))
        return object
    }

    /// What stands in the file beside options, and whether a file of these names is one.
    package static let ownKeys: Set = ["program", "found"]
    package static func isWhatARunFound(_ keys: [String]) -> Bool { ownKeys.isSubset(of: keys) }

    /// The options that the run was made by, as an object of JSON.
    package func options() throws -> Data {
        try JSONSerialization.data(
            withJSONObject: recipe.parts().merging(upkeep.parts()) { first, _ in first })
    }

    /// The text of config.json.
    package func json() throws -> Data {
        try JSONSerialization.data(
            withJSONObject: object(), options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }

    /// Reads the text of config.json, of earlier programs too. Every number is checked before anything is made of it.
    ///
    /// - Throws: `EchoError` where it is none, or says what no run has written
    package init(json: Data) throws(EchoError) {
        guard let object = try? JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw RunConfiguration.isNone
        }
        if let fault = NumberRange.fault(inJSON: object) { throw RunConfiguration.changed(fault) }
        guard let found = RunConfiguration(checked: object, json) else { throw RunConfiguration.isNone }
        self = found
        if let fault { throw RunConfiguration.changed(fault) }
    }

    private static let isNone = EchoError(
        "config.json", "is not the configuration of a run", try: "name a folder that train wrote")

    private static func changed(_ fault: String) -> EchoError {
        EchoError("config.json", fault, try: "restore it from a copy: no run of train's has written that")
    }

    /// What parts say that cannot be true together; nil if nothing does.
    private var fault: String? {
        if let fault = model.fault { return fault }
        if !normalisation.isSound || normalisation.mean.count != model.channels {
            return "its normalisation is none of \(model.channels) channels"
        }
        let counts = heads.map(\.targets.count)
        guard counts.reduce(0, +) == model.outputs, task.heads.count == heads.count,
            model.headOutputs == nil ? heads.count <= 1 : model.headOutputs == counts
        else { return "its targets are not the outputs of its model" }
        guard heads.allSatisfy({ $0.positiveWeights.map(\.count) ?? $0.targets.count == $0.targets.count })
        else { return "its weights of positive studies are not as many as its targets" }
        return nil
    }

    private init?(checked object: [String: Any], _ json: Data) {
        if let earlier = EarlierConfiguration(json: json) {
            self.init(earlier)
            return
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let part = object["found"], let text = try? JSONSerialization.data(withJSONObject: part),
            let found = try? decoder.decode(Found.self, from: text), let recipe = try? Recipe(object),
            let upkeep = try? Upkeep(object), let program = object["program"] as? String
        else { return nil }
        self.init(
            recipe: recipe, upkeep: upkeep, model: found.model, heads: found.learned,
            normalisation: found.normalisation, data: found.data, initial: found.initial,
            extensions: found.extensions ?? [], program: program)
    }

    /// The configuration of a run folder.
    ///
    /// - Throws: `EchoError` that says what the folder is instead, where it is no run's
    package init(run: String) throws(EchoError) {
        let files = FileManager.default
        if !files.fileExists(atPath: run + "/config.json") {
            if files.fileExists(atPath: "\(run)/\(Catalog.fileName)") {
                throw EchoError(
                    run, "is a dataset, and no run",
                    try: "echoprep train --dataset \(run) --run RUN makes one")
            }
            guard files.fileExists(atPath: run) else {
                throw EchoError(run, "is not there", try: "the folder that was given to echoprep train --run")
            }
            throw EchoError(
                run, "is no run: it holds no config.json",
                try:
                    "the folder that was given to echoprep train --run; echoprep status names runs in a folder"
            )
        }
        self = try RunConfiguration(json: Data(readFile(run + "/config.json", upTo: 1 << 24)))
    }

    /// Where the numbers of this run and of `other` part, as lines "epochs: 20 there, 40 here".
    package func differences(from other: RunConfiguration) throws -> [String] {
        let here = try flattened()
        let there = try other.flattened()
        return Set(here.keys).union(there.keys).sorted().compactMap { key in
            let (a, b) = (here[key] ?? "nothing", there[key] ?? "nothing")
            return a == b ? nil : "\(key): \(b) there, \(a) here"
        }
    }

    /// All that its numbers depend on; what stands there twice, in words and as what was found, by what was found.
    private func flattened() throws -> [String: String] {
        var flat: [String: String] = [:]
        func visit(_ value: Any, _ path: String) {
            if let object = value as? [String: Any] {
                for (key, value) in object { visit(value, path.isEmpty ? key : "\(path).\(key)") }
            } else if let list = value as? [[String: Any]], !list.isEmpty {
                for (index, value) in list.enumerated() { visit(value, "\(path).\(index)") }
            } else if let list = value as? [Any] {
                flat[path] = list.map { "\($0)" }.joined(separator: " ")
            } else {
                flat[path] = "\(value)"
            }
        }
        var object = try object()
        let found = (object.removeValue(forKey: "found") as? [String: Any]) ?? [:]
        let words =
            ["program", "dataset", "init", "preset", "model", "pos-weight"] + (try upkeep.parts().keys)
        for word in words { object[word] = nil }
        visit(object, "")
        visit(found.filter { $0.key != "extensions" }, "")
        return flat
    }
}
