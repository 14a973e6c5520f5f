// A fault of the machine is none of the file that was being read.

import Catalog
import EchoCore
import Files
import Foundation
import Ingest
import Testing
import TestSupport

@Suite struct MachineFaultTests {
    private func source(_ folder: URL, studies: Int = 3) throws -> TinySource {
        try TinySource(
            folder.appendingPathComponent("source"), studies: studies, each: [.bmode, .text, .bmode])
    }

    private func arguments(_ source: TinySource, _ dataset: URL) -> [String] {
        ["ingest", source.folder.path, "--dataset", dataset.path, "--jobs", "2", "--shard-size", "256KiB"]
    }

    private func rows(_ dataset: URL) throws -> [ClipRecord] {
        try Catalog(datasetFolder: dataset.path, readOnly: true).clips()
    }

    @Test(
        .enabled(if: Injection.library != nil, "a C compiler is here"),
        arguments: [
            ("open", EMFILE, 12), ("open", EIO, 9), ("open", ESTALE, 14), ("read", EIO, 10),
            ("read", ESTALE, 13),
            ("opendir", EIO, 3), ("stat", EIO, 20),
        ])
    func `a fault of the machine stops an ingest, which then goes on as if it had not been`(
        call: String, code: Int32, at: Int
    ) throws {
        try withTemporaryFolder { folder in
            let source = try source(folder)
            let calm = folder.appendingPathComponent("calm"),
                disturbed = folder.appendingPathComponent("dataset")
            #expect(try Built.run(arguments(source, calm)).status == 0)
            let state = folder.appendingPathComponent("state")
            let injection = Injection(call, code, at: at, times: 3, under: source.folder)
            let outcome = try Built.run(
                arguments(source, disturbed), environment: injection.environment(state: state))
            try #require(try Injection.struck(state) > 0)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("try: "), "\(outcome.errors)")
            #expect(try Built.run(arguments(source, disturbed)).status == 0)
            #expect(try rows(disturbed) == rows(calm))
            #expect(try shardBytes(disturbed) == shardBytes(calm))
        }
    }

    @Test(
        .enabled(if: Injection.library != nil, "a C compiler is here"), arguments: ["libjpeg", "libav"],
        [1, 2, 5, 10])
    func `a library without memory stops an ingest, and its file is not at fault`(library: String, at: Int)
        throws
    {
        try withTemporaryFolder { folder in
            let layout = library == "libjpeg" ? "mimic-iv-echo" : "echonet-dynamic"
            let phantom = [
                "phantom", "out", "--studies", "3", "--frames", "4", "--size", "96x128", "--no-extras",
            ]
            #expect(try Built.run(phantom + ["--layout", layout], in: folder).status == 0)
            func ingest(_ dataset: String, _ environment: [String: String] = [:]) throws
                -> TestSupport.Outcome
            {
                try Built.run(
                    ["ingest", "out/\(layout)", "--dataset", dataset, "--jobs", "1"], in: folder,
                    environment: environment)
            }
            #expect(try ingest("calm").status == 0)
            let state = folder.appendingPathComponent("state")
            let stopped = try ingest(
                "dataset", Injection(memoryOf: library, at: at).environment(state: state))
            try #require(try Injection.struck(state) == 1)
            // libjpeg asks again for less; then nothing is wrong.
            if at == 1 || library == "libav" { #expect(stopped.status == 1) }
            if stopped.status == 1 {
                #expect(
                    stopped.errors.contains("cannot be decoded: cannot allocate memory\n  try: free memory"),
                    "\(stopped.errors)")
            }
            #expect(try ingest("dataset").status == 0)
            let (calm, dataset) = (
                folder.appendingPathComponent("calm"), folder.appendingPathComponent("dataset")
            )
            #expect(try rows(dataset) == rows(calm))
            #expect(try shardBytes(dataset) == shardBytes(calm))
        }
    }

    @Test(.enabled(if: Injection.library != nil, "a C compiler is here"))
    func `more than a handful of files that may not be read is an error, unless it is said to be none`()
        throws
    {
        try withTemporaryFolder { folder in
            let source = try source(folder)
            let dataset = folder.appendingPathComponent("dataset")
            let state = folder.appendingPathComponent("state")
            let clips = source.folder.appendingPathComponent("files")
            let injection = Injection("open", EACCES, at: 2, times: -1, under: clips)
            let stopped = try Built.run(
                arguments(source, dataset), environment: injection.environment(state: state))
            #expect(stopped.status == 1)
            #expect(stopped.errors.contains("nor the 5 files before it: cannot be opened: permission denied"))
            let allowed = try Built.run(
                arguments(source, dataset) + ["--unreadable", "0"],
                environment: injection.environment(state: state))
            #expect(allowed.status == 0)
            #expect(try rows(dataset).count { $0.reason == .unreadable } >= 6)
            // Once they may be read, they are.
            #expect(try Built.run(arguments(source, dataset)).status == 0)
            #expect(try rows(dataset).count { $0.reason == .unreadable } == 0)
        }
    }

    @Test func `a source whose folder goes away is no source of missing files`() throws {
        try withTemporaryFolder { folder in
            let source = try source(folder, studies: 12)
            let dataset = folder.appendingPathComponent("dataset")
            let away = folder.appendingPathComponent("away")
            let process = try Built.start(arguments(source, dataset))
            while process.isRunning, !FileManager.default.fileExists(atPath: dataset.path + "/shards") {
                Thread.sleep(forTimeInterval: 0.001)
            }
            try FileManager.default.moveItem(
                at: source.folder.appendingPathComponent("files"), to: away)
            process.waitUntilExit()
            try FileManager.default.moveItem(at: away, to: source.folder.appendingPathComponent("files"))
            if process.terminationStatus == 0 { return }  // It was quicker.
            #expect(process.terminationStatus == 1)
            #expect(try Built.run(arguments(source, dataset)).status == 0)
            #expect(try rows(dataset).allSatisfy { $0.reason != .missing && $0.reason != .unreadable })
        }
    }

    @Test func `--retry reads again what could not be read as a clip`() throws {
        try withTemporaryFolder { folder in
            let source = try source(folder)
            var options = IngestOptions(
                source: source.folder.path, dataset: folder.appendingPathComponent("dataset").path)
            #expect(try ingest(options).filesRead == 9)
            #expect(try ingest(options).filesRead == 0)
            options.retry = true
            let again = try ingest(options)
            #expect(again.filesRead == 3)
            #expect(again.files == 9 && again.rejected == 3)
        }
    }

    @Test func `a merge that is given again says what it did`() throws {
        try withTemporaryFolder { folder in
            let source = try source(folder)
            let dataset = folder.appendingPathComponent("dataset")
            for part in 1...2 {
                var options = IngestOptions(source: source.folder.path, dataset: dataset.path)
                options.part = (part, 2)
                _ = try ingest(options)
            }
            let first = try Built.run("merge", dataset.path), second = try Built.run("merge", dataset.path)
            #expect(first.status == 0 && second.status == 0, "\(second.errors)")
            #expect(first.output == second.output)
        }
    }

    /// Facts of clips fill the header of a shard before its bytes fill the shard.
    @Test func `a study whose facts are more than a header may hold goes on in another shard`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 2, each: Array(repeating: .bmode, count: 9))
            var options = IngestOptions(
                source: source.folder.path, dataset: folder.appendingPathComponent("dataset").path)
            options.greatestHeader = 16_384
            let summary = try ingest(options)
            #expect(summary.kept == 18 && summary.shards > 2)
            let verification = try verify(dataset: options.dataset)
            #expect(verification.problems.isEmpty && verification.clips == 18)
        }
    }
}
