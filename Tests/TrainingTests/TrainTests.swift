import Compute
import ComputeCPU
import EchoCore
import Foundation
import Models
import Runs
import Shards
import Tasks
import Testing
import TestSupport
import Training

/// Where the tests compute.
let here = Place(.cpu, threads: 2)

/// Options of a run that takes about a second on the slow engine.
func tinyOptions(_ dataset: TinyDataset, _ run: URL, task: TrainTask = .pretrain) -> TrainOptions {
    var options = TrainOptions(run: run.path, place: here)
    options.recipe.dataset = dataset.path
    options.recipe.task = task
    options.recipe.views = 2
    options.recipe.frames = 2
    options.recipe.epochs = 3
    options.recipe.batch = 4
    options.recipe.learningRate = 1e-3
    return options
}

func metrics(_ run: URL) throws -> [MetricsLine] {
    let lines = MetricsLog.read(try Data(contentsOf: run.appendingPathComponent("metrics.jsonl")))
    return lines.map {
        var line = $0
        line.seconds = 0
        line.studiesPerSecond = nil
        line.stall = nil
        line.gflops = nil
        line.products = nil
        line.sum = nil
        return line
    }
}

@Suite struct TrainTests {
    @Test(arguments: ModelKind.allCases)
    func `pre-training lowers the loss and leaves everything in the run folder`(kind: ModelKind) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            var options = tinyOptions(dataset, run)
            options.recipe.model = kind
            let summary = try train(options) { _ in }
            let lines = try metrics(run)
            #expect(lines.filter { $0.split == .train }.map(\.step) == Array(1...9))
            let validation = lines.filter { $0.split == .val }
            #expect(validation.map(\.epoch) == [1, 2, 3])
            #expect(validation[2].loss < validation[0].loss)
            #expect(summary.bestLoss == validation.map(\.loss).min())
            for file in ["config.json", "checkpoints/best.safetensors", "checkpoints/last.safetensors"] {
                #expect(FileManager.default.fileExists(atPath: run.appendingPathComponent(file).path))
            }
            #expect(FileManager.default.fileExists(atPath: run.path + "/pictures/epoch-0003.png"))

            let again = try train(options) { _ in }
            #expect(again.bestLoss == summary.bestLoss)
            #expect(try metrics(run) == lines)
        }
    }

    @Test func `the last epochs are kept under their numbers`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.upkeep.keepLast = 2
            _ = try train(options) { _ in }
            let files = try FileManager.default.contentsOfDirectory(atPath: options.run + "/checkpoints")
            #expect(
                files.filter { $0.hasPrefix("epoch") }.sorted()
                    == [2, 3].map { "epoch-000\($0).safetensors" })
            #expect(
                files.filter { !$0.hasPrefix("epoch") }.sorted()
                    == ["best", "last", "last.state"].map { "\($0).safetensors" })
        }
    }

    @Test func `an average of weights is what the run is judged by and keeps`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.recipe.epochs = 1
            options.recipe.batch = 9
            options.recipe.averageDecay = 0.9
            options.trace = folder.appendingPathComponent("trace.safetensors").path
            options.recipe.views = 1
            _ = try train(options) { _ in }
            let trace = try SafetensorsFile(path: options.trace!)
            let best = try SafetensorsFile(path: options.run + "/checkpoints/best.safetensors")
            let last = try SafetensorsFile(path: options.run + "/checkpoints/last.safetensors")
            let name = "decoder_pred.weight"
            let before = try trace.floats("param.\(name)"), after = try trace.floats("updated.\(name)")
            #expect(try last.floats(name) == after)
            // The first step's share is 1 − 2/11.
            let averaged = zip(before, after).map { $0 + Float(1 - 2.0 / 11) * ($1 - $0) }
            #expect(try best.floats(name) == averaged)
        }
    }
}
