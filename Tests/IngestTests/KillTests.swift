// The built program, killed and started again until it is done: as if it had never been killed.

import Catalog
import EchoCore
import Files
import Foundation
import Testing
import TestSupport

@Suite struct KillTests {
    private func arguments(_ source: TinySource, _ dataset: URL) -> [String] {
        ["ingest", source.folder.path, "--dataset", dataset.path, "--jobs", "2", "--shard-size", "1MiB"]
    }

    private func source(_ folder: URL) throws -> TinySource {
        try TinySource(
            folder.appendingPathComponent("source"), studies: 12,
            each: [.bmode, .still, .bmode, .text, .doppler],
            height: 240, width: 320, frames: 12)
    }

    /// Returns as soon as the program has begun its work.
    private func waitForShards(_ dataset: URL, _ process: Process) {
        while process.isRunning, !FileManager.default.fileExists(atPath: dataset.path + "/shards") {
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    @Test(arguments: [UInt64(1), 2])
    func `an ingest killed at ten random moments goes on where it stopped`(seed: UInt64) throws {
        try withTemporaryFolder { folder in
            let source = try source(folder)
            let calm = folder.appendingPathComponent("calm")
            let started = ContinuousClock.now
            #expect(try Built.run(arguments(source, calm)).status == 0)
            let seconds = started.duration(to: .now) / .seconds(1)
            let stormy = folder.appendingPathComponent("stormy")
            var random = SeededRandom(seed: seed, "kill")
            for _ in 0..<10 {
                let process = try Built.start(arguments(source, stormy))
                Thread.sleep(forTimeInterval: random.uniform(0...seconds / 3))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            #expect(try Built.run(arguments(source, stormy)).status == 0)
            #expect(try shardBytes(calm) == shardBytes(stormy))
            let rows = try [calm, stormy].map { try Catalog(datasetFolder: $0.path, readOnly: true).clips() }
            #expect(rows[0] == rows[1])
            #expect(rows[0].count == source.files.count)
        }
    }

    /// As a kill leaves it between the opening of the database and its first transaction.
    @Test func `a database that a kill left empty is made`() throws {
        try withTemporaryFolder { folder in
            let source = try source(folder)
            let dataset = folder.appendingPathComponent("dataset")
            try FileManager.default.createDirectory(at: dataset, withIntermediateDirectories: true)
            let database = dataset.appendingPathComponent(Catalog.fileName)
            try Data().write(to: database)
            #expect(try Built.run(arguments(source, dataset) + ["--dry-run"]).status == 0)
            #expect(try Data(contentsOf: database).isEmpty)
            #expect(try Built.run(arguments(source, dataset)).status == 0)
            let rows = try Catalog(datasetFolder: dataset.path, readOnly: true).clips()
            #expect(rows.count == source.files.count)
        }
    }

    @Test func `Ctrl-C ends with 130 and the same command goes on`() throws {
        try withTemporaryFolder { folder in
            let source = try source(folder)
            let dataset = folder.appendingPathComponent("dataset")
            let process = try Built.start(arguments(source, dataset))
            waitForShards(dataset, process)
            process.interrupt()
            process.waitUntilExit()
            #expect(process.terminationStatus == 130)
            #expect(try Built.run(arguments(source, dataset)).status == 0)
            #expect(
                try Catalog(datasetFolder: dataset.path, readOnly: true).clips().count == source.files.count)
        }
    }

    @Test func `a second ingest on one dataset is told to wait`() throws {
        try withTemporaryFolder { folder in
            let source = try source(folder)
            let dataset = folder.appendingPathComponent("dataset")
            try makeFolder(dataset.path)
            // This test stands for the first: it holds the lock however long the second takes to start.
            let first = try FileLock.take(dataset.path + "/.ingest.lock")
            let isHeld = first != nil
            #expect(isHeld)
            let second = try Built.run(arguments(source, dataset))
            #expect(second.status == 1)
            #expect(second.errors.contains("another echoprep ingest is writing to it"))
            _ = consume first
            #expect(try Built.run(arguments(source, dataset)).status == 0)
        }
    }

    @Test(.enabled(if: SmallDisk.canMount, "a small file system can be mounted"))
    func `a full disk stops an ingest with what to do, and after space is made it goes on`() throws {
        try withTemporaryFolder { folder in
            let source = try source(folder)
            let calm = folder.appendingPathComponent("calm")
            #expect(try Built.run(arguments(source, calm)).status == 0)
            let small = folder.appendingPathComponent("small")
            try SmallDisk.mounted(at: small, megabytes: 5) { disk in
                let full = try Built.run(arguments(source, small))
                #expect(full.status == 1)
                #expect(full.errors.contains("no space left on device\n  try: make space"))
                try disk.resize(megabytes: 64)
                #expect(try Built.run(arguments(source, small)).status == 0)
                #expect(try shardBytes(calm) == shardBytes(small))
            }
        }
    }
}
