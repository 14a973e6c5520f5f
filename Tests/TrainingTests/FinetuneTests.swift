import Catalog
import EchoCore
import Foundation
import GRDB
import Models
import Runs
import Shards
import StudyData
import Tasks
import Testing
import TestSupport
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
            options.recipe.epochs = 1
            _ = try train(options) { _ in }
            options = tinyOptions(dataset, after, task: .icd)
            options.recipe.initial = before.path
            options.recipe.frozen = true
            var said: [String] = []
            _ = try train(options) { said.append($0) }
            let (old, new) = (try weights(before), try weights(after))
            #expect(try old.floats("blocks.0.attn.qkv.weight") == new.floats("blocks.0.attn.qkv.weight"))
            #expect(new.tensors["head.fc2.weight"]?.shape == [2, 96])
            #expect(
                said[0].contains(
                    "not in the file (4): head.fc1.weight, head.fc1.bias, head.fc2.weight, head.fc2.bias"))
            #expect(try metrics(after).last?.auroc != nil)

            let predictions = try TrainedModel(run: after.path, place: here).predict(.test)
            #expect(predictions.map(\.study) == ["13", "14"])
            #expect(predictions.map(\.subjectID) == [113, 114])
            #expect(predictions.map(\.labels) == [[1, 1], [0, 0]])
            #expect(predictions.allSatisfy { $0.logits.count == 2 && $0.logits.allSatisfy(\.isFinite) })
            #expect(try TrainedModel(run: after.path, place: here).predict(.test) == predictions)
            #expect(
                try TrainedModel(run: after.path, place: here).predict(.test, draws: 2).map(\.study) == [
                    "13", "14",
                ])
        }
    }

    @Test func `validation reports what the trained model gives`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            let summary = try train(tinyOptions(dataset, run, task: .icd)) { _ in }
            let predictions = try TrainedModel(run: run.path, place: here).predict(.val)
            let loss = binaryCrossEntropy(
                logits: predictions.flatMap(\.logits), targets: predictions.flatMap(\.labels))
            #expect(abs(loss - summary.bestLoss!) < 1e-6)
        }
    }

    /// The mean is over the labels that are known, of which the parts of a step have more and fewer.
    @Test(arguments: [UInt64(1)])
    func `a step in parts is the undivided step, with labels that are not known too`(seed: UInt64) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            try Catalog(datasetFolder: dataset.path, readOnly: false).write {
                try $0.execute(
                    sql: """
                        UPDATE label SET value = NULL
                        WHERE target = 'I50' AND key IN ('1', '2', '3', '7') OR target = 'K21' AND key IN ('2', '5')
                        """)
            }
            let first = try [1, 2, 4, 8].map { parts -> MetricsLine in
                let run = folder.appendingPathComponent("parts-\(parts)")
                var options = tinyOptions(dataset, run, task: .icd)
                options.recipe.epochs = 1
                options.recipe.seed = seed
                options.recipe.batch = 8
                options.recipe.accumulate = parts
                options.recipe.augment = false
                _ = try train(options) { _ in }
                return try #require(try metrics(run).first)
            }
            for line in first.dropFirst() {
                #expect(abs(line.loss - first[0].loss) < 1e-6)
                #expect(abs(line.gradNorm! - first[0].gradNorm!) < 1e-5)
            }
        }
    }

    @Test func `a pre-training run does not predict labels`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.recipe.epochs = 1
            _ = try train(options) { _ in }
            #expect(throws: EchoError.self) { try TrainedModel(run: options.run, place: here).predict(.test) }
        }
    }

    @Test func `balanced weights are the negatives for each positive`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let studies = try StudySet(dataset: dataset.path, task: .icd).train
            // Of the studies 1 ... 9, I50 has 1, 4, 5, 8, 9 and K21 the odd ones.
            #expect(PositiveWeight("balanced")?.weights(of: studies, columns: 0..<2) == [4.0 / 5, 4.0 / 5])
            #expect(PositiveWeight("balanced")?.weights(of: [studies[1]], columns: 0..<2) == [1, 1])
            #expect(PositiveWeight("3")?.weights(of: studies, columns: 0..<2) == [3, 3])
            #expect(PositiveWeight("none")?.weights(of: studies, columns: 0..<2) == nil)
            for text in ["", "-1", "0", "inf", "even"] { #expect(PositiveWeight(text) == nil) }
        }
    }

    @Test func `a positive study that counts double counts as two`() {
        let weighted = binaryCrossEntropy(
            logits: [0.3, -2, 40, -40], targets: [1, 0, 0, 1], positiveWeights: [2, 1])
        func once(_ logit: Float, _ target: Float) -> Double {
            binaryCrossEntropy(logits: [logit], targets: [target])
        }
        let sum = 2 * once(0.3, 1) + once(-2, 0) + once(40, 0) + once(-40, 1)
        #expect(abs(weighted - sum / 4) < 1e-9)
    }

    @Test func `the learning rate falls from the head to the pixels`() {
        let names = [
            "patch_embed.proj.weight", "blocks.0.norm1.bias", "blocks.3.mlp.fc2.weight", "norm.weight",
            "latent_blocks.1.attn.qkv.weight", "latent_norm.bias", "head.fc1.weight", "mask_token",
        ]
        let lamae = ModelConfiguration.preset(.tiny, kind: .lamae).rateFactors(decay: 0.5, of: names)
        let powers = [7, 6, 3, 3, 1, 0, 0].map { pow(0.5, Double($0)) }
        #expect(names.dropLast().map { lamae[$0] } == powers.map(Optional.some))
        #expect(lamae["mask_token"] == nil)
        let mae = ModelConfiguration.preset(.tiny, kind: .mae).rateFactors(
            decay: 0.5, of: Array(names.prefix(4)))
        #expect(mae["blocks.3.mlp.fc2.weight"] == 0.5 && mae["patch_embed.proj.weight"] == 1.0 / 32)
        // As in MAE, the norm before the head learns as fast as the head.
        #expect(mae["norm.weight"] == 1)
    }

    @Test func `the mean AUROC counts ties half and leaves out what has one class`() {
        let auroc = meanAUROC(
            logits: [0, 9, 1, 9, 1, 9, 2, 9], targets: [0, 1, 0, 1, 1, 1, 1, 1], outputs: 2)
        #expect(auroc == 3.5 / 4)
        #expect(meanAUROC(logits: [1, 2], targets: [1, 1], outputs: 1) == nil)
    }

    @Test func `weights that have learned from test subjects say so, in every run that begins with them`()
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let catalog = try Catalog(datasetFolder: dataset.path, readOnly: false)
            func move(_ subject: Int, to split: Split) throws {
                try catalog.write {
                    try $0.execute(
                        sql: "UPDATE split SET split = ? WHERE subject_id = ?",
                        arguments: [split.rawValue, subject])
                }
            }
            func run(_ name: String, _ task: TrainTask, from initial: String? = nil) throws -> String {
                var options = tinyOptions(dataset, folder.appendingPathComponent(name), task: task)
                options.recipe.epochs = 1
                options.recipe.initial = initial.map { folder.appendingPathComponent($0).path }
                var said = ""
                _ = try train(options) { said += $0 + "\n" }
                return said
            }
            func known(_ name: String) throws -> Int? {
                let test = try catalog.studies(in: .test).map { ($0.key, $0.subjectID) }
                return try LearnedStudies(run: folder.appendingPathComponent(name).path)?.count(among: test)
            }
            try move(113, to: .train)
            _ = try run("before", .pretrain)
            #expect(try known("before") == 0)
            try move(113, to: .test)
            let warning = "it has learned from subjects of 1 of the 2 studies of the split test"
            #expect(try run("middle", .pretrain, from: "before").contains(warning))
            #expect(try run("after", .icd, from: "middle/checkpoints/best.safetensors").contains(warning))
            #expect(try known("after") == 1)
            #expect(try !run("clean", .icd).contains("learned from"))
            #expect(try known("clean") == 0)
        }
    }
}
