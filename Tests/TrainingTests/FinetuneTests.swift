import EchoCore
import Foundation
import Models
import Shards
import TestSupport
import Testing
import Training

@Suite struct FinetuneTests {
    private func weights(_ run: URL, _ name: String = "best") throws -> SafetensorsFile {
        try SafetensorsFile(path: run.appendingPathComponent("checkpoints/\(name).safetensors").path)
    }

    @Test func `a frozen model learns its head alone and predicts the test split`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let (before, after) = (
                folder.appendingPathComponent("before"), folder.appendingPathComponent("after")
            )
            var options = tinyOptions(dataset, before)
            options.epochs = 1
            _ = try train(options) { _ in }
            options = tinyOptions(dataset, after, task: .icd)
            options.initial = before.path
            options.frozen = true
            var said: [String] = []
            _ = try train(options) { said.append($0) }
            let (old, new) = (try weights(before), try weights(after))
            #expect(try old.floats("blocks.0.attn.qkv.weight") == new.floats("blocks.0.attn.qkv.weight"))
            #expect(new.tensors["head.fc2.weight"]?.shape == [2, 96])
            #expect(
                said[0].contains(
                    "not in the file (4): head.fc1.weight, head.fc1.bias, head.fc2.weight, head.fc2.bias"))
            #expect(try metrics(after).last?.auroc != nil)

            let predictions = try Predictor(run: after.path).predict(.test)
            #expect(predictions.map(\.study) == ["13", "14"])
            #expect(predictions.map(\.subjectID) == [113, 114])
            #expect(predictions.map(\.labels) == [[1, 1], [0, 0]])
            #expect(predictions.allSatisfy { $0.logits.count == 2 && $0.logits.allSatisfy(\.isFinite) })
            #expect(try Predictor(run: after.path).predict(.test) == predictions)
            #expect(try Predictor(run: after.path).predict(.test, draws: 2).map(\.study) == ["13", "14"])
        }
    }

    @Test func `validation reports what the predictor gives`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            let summary = try train(tinyOptions(dataset, run, task: .icd)) { _ in }
            let predictions = try Predictor(run: run.path).predict(.val)
            let loss = binaryCrossEntropy(
                logits: predictions.flatMap(\.logits), targets: predictions.flatMap(\.labels))
            #expect(abs(loss - summary.bestLoss!) < 1e-6)
        }
    }

    @Test func `a pre-training run does not predict labels`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.epochs = 1
            _ = try train(options) { _ in }
            #expect(throws: EchoError.self) { try Predictor(run: options.run) }
        }
    }

    @Test func `the mean AUROC counts ties half and leaves out what has one class`() {
        let auroc = meanAUROC(
            logits: [0, 9, 1, 9, 1, 9, 2, 9], targets: [0, 1, 0, 1, 1, 1, 1, 1], outputs: 2)
        #expect(auroc == 3.5 / 4)
        #expect(meanAUROC(logits: [1, 2], targets: [1, 1], outputs: 1) == nil)
    }
}
