// Optimisation steps written down, so that another implementation can be held against it.

import Compute
package import EchoCore
import Files
import Foundation
package import Models
package import Runs
import Shards
package import StudyData
import Tasks

/// Collects a step and writes it as safetensors: what it saw, and of the first step all weights before and after it,
/// their gradients and the output.
package struct StepTrace {
    /// Whether it holds weights, gradients and the output: of steps in a row only the first does, for the others
    /// follow from it.
    package let isWhole: Bool
    private let path: String
    private let model: EchoModel
    private let batch: LoadedBatch
    private var tensors: [(name: String, shape: [Int], values: Values)] = []
    private var settings: [String: Any]

    private enum Values {
        case floats([Float])
        case int64s([Int64])
    }

    /// Begins the trace of the step that is about to be taken: its input, its masks and the weights before it.
    ///
    /// - Parameters:
    ///   - path: of the first step's file; the second's is FILE-0002.safetensors beside it, and so on
    ///   - number: 0 for the first step
    package init(
        _ path: String, number: Int, model: EchoModel, batch: LoadedBatch, configuration: RunConfiguration,
        learningRate: Double,
        optimiser: AdamW
    ) throws(EchoError) {
        let c = model.configuration
        let counts = batch.input.viewCounts
        guard counts.allSatisfy({ $0 == counts[0] }) else {
            throw EchoError(
                "--trace",
                "the studies of this step have \(Set(counts).sorted()) views, a trace needs one number",
                try: "add --pad-views, take fewer --views or trace another step")
        }
        isWhole = number == 0
        let stem = path.hasSuffix(".safetensors") ? String(path.dropLast(12)) : path
        self.path = isWhole ? path : stem + String(format: "-%04d.safetensors", number + 1)
        self.model = model
        self.batch = batch
        let (studies, views) = (counts.count, counts[0])
        settings = [
            "model": c.kind.rawValue, "task": configuration.task.name, "image": c.image, "patch": c.patch,
            "channels": c.channels, "views": views, "frames": c.frames, "dim": c.dim, "depth": c.depth,
            "heads": c.heads, "latent_depth": c.latentDepth, "latent_heads": c.latentHeads,
            "decoder": c.decoderKind?.name ?? "", "decoder_dim": c.decoderDim,
            "decoder_depth": c.decoderDepth, "decoder_heads": c.decoderHeads,
            "latent_masking": c.latentMasking.rawValue, "mask_views": c.maskViews,
            "latent_queries": c.latentQueries,
            "norm_pix": c.normPix, "lr": learningRate, "weight_decay": optimiser.weightDecay,
            "beta1": optimiser.factors.beta1, "beta2": optimiser.factors.beta2,
            "eps": optimiser.factors.epsilon,
            "clip": configuration.recipe.clip, "step": optimiser.steps + 1,
        ]
        if !configuration.heads.isEmpty {
            settings["outputs"] = c.outputs
            settings["heads_outputs"] = configuration.heads.map(\.targets.count)
            settings["frozen"] = configuration.recipe.frozen
            settings["linear_head"] = c.linearHead ?? false
            settings["probe"] = (c.probe ?? .mean).rawValue
            settings["layer_decay"] = configuration.recipe.layerDecay ?? 1
        }
        add(
            "input", [studies, views, c.frames, c.channels, c.image, c.image],
            batch.input.numbers(of: c, on: model.engine))
        if let mask = batch.mask {
            add("keep", [studies, views, c.frames, c.keptPatches], mask.keep.joined())
            if c.kind.hasLatentAttention {
                add("keep_latent", [studies, c.keptLatents(views: views)], mask.keepLatent.joined())
            }
        } else {
            add("target", [studies, c.outputs], batch.targets)
            if configuration.heads.contains(where: { $0.positiveWeights != nil }) {
                add(
                    "positive_weights", [c.outputs],
                    configuration.heads.flatMap {
                        $0.positiveWeights ?? Array(repeating: 1, count: $0.targets.count)
                    })
            }
        }
        guard isWhole else { return }
        for (name, shape) in model.parameters { add("param.\(name)", shape, model.read(name)) }
    }

    private mutating func add(_ name: String, _ shape: [Int], _ values: [Float]) {
        tensors.append((name, shape, .floats(values)))
    }

    private mutating func add(_ name: String, _ shape: [Int], _ values: some Sequence<Int32>) {
        tensors.append((name, shape, .int64s(values.map(Int64.init))))
    }

    /// Takes down what the step found, before the optimiser uses the gradients.
    package mutating func record(loss: Double, output: [Float]) {
        let c = model.configuration
        let (studies, views) = (batch.input.viewCounts.count, batch.input.viewCounts[0])
        add("loss", [1], [Float(loss)])
        guard isWhole else { return }
        if batch.mask != nil {
            add("prediction", [studies, views, c.frames, c.patches, c.patchWidth], output)
        } else {
            add("logits", [studies, c.outputs], output)
        }
        for (name, shape) in model.parameters {
            if let gradient = model.gradient(name) { add("grad.\(name)", shape, gradient) }
        }
    }

    /// Adds the weights after the step and writes the file.
    package consuming func finish() throws {
        if isWhole {
            for (name, shape) in model.parameters { add("updated.\(name)", shape, model.read(name)) }
        }
        let json = try JSONSerialization.data(withJSONObject: settings, options: [.sortedKeys])
        var writer = try SafetensorsWriter(
            path, metadata: ["config": String(decoding: json, as: UTF8.self)],
            tensors: tensors.map {
                if case .floats = $0.values { ($0.name, .f32, $0.shape) } else { ($0.name, .i64, $0.shape) }
            })
        for (name, shape, values) in tensors {
            switch values {
            case .floats(let values): try writer.add(name, shape: shape, floats: values)
            case .int64s(let values): try writer.add(name, shape: shape, int64s: values)
            }
        }
        try writer.finish()
    }
}
