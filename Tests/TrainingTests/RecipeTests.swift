import Compute
import EchoCore
import Foundation
import Models
import Runs
import Shards
import Tasks
import Testing
import TestSupport
import Training

@Suite struct RecipeTests {
    private func weights(_ run: URL) throws -> SafetensorsFile {
        try SafetensorsFile(path: run.appendingPathComponent("checkpoints/last.safetensors").path)
    }

    @Test func `a recipe is what its parts say, and what they do not say is the default`() throws {
        #expect(try Recipe([:]) == Recipe())
        var recipe = Recipe()
        recipe.task = .icd
        recipe.learningRate = 3e-4
        recipe.positiveWeight = .constant(2)
        recipe.views = 3
        recipe.seed = .max
        let parts = try recipe.parts()
        #expect(parts["lr"] as? Double == 3e-4 && parts["task"] as? String == "icd")
        #expect(parts["pos-weight"] as? String == "2.0" && parts["frames"] == nil)
        #expect(try Recipe(parts) == recipe)
        #expect(throws: (any Error).self) { try Recipe(["task": "haruspicy"]) }
    }

    @Test func `nobody's decisions, said or not, are one recipe`() {
        let shape = ModelConfiguration.preset(.tiny, kind: .lamae)
        var recipe = Recipe()
        recipe.decisions = "none"
        #expect(recipe.resolved(shape) == Recipe().resolved(shape))
        recipe.decisions = "consensus"
        #expect(recipe.resolved(shape) != Recipe().resolved(shape))
    }

    @Test(arguments: ["pretrain", "icd", "lvef"])
    func `an earlier run goes on by nothing but its folder`(task: String) throws {
        try withTemporaryFolder { folder in
            let earlier = try EarlierRuns(at: folder)
            let (run, whole) = (earlier.run("\(task)-stopped"), earlier.run("\(task)-done"))
            let outcome = try Built.run("train", "--run", run.path, "--resume", "--threads", "2")
            try #require(outcome.status == 0, "\(outcome.errors)")
            let (found, expected) = (try weights(run), try weights(whole))
            #expect(found.names == expected.names)
            for name in expected.names {
                let (a, b) = (try found.floats(name), try expected.floats(name))
                // What is added to all keys changes nothing: its gradient is 0, and rounding alone moves it.
                let idle = name.hasSuffix("qkv.bias") ? a.count / 3..<2 * a.count / 3 : 0..<0
                for i in a.indices where !idle.contains(i) {
                    #expect(abs(a[i] - b[i]) <= 2e-5, "\(name)")
                }
            }
            #expect(try metrics(run).count == metrics(whole).count)
        }
    }

    @Test func `an earlier run's weights are the first of another`() throws {
        try withTemporaryFolder { folder in
            let earlier = try EarlierRuns(at: folder), run = earlier.run("icd-done")
            let c = try RunConfiguration(run: run.path).model
            let model = EchoModel(c, engine: try here.makeEngine(), seed: 9)
            let report = try model.initialise(
                from: SafetensorsFile(
                    path: earlier.run("pretrain-done").path + "/checkpoints/best.safetensors"))
            #expect(!report.loaded.isEmpty && report.missing.allSatisfy { $0.hasPrefix("head.") })
        }
    }

    @Test func `a run goes on by its folder alone, and refuses what it is not`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let (run, other) = (folder.appendingPathComponent("run"), folder.appendingPathComponent("other"))
            let made = [
                "train", "--dataset", dataset.path, "--views", "1", "--frames", "2", "--epochs", "2",
                "--batch", "4", "--lr", "1e-3", "--threads", "2", "--keep-last", "1",
            ]
            try #require(Built.run(made + ["--run", run.path]).status == 0)
            let again = try Built.run("train", "--run", run.path, "--resume")
            #expect(again.status == 0 && again.output.contains("2 epochs, 6 steps"), "\(again.errors)")
            let changed = try Built.run("train", "--run", run.path, "--resume", "--lr", "2e-3")
            #expect(changed.status == 1 && changed.errors.contains("lr: 0.001 there, 0.002 here"))

            // What a run is made by is a file of options.
            let copy = try Built.run(
                ["train", "--config", run.path + "/config.json", "--run", other.path, "--threads", "2"],
                in: run)
            try #require(copy.status == 0, "\(copy.errors)")
            let configurations = try [run, other].map { try RunConfiguration(run: $0.path) }
            #expect(configurations[0] == configurations[1])
            for name in try weights(run).names {
                #expect(try weights(run).bytes(name) == weights(other).bytes(name), "\(name)")
            }
        }
    }

    @Test func `a run is prolonged by the schedule of the longer run`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            var options = tinyOptions(dataset, run)
            options.recipe.epochs = 2
            _ = try train(options) { _ in }
            let before = try metrics(run).filter { $0.split == .train }

            options.extend = 4
            #expect(try train(options) { _ in }.steps == 12)
            let configuration = try RunConfiguration(run: run.path)
            #expect(configuration.recipe.epochs == 4)
            #expect(
                configuration.extensions.map(\.step) == [6] && configuration.extensions.map(\.epochs) == [2])
            let lines = try metrics(run).filter { $0.split == .train }
            #expect(Array(lines.prefix(6)) == before && lines.count == 12)
            let longer = Schedule(peak: 1e-3, warmup: 0, total: 12)
            for line in lines.dropFirst(6) { #expect(line.lr == longer.rate(after: line.step - 1)) }

            // Given again it is done; without the option the folder alone says what it is.
            #expect(try train(options) { _ in }.steps == 12)
            let alone = try Built.run("train", "--run", run.path, "--resume")
            #expect(alone.status == 0 && alone.output.contains("4 epochs, 12 steps"), "\(alone.errors)")
            options.extend = 3
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.place == "--extend" && error?.problem == "the run has 4 epochs")
            options.run += "-none"
            #expect(throws: EchoError.self) { try train(options) { _ in } }
        }
    }
}
