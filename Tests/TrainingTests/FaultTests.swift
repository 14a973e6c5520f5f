import EchoCore
import Foundation
import TestSupport
import Testing
import Training

@Suite struct FaultTests {
    private func withRun(_ body: (TinyDataset, URL, TrainOptions) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            var options = tinyOptions(dataset, run)
            options.epochs = 1
            try body(dataset, run, options)
        }
    }

    @Test(arguments: ["last.safetensors", "last.state.safetensors"])
    func `a truncated checkpoint is named`(file: String) throws {
        try withRun { _, run, options in
            _ = try train(options) { _ in }
            let path = run.appendingPathComponent("checkpoints/\(file)")
            let bytes = try Data(contentsOf: path)
            try bytes.prefix(bytes.count / 2).write(to: path)
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.place == "checkpoints/\(file)")
        }
    }

    @Test func `a shard that vanished is named, and the run goes on when it is back`() throws {
        try withRun { dataset, run, options in
            let shard = dataset.folder.appendingPathComponent("shards/shard-00000.safetensors")
            let hidden = dataset.folder.appendingPathComponent("hidden")
            try FileManager.default.moveItem(at: shard, to: hidden)
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.place == "shards/shard-00000.safetensors")
            #expect(error?.description.contains(dataset.path) == false)
            try FileManager.default.moveItem(at: hidden, to: shard)
            _ = try train(options) { _ in }
        }
    }

    @Test func `a run folder that cannot be made is an error of --run`() throws {
        try withRun { dataset, _, options in
            var options = options
            options.run = dataset.path + "/echoprep.sqlite/run"
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.place == "--run")
        }
    }

    @Test func `a learning rate that explodes stops with the checkpoint before`() throws {
        try withRun { _, run, options in
            var options = options
            options.epochs = 50
            options.learningRate = 1e30
            options.clip = 1e30
            options.checkpointEvery = 1
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.problem.contains("the last checkpoint is from before") == true)
            #expect(FileManager.default.fileExists(atPath: run.path + "/checkpoints/last.state.safetensors"))
        }
    }

    @Test func `labels are asked for where there are none`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"), labelled: false)
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"), task: .icd)
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.remedy == "run echoprep link-icd on it first")
            options.task = .pretrain
            options.epochs = 1
            var said: [String] = []
            _ = try train(options) { said.append($0) }
            #expect(said.contains("the dataset has no splits: drawn by subject"))
        }
    }

    @Test func `options that make no sense are named`() throws {
        func place(_ change: (inout TrainOptions) -> Void) -> String? {
            var options = TrainOptions(dataset: "nowhere", run: "nowhere")
            change(&options)
            return #expect(throws: EchoError.self) { try train(options) { _ in } }?.place
        }
        #expect(place { $0.epochs = 0 } == "--epochs")
        #expect(place { $0.accumulate = 17 } == "--accumulate")
        #expect(place { $0.learningRate = .nan } == "--lr")
        #expect(place { $0.frozen = true } == "--frozen")
        #expect(place { $0.strictInitial = true } == "--init-strict")
        #expect(place { _ in } == "echoprep.sqlite")
    }
}
