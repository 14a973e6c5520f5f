import Compute
import ComputeReference
import EchoCore
import Foundation
import Models
import Runs
import Shards
import Testing
import TestSupport
import Training

@Suite struct InitialisationTests {
    private let configuration = ModelConfiguration(
        kind: .lamae, image: 8, patch: 4, views: 1, frames: 1, dim: 8, depth: 1, heads: 2, latentDepth: 1,
        latentHeads: 2, decoderDim: 4, decoderDepth: 1, decoderHeads: 1)

    private func model(_ configuration: ModelConfiguration, seed: UInt64 = 1) -> EchoModel {
        EchoModel(configuration, engine: ReferenceEngine(), seed: seed)
    }

    /// A file with tensors of these shapes, each counting up from 0.
    private func file(_ folder: URL, _ tensors: [(name: String, shape: [Int])]) throws -> SafetensorsFile {
        let path = folder.appendingPathComponent("weights.safetensors").path
        var writer = try SafetensorsWriter(path, tensors: tensors.map { ($0.name, .f32, $0.shape) })
        for (name, shape) in tensors {
            try writer.add(name, shape: shape, floats: (0..<shape.reduce(1, *)).map { Float($0) })
        }
        try writer.finish()
        return try SafetensorsFile(path: path)
    }

    @Test func `a checkpoint of our own is loaded in full`() throws {
        try withTemporaryFolder { folder in
            let model = model(configuration)
            let report = try model.initialise(from: file(folder, model.parameters))
            #expect(report.isComplete)
            #expect(report.loaded == model.parameters.map(\.name))
            #expect(model.read("latent_norm.bias") == [0, 1, 2, 3, 4, 5, 6, 7])
        }
    }

    @Test func `a checkpoint with the names of MAE loads what fits and lists the rest`() throws {
        try withTemporaryFolder { folder in
            let model = model(configuration)
            var tensors = model.parameters.filter { !$0.name.hasPrefix("latent") }
            func replace(_ name: String, _ shape: [Int]) {
                tensors[tensors.firstIndex { $0.name == name }!].shape = shape
            }
            replace("patch_embed.proj.weight", [8, 3, 4, 4])
            replace("mask_token", [1, 1, 4])
            replace("decoder_pred.weight", [48, 4])
            replace("decoder_pred.bias", [48])
            tensors += [("cls_token", [1, 1, 8]), ("pos_embed", [1, 5, 8]), ("head.weight", [2, 8])]
            tensors += [("blocks.1.norm1.bias", [8]), ("blocks.2.norm1.bias", [8])]
            let report = try model.initialise(from: file(folder, tensors))
            #expect(
                report.text == """
                    33 of the model's 49 tensors loaded
                      changed to fit (1): patch_embed.proj.weight 3 input channels summed
                      left fresh, not in the file (14): latent_blocks (12), latent_norm (2)
                      left fresh, of another shape in the file (2): decoder_pred.weight [48, 4] instead of [16, 4], \
                    decoder_pred.bias [48] instead of [16]
                      of no use here (3): head.weight, blocks.1-2.norm1.bias
                      ignored, as this model computes positions and has no class token (2): cls_token, pos_embed
                    """)
            #expect(!report.isComplete)
            #expect(model.read("mask_token") == [0, 1, 2, 3])
            // The first weight is 0 + 16 + 32: the same place in three planes of 16.
            #expect(model.read("patch_embed.proj.weight").prefix(2) == [48, 51])
            #expect(model.read("patch_embed.proj.weight")[16] == 3 * 48 + 48)
        }
    }

    /// The tensors of one block of width 8 under the names of Hugging Face's transformers.
    private func block(_ name: String, width: Int, keyBias: Bool) -> [(name: String, shape: [Int])] {
        var tensors: [(name: String, shape: [Int])] = []
        func add(_ layer: String, _ shape: Int...) { tensors.append(("\(name).\(layer)", shape)) }
        for part in ["query", "key", "value"] {
            add("attention.attention.\(part).weight", width, width)
            if keyBias { add("attention.attention.\(part).bias", width) }
        }
        if !keyBias {
            for part in ["q", "v"] { add("attention.attention.\(part)_bias", width) }
        }
        for (layer, inputs, outputs) in [
            ("attention.output.dense", width, width), ("intermediate.dense", width, 4 * width),
            ("output.dense", 4 * width, width),
        ] {
            add("\(layer).weight", outputs, inputs)
            add("\(layer).bias", outputs)
        }
        for norm in ["layernorm_before", "layernorm_after"] {
            add("\(norm).weight", width)
            add("\(norm).bias", width)
        }
        return tensors
    }

    @Test func `VideoMAE's weights become a video model's`() throws {
        try withTemporaryFolder { folder in
            var c = configuration
            c.kind = .videoMAE
            let model = model(c)
            var tensors: [(name: String, shape: [Int])] = [
                ("videomae.embeddings.patch_embeddings.projection.weight", [8, 3, 2, 4, 4]),
                ("videomae.embeddings.patch_embeddings.projection.bias", [8]),
            ]
            tensors += block("videomae.encoder.layer.0", width: 8, keyBias: false)
            tensors += [("videomae.layernorm.weight", [8]), ("videomae.layernorm.bias", [8])]
            tensors += [("encoder_to_decoder.weight", [4, 8]), ("mask_token", [1, 1, 4])]
            tensors += block("decoder.decoder_layers.0", width: 4, keyBias: false)
            tensors += [("decoder.norm.weight", [4]), ("decoder.norm.bias", [4])]
            tensors += [("decoder.head.weight", [96, 4]), ("decoder.head.bias", [96])]
            let report = try model.initialise(from: file(folder, tensors))
            #expect(
                report.text == """
                    32 of the model's 35 tensors loaded
                      changed to fit (5): patch_embed.proj.weight 2 frames summed, 3 input channels summed, \
                    blocks.0.attn.qkv.weight joined of queries, keys and values, \
                    blocks.0.attn.qkv.bias joined of queries, zeros for keys, and values, \
                    decoder_blocks.0.attn.qkv.weight joined of queries, keys and values, \
                    decoder_blocks.0.attn.qkv.bias joined of queries, zeros for keys, and values
                      left fresh, not in the file (1): decoder_embed.bias
                      left fresh, of another shape in the file (2): decoder_pred.weight [96, 4] instead of [16, 4], \
                    decoder_pred.bias [96] instead of [16]
                    """)
            // Six planes of 16, each counting on: 0 + 16 + … + 80.
            #expect(model.read("patch_embed.proj.weight").prefix(2) == [240, 246])
            let bias: [Float] = [0, 1, 2, 3, 4, 5, 6, 7]
            #expect(model.read("blocks.0.attn.qkv.bias") == bias + [Float](repeating: 0, count: 8) + bias)
            #expect(model.read("blocks.0.attn.qkv.weight").suffix(2) == [62, 63])
        }
    }

    /// Release 5 names a ViT's layers anew when it keeps a model, and gives VideoMAE's queries and values ordinary biases;
    /// its own files may have either names.
    @Test func `queries, keys and values under the names of transformers 5 keep their biases`() throws {
        try withTemporaryFolder { folder in
            func bias(_ kind: ModelKind, _ block: String, _ parts: [String]) throws -> [Float] {
                var c = configuration
                c.kind = kind
                let model = model(c)
                let tensors = parts.flatMap { part in
                    [("\(block).\(part).weight", [8, 8])]
                        + (part.contains("key") ? [] : [("\(block).\(part).bias", [8])])
                }
                let report = try model.initialise(from: file(folder, tensors))
                #expect(report.leftOver.isEmpty && report.mismatched.isEmpty)
                #expect(model.read("blocks.0.attn.qkv.weight").suffix(2) == [62, 63])
                return model.read("blocks.0.attn.qkv.bias")
            }
            let (some, none): ([Float], [Float]) = ([0, 1, 2, 3, 4, 5, 6, 7], Array(repeating: 0, count: 8))
            let projections = ["q_proj", "k_proj", "v_proj", "o_proj"].map { "attention.\($0)" }
            #expect(try bias(.mae, "vit.layers.0", projections) == some + some + some)
            let layers = ["query", "key", "value"].map { "attention.attention.\($0)" }
            #expect(try bias(.videoMAE, "videomae.encoder.layer.0", layers) == some + none + some)

            // What it calls decoder_layers in memory has this name in the files that it writes.
            var c = configuration
            c.kind = .mae
            let decoder = block("decoder.decoder_encoder.layer.0", width: 4, keyBias: true)
            let report = try model(c).initialise(from: file(folder, decoder))
            #expect(report.leftOver.isEmpty && report.loaded.count + report.adapted.count == 12)
        }
    }

    @Test(arguments: ["", "module.", "model.", "vit."]) func `a ViT of transformers loads under any wrapper`(
        wrapper: String
    ) throws {
        try withTemporaryFolder { folder in
            var c = configuration
            (c.kind, c.outputs) = (.mae, 2)
            let model = model(c)
            var tensors: [(name: String, shape: [Int])] = [
                ("embeddings.cls_token", [1, 1, 8]), ("embeddings.position_embeddings", [1, 5, 8]),
                ("embeddings.patch_embeddings.projection.weight", [8, 1, 4, 4]),
                ("embeddings.patch_embeddings.projection.bias", [8]),
            ]
            tensors += block("encoder.layer.0", width: 8, keyBias: true)
            tensors += [("layernorm.weight", [8]), ("layernorm.bias", [8]), ("pooler.dense.bias", [8])]
            let report = try model.initialise(
                from: file(folder, tensors.map { (wrapper + $0.name, $0.shape) }))
            #expect(
                report.missing == ["head.fc1.weight", "head.fc1.bias", "head.fc2.weight", "head.fc2.bias"])
            #expect(report.leftOver == [wrapper + "pooler.dense.bias"])
            #expect(report.ignored.count == 2 && report.mismatched.isEmpty && report.warnings.isEmpty)
        }
    }

    @Test func `what timm's other ViTs have is folded in, or said`() throws {
        try withTemporaryFolder { folder in
            var c = configuration
            (c.kind, c.outputs) = (.mae, 2)
            let model = model(c)
            var tensors = model.parameters.filter { !$0.name.hasPrefix("head") && !$0.name.hasPrefix("norm") }
            tensors += [("blocks.0.ls1.gamma", [8]), ("blocks.0.ls2.gamma", [8])]
            tensors += [("fc_norm.weight", [8]), ("fc_norm.bias", [8]), ("blocks.0.attn.q_norm.weight", [4])]
            let report = try model.initialise(from: file(folder, tensors))
            #expect(
                report.adapted == [
                    "blocks.0.attn.proj.weight times ls1.gamma", "blocks.0.attn.proj.bias times ls1.gamma",
                    "blocks.0.mlp.fc2.weight times ls2.gamma", "blocks.0.mlp.fc2.bias times ls2.gamma",
                    "norm.weight from fc_norm, which stood behind the mean over tokens",
                    "norm.bias from fc_norm, which stood behind the mean over tokens",
                ])
            #expect(model.read("blocks.0.attn.proj.bias") == [0, 1, 4, 9, 16, 25, 36, 49])
            // Row 1 counts on from 8 and is multiplied by 1, row 2 from 16 by 2.
            #expect(model.read("blocks.0.attn.proj.weight")[7...16] == [0, 8, 9, 10, 11, 12, 13, 14, 15, 32])
            #expect(
                report.warnings == [
                    """
                    the file's blocks have layers that this model lacks, as blocks.0.attn.q_norm.weight: \
                    features will differ
                    """
                ])
        }
    }

    @Test func `a file of nothing that fits is an error`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            _ = try file(folder, [("conv1.weight", [8, 3, 3, 3])])
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.recipe.initial = folder.appendingPathComponent("weights.safetensors").path
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.problem == "holds no tensor that fits the model")
            #expect(!FileManager.default.fileExists(atPath: options.run + "/config.json"))
        }
    }
}
