// The encoder of frames as a vision transformer of timm's: its names, its positions, its norm and its pixel scale.

import EchoCore
import Foundation
import Models
import Runs
import StudyData
import Shards

/// A folder that `timm.create_model("local-dir:FOLDER", pretrained=True)` opens.
///
/// timm's transformer learns its positions, so ours, which are computed, become its parameter `pos_embed`; and with mean
/// pooling it moves the last norm behind the mean, unless `fc_norm` says that it stays. Names are timm's already.
struct TimmModel {
    /// A name that takes every size as an argument.
    static let architecture = "vit_base_patch16_224"

    private let shape: ModelConfiguration
    private let normalisation: [String: [Float]]
    private let weights: SafetensorsFile

    /// - Throws: `EchoError` for a model whose encoder does not see single frames
    init(_ configuration: RunConfiguration, _ weights: SafetensorsFile) throws(EchoError) {
        shape = configuration.model
        guard !shape.kind.isVideo else {
            throw EchoError(
                "--to timm", "timm has no model that encodes clips whole, as \(shape.kind.rawValue) does",
                try: "leave it out, which writes the model for PyTorch")
        }
        let pixels = configuration.normalisation
        normalisation = ["mean": pixels.mean, "std": pixels.deviation]
        self.weights = weights
    }

    /// The arguments of `create_model` beside the architecture.
    static func arguments(_ shape: ModelConfiguration) -> [String: Any] {
        [
            "img_size": shape.image, "patch_size": shape.patch, "in_chans": shape.channels,
            "embed_dim": shape.dim, "depth": shape.depth, "num_heads": shape.heads, "class_token": false,
            "global_pool": "avg", "fc_norm": false,
        ]
    }

    /// The same as they are typed in Python.
    static func words(_ shape: ModelConfiguration) -> String {
        let arguments = arguments(shape)
        return arguments.keys.sorted().map { key in
            switch arguments[key] {
            case let text as String: "\(key)=\"\(text)\""
            case let flag as Bool: "\(key)=\(flag ? "True" : "False")"
            case let number as Int: "\(key)=\(number)"
            default: preconditionFailure("an argument is a word, a number or a truth value")
            }
        }.joined(separator: ", ")
    }

    /// The text of config.json as timm writes it for models on a hub.
    var json: String {
        get throws {
            var pretrained: [String: Any] = [
                "input_size": [shape.channels, shape.image, shape.image], "fixed_input_size": true,
                "interpolation": "bilinear", "crop_pct": 1, "crop_mode": "squash", "num_classes": 0,
                "first_conv": "patch_embed.proj", "classifier": "head",
            ]
            // As decimal numbers, not as what they are in binary.
            for (key, values) in normalisation {
                pretrained[key] = values.map { NSDecimalNumber(string: "\($0)") }
            }
            let config: [String: Any] = [
                "architecture": TimmModel.architecture, "num_classes": 0, "num_features": shape.dim,
                "global_pool": "avg", "model_args": TimmModel.arguments(shape), "pretrained_cfg": pretrained,
            ]
            let text = try JSONSerialization.data(
                withJSONObject: config, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
            return String(decoding: text, as: UTF8.self) + "\n"
        }
    }

    /// Writes the encoder's weights, `pos_embed` [1, patches, width] among them.
    func write(to path: String) throws(EchoError) {
        let parts: Set = ["patch_embed", "blocks", "norm"]
        let names = weights.names.filter { parts.contains(String($0.prefix { $0 != "." })) }
        let positions = spaceTable(side: shape.gridSide, width: shape.dim)
        try writeTensors(
            names, of: weights, metadata: ["format": "pt"],
            and: [("pos_embed", [1, shape.patches, shape.dim], positions)], to: path)
    }
}
