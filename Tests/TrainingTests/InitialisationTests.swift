import Compute
import Foundation
import Models
import Shards
import TestSupport
import Testing
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
            let report = try model.initialise(from: file(folder, tensors))
            #expect(
                report.text == """
                    33 tensors loaded
                      adapted (1): patch_embed.proj.weight 3 input channels summed
                      missing (14): latent_blocks.0.norm1.weight, latent_blocks.0.norm1.bias, \
                    latent_blocks.0.attn.qkv.weight, latent_blocks.0.attn.qkv.bias, \
                    latent_blocks.0.attn.proj.weight, latent_blocks.0.attn.proj.bias, \
                    latent_blocks.0.norm2.weight, latent_blocks.0.norm2.bias, latent_blocks.0.mlp.fc1.weight, \
                    latent_blocks.0.mlp.fc1.bias, latent_blocks.0.mlp.fc2.weight, latent_blocks.0.mlp.fc2.bias, \
                    latent_norm.weight, latent_norm.bias
                      of another shape (2): decoder_pred.weight [48, 4] instead of [16, 4], decoder_pred.bias [48] \
                    instead of [16]
                      left over (1): head.weight
                      ignored (2): cls_token, pos_embed
                    """)
            #expect(!report.isComplete)
            #expect(model.read("mask_token") == [0, 1, 2, 3])
            // The first weight is 0 + 16 + 32: the same place in three planes of 16.
            #expect(model.read("patch_embed.proj.weight").prefix(2) == [48, 51])
            #expect(model.read("patch_embed.proj.weight")[16] == 3 * 48 + 48)
        }
    }
}
