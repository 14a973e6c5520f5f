import EchoCore
import Foundation
import Models
import Runs
import Shards
import Tasks
import Testing
import TestSupport
import Training

@Suite struct TraceTests {
    private func trace(_ folder: URL, _ change: (inout TrainOptions) -> Void) throws -> SafetensorsFile {
        let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
        var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
        options.recipe.epochs = 1
        options.recipe.views = 1
        options.trace = folder.appendingPathComponent("trace.safetensors").path
        change(&options)
        _ = try train(options) { _ in }
        return try SafetensorsFile(path: options.trace!)
    }

    @Test func `a trace of pre-training holds the step whole`() throws {
        try withTemporaryFolder { folder in
            let trace = try trace(folder) { $0.recipe.model = .lamae }
            #expect(trace.tensors["input"]?.shape == [4, 1, 2, 1, 112, 112])
            #expect(trace.tensors["keep"]?.shape == [4, 1, 2, 8])
            #expect(trace.tensors["keep"]?.dtype == .i64)
            #expect(trace.tensors["keep_latent"]?.shape == [4, 12])
            #expect(trace.tensors["prediction"]?.shape == [4, 1, 2, 64, 196])
            #expect(trace.tensors["loss"]?.shape == [1])
            for name in ["patch_embed.proj.weight", "mask_token", "latent_norm.bias", "decoder_pred.bias"] {
                let before = try trace.floats("param.\(name)"), after = try trace.floats("updated.\(name)")
                #expect(before != after, "\(name)")
                #expect(try trace.floats("grad.\(name)").count == before.count)
            }
            let config = try JSONSerialization.jsonObject(with: Data(trace.metadata["config"]!.utf8))
            let settings = try #require(config as? [String: Any])
            #expect(settings["model"] as? String == "lamae")
            #expect(settings["step"] as? Int == 1)
            #expect(settings["lr"] as? Double == 1e-3)
            #expect(settings["norm_pix"] as? Bool == false)
            #expect(settings["outputs"] == nil)
            #expect(settings["latent_masking"] as? String == "drop")
            #expect(settings.keys.count == 27)
        }
    }

    @Test func `a trace of several steps holds weights once and all inputs and losses`() throws {
        try withTemporaryFolder { folder in
            let trace = try trace(folder) {
                $0.recipe.epochs = 2
                $0.traceSteps = 3
                $0.recipe.model = .lamae
                $0.recipe.latentMasking = .token
                $0.recipe.maskViews = 1
            }
            #expect(trace.tensors["param.latent_mask_token"]?.shape == [96])
            var inputs = [try trace.floats("input")]
            for number in 2...3 {
                let path = folder.appendingPathComponent("trace-000\(number).safetensors").path
                let next = try SafetensorsFile(path: path)
                #expect(Set(next.names) == ["input", "keep", "keep_latent", "loss"])
                #expect(next.metadata["config"]?.contains("\"step\":\(number)") == true)
                inputs.append(try next.floats("input"))
            }
            #expect(Set(inputs).count == 3)
        }
    }

    @Test func `a trace of frozen fine-tuning has gradients of the head alone`() throws {
        try withTemporaryFolder { folder in
            let trace = try trace(folder) {
                $0.recipe.task = .icd
                $0.recipe.model = .videoMAE
                $0.recipe.frozen = true
                $0.traceStep = 3
            }
            #expect(trace.tensors["keep"] == nil)
            #expect(trace.tensors["target"]?.shape == [1, 2])
            #expect(trace.tensors["logits"]?.shape == [1, 2])
            let gradients = trace.names.filter { $0.hasPrefix("grad.") }.sorted()
            #expect(
                gradients == ["fc1.bias", "fc1.weight", "fc2.bias", "fc2.weight"].map { "grad.head.\($0)" })
            #expect(try trace.floats("param.norm.weight") == trace.floats("updated.norm.weight"))
            #expect(trace.metadata["config"]?.contains("\"frozen\":true") == true)
            #expect(trace.metadata["config"]?.contains("\"step\":3") == true)
        }
    }

    @Test func `a linear probe learns one layer alone`() throws {
        try withTemporaryFolder { folder in
            let trace = try trace(folder) {
                $0.recipe.task = .icd
                $0.recipe.frozen = true
                $0.recipe.linearHead = true
            }
            let gradients = trace.names.filter { $0.hasPrefix("grad.") }.sorted()
            #expect(gradients == ["grad.head.linear.bias", "grad.head.linear.weight"])
            #expect(trace.tensors["param.head.linear.weight"]?.shape == [2, 96])
            #expect(trace.metadata["config"]?.contains("\"linear_head\":true") == true)
        }
    }

    @Test func `an attentive probe learns a query, the block that it reads with, and one layer`() throws {
        try withTemporaryFolder { folder in
            let trace = try trace(folder) {
                $0.recipe.task = .icd
                $0.recipe.frozen = true
                $0.recipe.probe = .attentive
            }
            let gradients = trace.names.filter { $0.hasPrefix("grad.") }
            #expect(gradients.allSatisfy { $0.hasPrefix("grad.head.") })
            #expect(gradients.count == 1 + 16 + 2)
            #expect(trace.tensors["param.head.query"]?.shape == [1, 96])
            #expect(try trace.floats("param.norm.weight") == trace.floats("updated.norm.weight"))
        }
    }

    @Test func `studies of different numbers of views are not traced`() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: EchoError.self) { try trace(folder) { $0.recipe.views = 3 } }
            #expect(error?.place == "--trace")
            _ = try trace(folder.appendingPathComponent("padded")) {
                $0.recipe.views = 3
                $0.recipe.padViews = true
            }
        }
    }
}
