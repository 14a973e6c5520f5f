import Compute
import ComputeCPU
import ComputeReference
import Foundation
import Models
import Shards
import Testing
import TestSupport

/// Steps of very small models as PyTorch took them; Tests/Oracles/peers/freeze_models.py writes them.
@Suite struct FrozenModelTests {
    /// The names of the files, without their extension.
    static let names = [
        "lamae-pretrain", "lamae-beyond-pretrain", "video-lamae-token-pretrain", "mae-rgb-pretrain",
        "video-mae-pretrain", "lamae-icd", "video-lamae-queries-icd", "mae-icd",
        "lamae-linear-icd", "mae-attentive-icd",
    ]

    /// What PyTorch's model was, in the keys of a trace.
    private struct Settings: Decodable {
        var model: ModelKind, task: String, image: Int, patch: Int, channels: Int, views: Int, frames: Int
        var dim: Int, depth: Int, heads: Int, latentDepth: Int, latentHeads: Int
        var decoderDim: Int, decoderDepth: Int, decoderHeads: Int
        var latentMasking: LatentMasking, maskViews: Double, latentQueries: Int, normPix: Bool, outputs: Int
        var linearHead: Bool?, probe: Probe?

        var configuration: ModelConfiguration {
            var c = ModelConfiguration(
                kind: model, image: image, patch: patch, channels: channels, views: views, frames: frames,
                dim: dim, depth: depth, heads: heads, latentDepth: latentDepth, latentHeads: latentHeads,
                decoderDim: decoderDim, decoderDepth: decoderDepth, decoderHeads: decoderHeads,
                maskRatio: 2 / 3, latentMasking: latentMasking, maskViews: maskViews,
                latentQueries: latentQueries, normPix: normPix, outputs: task == "pretrain" ? 0 : outputs)
            c.linearHead = linearHead
            c.probe = probe
            return c
        }
    }

    @Test(arguments: names, [true, false])
    func `a step is PyTorch's step`(name: String, reference: Bool) throws {
        let path = Built.repository.appendingPathComponent("fixtures/models/\(name).safetensors").path
        let file = try SafetensorsFile(path: path)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let settings = try decoder.decode(Settings.self, from: Data((file.metadata["config"] ?? "").utf8))
        let c = settings.configuration
        let model = EchoModel(c, engine: reference ? ReferenceEngine() : CPUEngine(threads: 2), seed: 1)
        for (name, _) in model.parameters { model.write(name, try file.floats("param.\(name)")) }

        let shape = try #require(file.tensors["input"]?.shape)
        let batch = StudyBatch(
            viewCounts: [Int](repeating: shape[1], count: shape[0]), pixels: try file.floats("input"))
        let (loss, output, expected): (Double, [Float], [Float])
        if settings.task == "pretrain" {
            let keepLatent = c.kind.hasLatentAttention ? try rows(of: "keep_latent", in: file) : []
            let mask = PretrainMask(keep: try rows(of: "keep", in: file), keepLatent: keepLatent)
            let step = model.pretrainStep(batch, mask, predicting: true)
            (loss, output, expected) = (step.loss, step.prediction ?? [], try file.floats("prediction"))
        } else {
            let targets = try file.floats("target")
            let step = model.finetuneStep(batch, targets: targets, loss: .binaryCrossEntropy)
            (loss, output, expected) = (step.loss, step.logits, try file.floats("logits"))
        }
        let wanted = Double(try file.floats("loss")[0])
        #expect(abs(loss - wanted) <= 1e-6 * wanted)
        #expect(distance(output, expected) <= 1e-5)
        for (name, _) in model.parameters {
            let gradient = try #require(model.gradient(name))
            #expect(distance(gradient, try file.floats("grad.\(name)")) <= 1e-4, "\(name)")
        }
        let count = file.names.count { $0.hasPrefix("param.") }
        #expect(count == model.parameters.count)
    }

    /// The innermost rows of a tensor of indices.
    private func rows(of name: String, in file: SafetensorsFile) throws -> [[Int32]] {
        let values = try file.int64s(name).map { Int32($0) }
        let width = file.tensors[name]?.shape.last ?? 1
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }

    /// ‖a − b‖ / ‖b‖.
    private func distance(_ a: [Float], _ b: [Float]) -> Double {
        func squares(_ x: some Sequence<Float>) -> Double { x.reduce(0) { $0 + Double($1) * Double($1) } }
        guard a.count == b.count else { return .infinity }
        return (squares(zip(a, b).map { $0 - $1 }) / max(squares(b), 1e-30)).squareRoot()
    }
}
