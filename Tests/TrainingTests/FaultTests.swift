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

@Suite struct FaultTests {
    private func withRun(_ body: (TinyDataset, URL, TrainOptions) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            var options = tinyOptions(dataset, run)
            options.recipe.epochs = 1
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

    @Test func `a second train in one folder is told to wait`() throws {
        try withRun { _, run, options in
            // This test stands for the first: it holds the lock.
            let first = try RunFolder(run.path).lock()
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.problem == "another echoprep train is at work in the folder")
            _ = consume first
            _ = try train(options) { _ in }
        }
    }

    @Test(arguments: ["last.state.safetensors", "best.safetensors"])
    func `one changed byte of a checkpoint is noticed`(file: String) throws {
        try withRun { _, run, options in
            _ = try train(options) { _ in }
            let path = run.appendingPathComponent("checkpoints/\(file)")
            var bytes = try Data(contentsOf: path)
            bytes[bytes.count - 3] ^= 1
            try bytes.write(to: path)
            var next = options
            if file.hasPrefix("best") {
                next.run += "-second"
                next.recipe.initial = run.path
            }
            let error = #expect(throws: EchoError.self) { try train(next) { _ in } }
            #expect(error?.problem == "is damaged: its content is not what was written")
        }
    }

    @Test func `a run goes on without the TensorBoard files that were thrown away`() throws {
        try withRun { _, run, options in
            _ = try train(options) { _ in }
            try FileManager.default.removeItem(at: run.appendingPathComponent("tensorboard"))
            var said: [String] = []
            _ = try train(options) { said.append($0) }
            #expect(said.contains { $0.hasPrefix("tensorboard: the earlier history is gone") })
        }
    }

    @Test func `a run folder that cannot be made is an error of --run`() throws {
        try withRun { dataset, _, options in
            var options = options
            options.run = dataset.path + "/echoprep.sqlite/run"
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.place == "--run \(options.run)")
        }
    }

    @Test func `a learning rate that explodes stops with the checkpoint before`() throws {
        try withRun { _, run, options in
            var options = options
            options.recipe.epochs = 50
            options.recipe.learningRate = 1e30
            options.recipe.clip = 1e30
            options.upkeep.checkpointEvery = 1
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.problem.contains("the last checkpoint is from before") == true)
            #expect(FileManager.default.fileExists(atPath: run.path + "/checkpoints/last.state.safetensors"))
        }
    }

    @Test func `weights that are not finite are refused, and stop a run without a trace`() throws {
        try withRun { _, run, options in
            var options = options
            _ = try train(options) { _ in }
            let configuration = try RunConfiguration(run: options.run)
            let store = CheckpointStore(folder: RunFolder(options.run), configuration: configuration)
            let learner = Learner(configuration, on: CPUEngine(threads: 2))
            let state = try store.restore(learner)
            learner.model.write("mask_token", [.nan] + learner.model.read("mask_token").dropFirst())

            let broken = run.appendingPathComponent("broken.safetensors").path
            try store.writeWeights(of: learner.model, state: state, to: broken)
            var second = options
            second.run += "-second"
            second.recipe.initial = broken
            let refused = #expect(throws: EchoError.self) { try train(second) { _ in } }
            #expect(refused?.problem == "mask_token holds a number that is not finite")
            #expect(!FileManager.default.fileExists(atPath: second.run))

            // The same in a checkpoint, as after a fault of the machine, with steps left to take.
            var longer = configuration
            longer.recipe.epochs = 2
            try longer.json().write(to: URL(fileURLWithPath: RunFolder(options.run).config))
            try store.save(learner, state)
            let files = ["last.safetensors", "last.state.safetensors", "best.safetensors"].map {
                run.appendingPathComponent("checkpoints/\($0)")
            }
            let before = try files.map { try Data(contentsOf: $0) }
            options.recipe.epochs = 2
            options.upkeep.checkpointEvery = 1
            let stopped = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(
                stopped?.description.hasPrefix("step 4: the loss is nan; the weights were not changed")
                    == true)
            #expect(try files.map { try Data(contentsOf: $0) } == before)
        }
    }

    @Test func `a shard that is cut while it is read ends the run in words, and it goes on afterwards`()
        throws
    {
        try withRun { dataset, run, _ in
            let shard = dataset.folder.appendingPathComponent("shards/shard-00000.safetensors")
            let whole = try Data(contentsOf: shard)
            let arguments = [
                "train", "--dataset", dataset.path, "--run", run.path, "--views", "2", "--frames", "2",
                "--epochs",
                "100", "--batch", "9", "--checkpoint-every", "1", "--pictures-every", "0",
            ]
            let log = run.deletingLastPathComponent().appendingPathComponent("log")
            try Data().write(to: log)
            let process = try Built.start(arguments, output: FileHandle(forWritingTo: log))
            let deadline = ContinuousClock.now + .seconds(20)
            while (try? metrics(run))?.isEmpty ?? true, ContinuousClock.now < deadline { usleep(2000) }
            try FileHandle(forWritingTo: shard).truncate(atOffset: 4096)
            process.waitUntilExit()
            #expect(process.terminationStatus == 1)
            #expect(try String(contentsOf: log, encoding: .utf8).contains("became shorter while it was read"))
            let refused = try Built.run(arguments)
            #expect(refused.status == 1)
            #expect(refused.errors.hasPrefix("echoprep: shards/shard-00000.safetensors: "))
            try whole.write(to: shard)
            #expect(try Built.run(arguments).status == 0)
            #expect(try metrics(run).filter { $0.split == .train }.map(\.step) == Array(1...100))
        }
    }

    /// Whether file systems may be mounted in a namespace of the test's own.
    static let mounts = shell("unshare -rm mount -t tmpfs none /mnt").status == 0

    private static func shell(_ script: String, _ arguments: String...) -> (status: Int32, output: String) {
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, "sh"] + arguments
        process.standardOutput = output
        process.standardError = output
        guard (try? process.run()) != nil else { return (-1, "") }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(.enabled(if: mounts)) func `a disk that fills up leaves a run that goes on when there is room`()
        throws
    {
        try withRun { dataset, run, options in
            var options = options
            options.recipe.epochs = 6
            options.upkeep.picturesEvery = 0
            _ = try train(options) { _ in }
            let full = run.path + "-full"
            try FileManager.default.createDirectory(atPath: full, withIntermediateDirectories: true)
            let script = """
                run="$1 train --dataset $2 --run $3 --views 2 --frames 2 --epochs 6 --batch 4 --lr 1e-3 --threads 2"
                run="$run --pictures-every 0 --checkpoint-every 1"
                unshare -rm sh -c "mount -t tmpfs -o size=28m none $3
                $run --keep-last 9; echo status \\$?
                ls $3/checkpoints
                rm $3/checkpoints/epoch-*
                $run; echo status \\$?
                cp $3/metrics.jsonl $3/checkpoints/last.safetensors $4"
                """
            let after = run.path + "-after"
            try FileManager.default.createDirectory(atPath: after, withIntermediateDirectories: true)
            let echoprep = Built.products.appendingPathComponent("echoprep").path
            let (_, output) = FaultTests.shell(script, echoprep, dataset.path, full, after)
            #expect(output.contains("no space left on device"), "\(output)")
            #expect(output.contains("try: make space on that disk and run the same command again"))
            #expect(output.contains("status 1") && output.contains("epoch-0001.safetensors"))
            #expect(!output.contains("epoch-0006.safetensors") && output.contains("status 0"))
            #expect(try metrics(URL(fileURLWithPath: after)) == metrics(run))
            let weights = try SafetensorsFile(path: "\(after)/last.safetensors")
            let undisturbed = try SafetensorsFile(path: run.path + "/checkpoints/last.safetensors")
            for name in undisturbed.names { #expect(try weights.bytes(name) == undisturbed.bytes(name)) }
        }
    }

    @Test(.enabled(if: mounts)) func `a run folder that cannot be written is an error of --run`() throws {
        try withRun { dataset, run, _ in
            try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
            let script = """
                unshare -rm sh -c "mount -t tmpfs -o ro none $3; $1 train --dataset $2 --run $3 --epochs 1"
                """
            let echoprep = Built.products.appendingPathComponent("echoprep").path
            let (status, output) = FaultTests.shell(script, echoprep, dataset.path, run.path)
            #expect(status == 1)
            #expect(output.contains("echoprep: --run \(run.path): "), "\(output)")
        }
    }

    @Test func `labels are asked for where there are none`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"), labelled: false)
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"), task: .icd)
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.remedy == "run echoprep link-icd on it first")
            options.recipe.task = .pretrain
            options.recipe.epochs = 1
            var said: [String] = []
            _ = try train(options) { said.append($0) }
            #expect(said.contains("the dataset has no splits: drawn by subject, as link-icd does by default"))
        }
    }

    @Test func `options that make no sense are named`() throws {
        func place(_ change: (inout TrainOptions) -> Void) -> String? {
            var options = TrainOptions(run: "nowhere", place: here)
            options.recipe.dataset = "nowhere"
            change(&options)
            return #expect(throws: EchoError.self) { try train(options) { _ in } }?.place
        }
        #expect(place { $0.recipe.epochs = 0 } == "--epochs")
        #expect(place { $0.recipe.accumulate = 17 } == "--accumulate")
        #expect(place { $0.recipe.learningRate = .nan } == "--lr")
        #expect(place { $0.recipe.frozen = true } == "--frozen")
        #expect(place { $0.recipe.linearHead = true } == "--linear-head")
        #expect(place { $0.recipe.probe = .attentive } == "--probe")
        #expect(place { $0.strictInitial = true } == "--init-strict")
        #expect(place { _ in } == "nowhere")
    }
}
