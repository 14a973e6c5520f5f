// What is no source or no dataset is refused with words, and nothing is made.

import Catalog
import EchoCore
import Files
import Foundation
import Ingest
import Testing
import TestSupport

@Suite struct WrongWaysTests {
    private func problem(_ source: String, _ dataset: String) -> EchoError? {
        #expect(throws: EchoError.self) { try ingest(IngestOptions(source: source, dataset: dataset)) }
    }

    @Test func `a source inside the dataset, a dataset inside the source, and one in place of the other`()
        throws
    {
        try withTemporaryFolder { folder in
            let source = try TinySource(folder.appendingPathComponent("a/source"), studies: 1, each: [.bmode])
                .folder.path
            #expect(symlink(source, folder.path + "/link") == 0)
            for path in [source + "/dataset", source + "/files/not/there/yet", folder.path + "/link/new"] {
                #expect(problem(source, path)?.problem == "lies inside the source")
            }
            #expect(problem(source, source)?.problem == "is the source itself")
            #expect(problem(source, folder.path + "/link")?.problem == "is the source itself")
            #expect(problem(source, folder.path + "/a")?.problem == "lies inside the dataset folder")
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/a/echoprep.sqlite"))
            #expect(try entries(ofFolder: source).count == 2)
            // A name that only begins like it is another folder.
            _ = try ingest(IngestOptions(source: source, dataset: source + "-dataset"))
        }
    }

    @Test func `a folder without a clip is refused with what it holds`() throws {
        try withTemporaryFolder { folder in
            let source = folder.path + "/source", dataset = folder.path + "/dataset"
            try makeFolder(source + "/more")
            #expect(problem(source, dataset)?.problem == "holds no clip (DICOM, AVI or MP4): it is empty")
            for name in ["a.csv", "b.csv", "more/c.JPG", "more/README", "d.x y z"] {
                try writeFile(source + "/" + name, Array("no clip".utf8))
            }
            let seen = "2 .csv, 1 .jpg, 1 with odd names, 1 without an extension"
            #expect(
                problem(source, dataset)?.problem == "holds no clip (DICOM, AVI or MP4), but files: \(seen)")
            #expect(!FileManager.default.fileExists(atPath: dataset))
            // One is enough, whatever its name and its state.
            let clip = try TinySource.bytes(.truncated, seed: 1, height: 60, width: 60, frames: 3)
            try writeFile(source + "/z", clip)
            #expect(try ingest(IngestOptions(source: source, dataset: dataset)).files == 6)
        }
    }

    @Test func `a download that has not begun is refused, and shown by a dry run`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(folder.appendingPathComponent("source"), studies: 2, each: [.bmode])
                .folder.path
            try FileManager.default.removeItem(atPath: source + "/files")
            let error = problem(source, folder.path + "/dataset")
            #expect(
                error?.problem.hasSuffix("but files: 2 that its list names and that are not there") == true)
            let plan = try planIngest(IngestOptions(source: source, dataset: folder.path + "/dataset"))
            #expect(plan.missing == 2)
        }
    }

    @Test func `the folder of a training run is no dataset`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(folder.appendingPathComponent("source"), studies: 1, each: [.bmode])
                .folder.path
            let run = folder.path + "/run"
            try makeFolder(run + "/checkpoints")
            try writeFile(run + "/config.json", Array("{}".utf8))
            #expect(problem(source, run)?.problem == "is the folder of a training run")
            let read = #expect(throws: EchoError.self) { try Catalog(datasetFolder: run, readOnly: true) }
            #expect(read?.problem == "is the folder of a training run")
            #expect(try entries(ofFolder: run).count == 2)
        }
    }
}
