import EchoCore
import Foundation
import Runs
import Shards
import Testing
import TestSupport
import Tasks

/// Training by processes that mpirun starts; `make mpi` makes it possible.
@Suite(.serialized, .enabled(if: Built.launcher != nil)) struct MPITests {
    private func arguments(_ dataset: TinyDataset, _ run: URL, epochs: Int = 4) -> [String] {
        [
            "train", "--dataset", dataset.path, "--run", run.path, "--task", "icd", "--views", "1",
            "--frames",
            "1", "--epochs", "\(epochs)", "--batch", "4", "--lr", "1e-3", "--threads", "1", "--seed", "3",
            "--checkpoint-every", "1",
        ]
    }

    private func withDataset(_ body: (TinyDataset, URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try body(try TinyDataset(at: folder.appendingPathComponent("data")), folder)
        }
    }

    /// The state of a process, as "R", and its parent; nil once it is gone.
    private func state(of process: Int32) -> (state: Substring, parent: Int32)? {
        // After the name, which may hold anything.
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let fields = text.split(separator: ")").last?.split(separator: " "), fields.count > 1,
            let parent = Int32(fields[1])
        else { return nil }
        return (fields[0], parent)
    }

    /// The processes that another has started.
    private func children(of parent: Int32) -> [Int32] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { Int32($0) }.filter { state(of: $0)?.parent == parent }.sorted()
    }

    /// Whether all processes end soon; one that nobody asked about its end has ended.
    private func areGone(_ processes: [Int32]) -> Bool {
        let deadline = ContinuousClock.now + .seconds(20)
        while processes.contains(where: { state(of: $0).map { $0.state != "Z" } ?? false }) {
            if ContinuousClock.now > deadline { return false }
            usleep(10_000)
        }
        return true
    }

    /// Waits for a process that must not hang.
    private func ends(_ process: Process, within seconds: Double = 60) -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while process.isRunning, ContinuousClock.now < deadline { usleep(10_000) }
        if process.isRunning { process.terminate() }
        return ContinuousClock.now < deadline
    }

    @Test func `two processes learn what one learns, and the first alone speaks`() throws {
        try withDataset { dataset, folder in
            let runs = ["one", "two"].map { folder.appendingPathComponent($0) }
            let one = try Built.run(arguments(dataset, runs[0]))
            let two = try Built.run(arguments(dataset, runs[1]), ranks: 2)
            try #require(one.status == 0 && two.status == 0, "\(two.errors)")
            for (a, b) in zip(try metrics(runs[0]), try metrics(runs[1])) {
                #expect(a.step == b.step && abs(a.loss - b.loss) <= 1e-5)
            }
            #expect(two.output.components(separatedBy: "best         epoch").count == 2)
            #expect(two.errors.components(separatedBy: "studies to learn from").count == 2)
            #expect(two.errors.contains("2 ranks, whose gradients of "))
            // A finished run is reported again, on any number of ranks.
            #expect(try Built.run(arguments(dataset, runs[0]), ranks: 2).status == 0)
        }
    }

    @Test(arguments: [UInt64(1)])
    func `a run whose ranks are killed at ten random moments ends as one that was never killed`(seed: UInt64)
        throws
    {
        try withDataset { dataset, folder in
            let (whole, killed) = (
                folder.appendingPathComponent("whole"), folder.appendingPathComponent("killed")
            )
            let start = ContinuousClock.now
            let outcome = try Built.run(arguments(dataset, whole), ranks: 2)
            try #require(outcome.status == 0, "\(outcome.errors)")
            let length = start.duration(to: .now) / .seconds(1)

            var random = SeededRandom(seed: seed, "killed ranks")
            for _ in 0..<10 {
                let process = try Built.start(arguments(dataset, killed), ranks: 2)
                Thread.sleep(forTimeInterval: random.uniform() * length)
                let ranks = children(of: process.processIdentifier)
                if !ranks.isEmpty { kill(ranks[random.below(ranks.count)], SIGKILL) }
                #expect(ends(process))
                #expect(areGone(ranks))
            }
            let last = try Built.run(arguments(dataset, killed), ranks: 2)
            try #require(last.status == 0, "\(last.errors)")
            #expect(try metrics(killed) == metrics(whole))
            for file in ["last", "best"] {
                let files = try [killed, whole].map {
                    try Data(contentsOf: $0.appendingPathComponent("checkpoints/\(file).safetensors"))
                }
                #expect(files[0] == files[1], "\(file)")
            }
        }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func `a rank that is asked to stop stops all, and the state is saved`(
        signal: Int32
    ) throws {
        try withDataset { dataset, folder in
            let run = folder.appendingPathComponent("run"), log = folder.appendingPathComponent("log")
            try Data().write(to: log)
            let process = try Built.start(
                arguments(dataset, run, epochs: 500), ranks: 2, output: FileHandle(forWritingTo: log))
            let deadline = ContinuousClock.now + .seconds(60)
            while (try? metrics(run))?.isEmpty ?? true, ContinuousClock.now < deadline { usleep(5000) }
            let ranks = children(of: process.processIdentifier)
            try #require(ranks.count == 2)
            kill(ranks[1], signal)
            #expect(ends(process))
            #expect(process.terminationStatus == 130)
            let said = try String(contentsOf: log, encoding: .utf8)
            let steps = try metrics(run).count { $0.split == .train }
            #expect(said.contains("saved after step \(steps) of 1500"), "\(said)")
            #expect(said.components(separatedBy: "echoprep: interrupted").count == 2)
        }
    }

    @Test func `two processes evaluate and embed as one, and the first alone speaks and writes`() throws {
        try withDataset { dataset, folder in
            let run = folder.appendingPathComponent("run").path
            try #require(try Built.run(arguments(dataset, URL(fileURLWithPath: run), epochs: 1)).status == 0)
            let files = [
                "evaluation/test/predictions.csv", "evaluation/test/metrics.json", "v.safetensors",
                "v.parquet",
            ]
            let found = try [nil, 2].map { ranks -> [Data] in
                let said = try [
                    ["evaluate", run, "--bootstrap", "20"], ["embed", run, "--out", run + "/v"],
                ].map { try Built.run($0 + ["--threads", "1"], ranks: ranks) }
                #expect(said.allSatisfy { $0.status == 0 }, "\(said.map(\.errors))")
                #expect(said[0].output.components(separatedBy: "report: ").count == 2)
                #expect(said[1].output.components(separatedBy: "one a study").count == 2)
                return try files.map { try Data(contentsOf: URL(fileURLWithPath: "\(run)/\($0)")) }
            }
            #expect(found[0] == found[1])
        }
    }

    @Test func `what all find wrong is said once`() throws {
        try withDataset { dataset, folder in
            var arguments = arguments(dataset, folder.appendingPathComponent("run"))
            arguments[2] = folder.appendingPathComponent("nowhere").path
            let outcome = try Built.run(arguments, ranks: 3)
            #expect(outcome.status == 1)
            #expect(outcome.errors.components(separatedBy: "echoprep: ").count == 2, "\(outcome.errors)")
        }
    }
}

@Suite struct UnjoinedTests {
    @Test func `processes that cannot be joined do not train side by side`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            let outcome = try Built.run(
                ["train", "--dataset", dataset.path, "--run", run.path],
                environment: ["RANK": "0", "WORLD_SIZE": "2"])
            #expect(outcome.status == 1 && outcome.errors.contains("or start one process"))
            #expect(!FileManager.default.fileExists(atPath: run.path))
        }
    }
}
