import Compute
import EchoCore
import Foundation
import Runs
import Shards
import Testing
import TestSupport
import Training

@Suite struct ResumeTests {
    private func arguments(_ dataset: TinyDataset, _ run: URL, _ task: String) -> [String] {
        [
            "train", "--dataset", dataset.path, "--run", run.path, "--task", task, "--views", "2", "--frames",
            "2",
            "--epochs", "4", "--batch", "4", "--accumulate", "2", "--lr", "1e-3", "--threads", "2", "--seed",
            "3",
            "--checkpoint-every", "1", "--ema", "0.9",
        ]
    }

    private func bytes(_ run: URL, _ file: String) throws -> Data {
        try Data(contentsOf: run.appendingPathComponent(file))
    }

    private func state(_ run: URL) throws -> SafetensorsFile {
        try SafetensorsFile(path: run.appendingPathComponent("checkpoints/last.state.safetensors").path)
    }

    @Test(arguments: ["pretrain", "icd"], [UInt64(1)])
    func `a run killed at ten random moments ends as one that was never killed`(task: String, seed: UInt64)
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let whole = folder.appendingPathComponent("whole")
            let killed = folder.appendingPathComponent("killed")
            let start = ContinuousClock.now
            let outcome = try Built.run(arguments(dataset, whole, task))
            try #require(outcome.status == 0, "\(outcome.errors)")
            let length = start.duration(to: .now) / .seconds(1)

            var random = SeededRandom(seed: seed, "kills", task)
            for _ in 0..<10 {
                let process = try Built.start(arguments(dataset, killed, task))
                Thread.sleep(forTimeInterval: random.uniform() * 0.3 * length)
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            let last = try Built.run(arguments(dataset, killed, task))
            try #require(last.status == 0, "\(last.errors)")
            #expect(try metrics(killed) == metrics(whole))
            for file in ["config.json", "checkpoints/last.safetensors", "checkpoints/best.safetensors"] {
                #expect(try bytes(killed, file) == bytes(whole, file), "\(file)")
            }
            // The state's metadata counts the bytes of metrics.jsonl, which holds the time.
            let (one, other) = (try state(killed), try state(whole))
            #expect(one.names == other.names)
            for name in one.names { #expect(try one.bytes(name) == other.bytes(name), "\(name)") }
            let left = try FileManager.default.contentsOfDirectory(atPath: killed.path + "/checkpoints")
            #expect(
                left.filter { !$0.hasPrefix(".") }.sorted()
                    == ["best", "last", "last.state"].map { "\($0).safetensors" })
        }
    }

    @Test func `an interrupted run is saved, says how to go on and exits with 130`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            var arguments = arguments(dataset, run, "pretrain")
            arguments[arguments.firstIndex(of: "--epochs")! + 1] = "200"
            let log = folder.appendingPathComponent("log")
            try Data().write(to: log)
            let process = try Built.start(arguments, output: FileHandle(forWritingTo: log))
            // Interrupt after the first step.
            let deadline = ContinuousClock.now + .seconds(20)
            while (try? metrics(run))?.isEmpty ?? true, ContinuousClock.now < deadline { usleep(5000) }
            process.interrupt()
            process.waitUntilExit()
            #expect(process.terminationStatus == 130)
            let said = try String(contentsOf: log, encoding: .utf8)
            #expect(said.contains("the same command goes on from there"))
            let steps = try metrics(run).count { $0.split == .train }
            #expect(steps > 0)
            #expect(said.contains("saved after step \(steps) of 600"))
        }
    }

    @Test func `another configuration is refused with what differs`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.recipe.epochs = 1
            _ = try train(options) { _ in }
            options.recipe.learningRate = 2e-3
            options.recipe.seed = 5
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(
                error?.problem == """
                    the folder holds another run: lr: 0.001 there, 0.002 here; seed: 1 there, 5 here
                    """)
        }
    }

    @Test func `threads and checkpoints may change on resume`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.recipe.epochs = 1
            let first = try train(options) { _ in }
            options.place.threads = 1
            options.upkeep.checkpointEvery = 7
            options.resume = true
            #expect(try train(options) { _ in }.bestLoss == first.bestLoss)
        }
    }

    @Test func `resume without a run is an error`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.resume = true
            #expect(throws: EchoError.self) { try train(options) { _ in } }
        }
    }

    /// A kill may fall between the commit of the state and the renaming of the weights, or before the commit.
    @Test(arguments: [true, false]) func `weights are found on either side of the commit`(committed: Bool)
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            var options = tinyOptions(dataset, run)
            options.recipe.epochs = 1
            _ = try train(options) { _ in }
            let files = FileManager.default
            let (last, next) = (
                run.path + "/checkpoints/last.safetensors", run.path + "/checkpoints/next.safetensors"
            )
            if committed {
                try files.moveItem(atPath: last, toPath: next)
                try files.copyItem(atPath: run.path + "/config.json", toPath: last)
            } else {
                try files.copyItem(atPath: run.path + "/config.json", toPath: next)
            }
            options.resume = true
            _ = try train(options) { _ in }
            #expect(files.fileExists(atPath: last))
        }
    }
}
