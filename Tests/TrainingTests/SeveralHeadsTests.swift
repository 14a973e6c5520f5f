import Catalog
import EchoCore
import Foundation
import Models
import Runs
import Shards
import StudyData
import Tasks
import Testing
import TestSupport
import Training

/// `--task icd,measure:ivs,measure:mr`: one head each on one encoder.
@Suite struct SeveralHeadsTests {
    private static let name = "icd,measure:septal_thickness,measure:mitral_regurg"

    private func task(_ name: String = Self.name) throws -> TrainTask { try #require(TrainTask.named(name)) }

    private func withDataset(_ body: (TinyDataset, URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            try dataset.measure()
            try body(dataset, folder)
        }
    }

    @Test func `tasks with commas between them are one task of several heads`() throws {
        #expect(try task("icd,measure:ivs,measure:mr").name == Self.name)
        #expect(try task().heads.map(\.task) == Self.name.split(separator: ",").map(String.init))
        #expect(try task().epochs == 120)
        for wrong in [
            "icd,icd", "icd,pretrain", "icd,", ",icd", "icd,nothing", "measure:mr,measure:mitral_regurg",
        ] {
            #expect(TrainTask.named(wrong) == nil, "\(wrong)")
        }
        let text = try JSONEncoder().encode([task()])
        #expect(try JSONDecoder().decode([TrainTask].self, from: text) == [task()])
    }

    @Test func `a study is learned from for what is known of it`() throws {
        try withDataset { dataset, _ in
            let set = try StudySet(dataset: dataset.path, task: task())
            #expect(set.heads.map(\.targets) == [["I50", "K21"], ["septal_thickness"], ["mitral_regurg"]])
            #expect(set.train.map(\.stored.key) == (1...9).map(String.init))
            let fifth = set.train[4].target
            #expect(fifth.count == 4 && fifth[2].isNaN && !fifth[3].isNaN)
            // Each head is standardised by itself, as it is alone.
            for name in ["measure:ivs", "measure:mr"] {
                let alone = try StudySet(dataset: dataset.path, task: task(name))
                #expect(set.heads.contains(alone.heads[0]))
            }
        }
    }

    @Test func `each head has its own outputs, losses, criterion and results`() throws {
        try withDataset { dataset, folder in
            let run = folder.appendingPathComponent("run")
            var options = tinyOptions(dataset, run, task: try task())
            options.recipe.positiveWeight = .balanced
            var said: [String] = []
            let summary = try train(options) { said.append($0) }
            #expect(said.contains { $0.contains("errs by") && $0.contains("of septal_thickness") })
            #expect(summary.bestHeads?.count == 3)
            for words in ["icd validation loss", "measure:mitral_regurg mean absolute error", " cm"] {
                #expect(summary.text.contains(words), "\(summary.text)")
            }
            let weights = try SafetensorsFile(path: run.path + "/checkpoints/best.safetensors")
            #expect(weights.tensors["head.0.fc2.weight"]?.shape == [2, 96])
            #expect(weights.tensors["head.2.fc1.weight"]?.shape == [96, 96])
            #expect(weights.tensors["head.fc1.weight"] == nil)
            let found = try RunConfiguration(run: run.path)
            #expect(found.heads.map(\.targets.count) == [2, 1, 1] && found.model.headOutputs == [2, 1, 1])
            #expect(found.heads.map { $0.positiveWeights != nil } == [true, false, false])
            #expect(try RunConfiguration(json: found.json()) == found)
            #expect(try found.differences(from: found).isEmpty)

            // The last validation is what the trained model gives, head by head.
            let line = try #require(try metrics(run).last { $0.split == .val })
            let heads = try #require(line.heads)
            #expect(Set(heads.keys) == Set(try task().heads.map(\.task)))
            #expect(abs(line.loss - heads.values.reduce(0) { $0 + $1.loss }) < 1e-9)
            #expect(heads["icd"]?.auroc != nil && heads["measure:septal_thickness"]?.rmse != nil)
            let best = try #require(
                try metrics(run).first { $0.split == .val && $0.epoch == summary.bestEpoch })
            let predictions = try TrainedModel(run: run.path, place: here).predict(.val)
            let wall = predictions.filter { !$0.labels[2].isNaN }
            let error = wall.reduce(0) { $0 + Double(abs($1.logits[2] - $1.labels[2])) } / Double(wall.count)
            #expect(abs(error - (best.heads?["measure:septal_thickness"]?.mae ?? -1)) < 1e-4)
        }
    }

    @Test func `every head is scored, written and shown by itself`() throws {
        try withDataset { dataset, folder in
            let run = folder.appendingPathComponent("run")
            _ = try train(tinyOptions(dataset, run, task: try task())) { _ in }
            let judged = try Built.run(
                "evaluate", run.path, "--bootstrap", "0", "--threads", "2", "--split", "train", "--threshold",
                "fit",
                "--json")
            try #require(judged.status == 0, "\(judged.errors)")
            let found = try JSONSerialization.jsonObject(with: Data(judged.output.utf8)) as? [String: Any]
            let classes = found?["runs"] as? [[String: Any]],
                numbers = found?["measurements"] as? [[String: Any]]
            #expect(classes?.map { $0["task"] as? String } == ["icd"])
            #expect(
                numbers?.map { $0["task"] as? String } == [
                    "measure:septal_thickness", "measure:mitral_regurg",
                ])
            // Of whom nothing is known, nobody is counted.
            #expect(numbers?.map { $0["studies"] as? Int } == [8, 9])
            let folder = run.appendingPathComponent("evaluation/train")
            for file in [
                "icd/predictions.csv", "icd/codes.csv", "measure-septal_thickness/errors.csv",
                "measure-mitral_regurg/confusion.csv", "report.html",
            ] {
                #expect(
                    FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path),
                    "\(file)")
            }
            let page = try String(contentsOf: folder.appendingPathComponent("report.html"), encoding: .utf8)
            for words in ["Septal thickness", "Mitral regurgitation", "AUROC, icd", "icd: Macro AUROC"] {
                #expect(page.contains(words), "\(words)")
            }
            // One head can stand beside other models by the file of its answers.
            let alone = try Built.run(
                "evaluate", "--predictions", folder.appendingPathComponent("icd/predictions.csv").path,
                "--bootstrap", "0")
            #expect(alone.status == 0 && alone.output.contains("I50"), "\(alone.errors)")
        }
    }

    @Test(arguments: [2, 3])
    func `a step in parts is the step as a whole, whatever is known in each`(parts: Int) throws {
        try withDataset { dataset, folder in
            let runs = ["whole", "parts"].map { folder.appendingPathComponent($0) }
            for (run, accumulate) in zip(runs, [1, parts]) {
                var options = tinyOptions(dataset, run, task: try task())
                options.recipe.accumulate = accumulate
                options.recipe.epochs = 1
                _ = try train(options) { _ in }
            }
            let (whole, divided) = (try metrics(runs[0]), try metrics(runs[1]))
            for (a, b) in zip(whole, divided) { #expect(abs(a.loss - b.loss) < 1e-4, "\(a.step)") }
        }
    }

    @Test func `a run of several heads goes on, and is no run of fewer`() throws {
        try withDataset { dataset, folder in
            let run = folder.appendingPathComponent("run")
            var options = tinyOptions(dataset, run, task: try task())
            options.recipe.epochs = 1
            _ = try train(options) { _ in }
            options.extend = 2
            #expect(try train(options) { _ in }.epochs == 2)
            var other = tinyOptions(dataset, run, task: try task("icd,measure:ivs"))
            other.recipe.epochs = 2
            let error = #expect(throws: EchoError.self) { try train(other) { _ in } }
            #expect(error?.problem.contains("task: \(Self.name) there") == true)
        }
    }

    @Test func `weights of a run of one head begin one of several, its head aside`() throws {
        try withDataset { dataset, folder in
            let before = folder.appendingPathComponent("before")
            var options = tinyOptions(dataset, before, task: .icd)
            options.recipe.epochs = 1
            _ = try train(options) { _ in }
            options = tinyOptions(dataset, folder.appendingPathComponent("after"), task: try task())
            options.recipe.initial = before.path
            options.recipe.frozen = true
            options.recipe.epochs = 1
            var said: [String] = []
            _ = try train(options) { said.append($0) }
            #expect(said[0].contains("not in the file (12)"))
        }
    }
}
