// An ingest from source to dataset: every file's outcome, shards that do not depend on how they came about.

import Catalog
import Crop
import DICOM
import EchoCore
import Files
import Foundation
import Ingest
import Shards
import Testing
import TestSupport
import Video

@Suite struct IngestTests {
    private func options(_ source: URL, _ dataset: URL, jobs: Int = 2) -> IngestOptions {
        var options = IngestOptions(source: source.path, dataset: dataset.path)
        options.jobs = jobs
        options.rules.shardSize = 1 << 20
        return options
    }

    private func rows(_ dataset: URL) throws -> [ClipRecord] {
        try Catalog(datasetFolder: dataset.path, readOnly: true).clips()
    }

    @Test func `every file ends as a row with its reason, and clips lie in shards by study`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 3, each: [.bmode] + Made.allCases)
            let dataset = folder.appendingPathComponent("dataset")
            let summary = try ingest(options(source.folder, dataset))
            #expect(summary.layout == "mimic-iv-echo")
            #expect(summary.files == source.files.count && summary.studies == 3)
            #expect(summary.kept == 6)
            #expect(summary.rejected == 9)
            let rows = try rows(dataset)
            #expect(rows.map(\.path) == source.files.map(\.path))
            #expect(rows.map(\.reason) == source.files.map(\.made.reason))
            #expect(rows.map(\.id) == (1...Int64(rows.count)).map { $0 })
            for row in rows where row.kept {
                #expect(row.name == "\(row.studyID!)/" + row.path.suffix(17).dropLast(4))
                #expect(row.kind == .bmode && row.frames == 6 && row.height == 120 && row.width == 160)
                let shard = try SafetensorsFile(path: dataset.path + "/shards/" + row.shard!)
                #expect(try shard.info(row.name).shape == [6, 224, 224])
                #expect(try xxh3(shard.bytes(row.name)) == row.checksum)
            }
            #expect(Set(rows.filter(\.kept).map { "\($0.studyKey) \($0.shard!)" }).count == 3)
        }
    }

    @Test(arguments: [1, 3, 8])
    func `shards and rows do not depend on the number of workers`(jobs: Int) throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 4, each: [.bmode, .doppler, .bmode, .still])
            let one = folder.appendingPathComponent("one")
            let other = folder.appendingPathComponent("other")
            _ = try ingest(options(source.folder, one, jobs: 2))
            _ = try ingest(options(source.folder, other, jobs: jobs))
            #expect(try shardBytes(one) == shardBytes(other))
            #expect(try rows(one) == rows(other))
        }
    }

    @Test func `a second run finds nothing to do, and other options are refused`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(folder.appendingPathComponent("source"), studies: 1, each: [.bmode])
            let dataset = folder.appendingPathComponent("dataset")
            _ = try ingest(options(source.folder, dataset))
            #expect(try ingest(options(source.folder, dataset)).filesRead == 0)
            var other = options(source.folder, dataset)
            other.rules.pixels = .rgb
            let error = #expect(throws: EchoError.self) { try ingest(other) }
            #expect(
                error?.description.contains("--pixels: is rgb, but this dataset was begun with luma") == true)
        }
    }

    @Test func `a listed file that is not there is a row until it comes, and an unlisted one is read`() throws
    {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 2, each: [.bmode, .bmode])
            let dataset = folder.appendingPathComponent("dataset")
            let late = source.folder.path + "/" + source.files[1].path
            try moveFile(late, to: folder.path + "/late.dcm")
            let extra = source.folder.path + "/files/p10/p10000032/s90000000/extra.dcm"
            try writeFile(extra, TinySource.bytes(.bmode, seed: 999, height: 90, width: 90, frames: 3))
            let plan = try planIngest(options(source.folder, dataset))
            #expect(plan.missing == 1 && plan.unlisted == 1 && plan.unfinished == 5)
            #expect(!FileManager.default.fileExists(atPath: dataset.path))
            let first = try ingest(options(source.folder, dataset))
            #expect(first.dropped == ["missing": 1] && first.unlisted == 1 && first.kept == 4)
            try moveFile(folder.path + "/late.dcm", to: late)
            let second = try ingest(options(source.folder, dataset))
            #expect(second.filesRead == 1 && second.kept == 5 && second.dropped.isEmpty)
            let row = try #require(
                try Catalog(datasetFolder: dataset.path, readOnly: true).clip("90000000/extra"))
            #expect(
                row.flags.contains("unlisted") && row.studyID == 90_000_000 && row.subjectID == 10_000_032)
        }
    }

    @Test func `the same file twice is stored once, and another file of one instance is flagged`() throws {
        try withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("source")
            try makeFolder(source.path + "/a")
            let clip = try TinySource.bytes(.bmode, seed: 1, height: 90, width: 90, frames: 3)
            let other = try TinySource.bytes(.bmode, seed: 1, height: 90, width: 90, frames: 4)
            try writeFile(source.path + "/a/1.dcm", clip)
            try writeFile(source.path + "/a/2.dcm", clip)
            try writeFile(source.path + "/a/3.dcm", other)
            let dataset = folder.appendingPathComponent("dataset")
            let summary = try ingest(options(source, dataset))
            #expect(summary.layout == "folder" && summary.kept == 2)
            let rows = try rows(dataset)
            #expect(rows.map(\.reason) == [nil, .duplicate, nil])
            #expect(rows[1].detail == "the same bytes as a/1.dcm")
            #expect(rows[2].flags == "same-instance")
        }
    }

    @Test func `folders with links in a circle, pipes, odd names and names twice are told, not followed`()
        throws
    {
        try withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("source")
            try makeFolder(source.path + "/a/b")
            let clip = { try TinySource.bytes(.bmode, seed: $0, height: 90, width: 90, frames: 3) }
            try writeFile(source.path + "/a/x.dcm", clip(1))
            try writeFile(source.path + "/a/x.ima", clip(2))
            try writeFile(source.path + "/top.dcm", clip(3))
            #expect(symlink("..", source.path + "/a/b/up") == 0)
            #expect(symlink("nowhere", source.path + "/a/gone.dcm") == 0)
            #expect(mkfifo(source.path + "/a/pipe", 0o644) == 0)
            let strange = (source.path + "/a/").utf8CString.dropLast() + [CChar(bitPattern: 0xE9), 0]
            #expect(mknod(Array(strange), S_IFREG | 0o644, 0) == 0)
            let dataset = folder.appendingPathComponent("dataset")
            _ = try ingest(options(source, dataset))
            let rows = try rows(dataset)
            let outcomes = Dictionary(uniqueKeysWithValues: rows.map { ($0.path, $0.reason) })
            #expect(
                outcomes == [
                    "a/\\xE9": .unreadable, "a/b/up": .notAClip, "a/gone.dcm": .missing, "a/pipe": .notAClip,
                    "a/x.dcm": nil, "a/x.ima": nil, "top.dcm": nil,
                ])
            #expect(rows.filter(\.kept).map(\.name) == ["a/x.dcm", "a/x.ima", "top"])
            #expect(rows.filter(\.kept).map(\.studyKey) == ["a", "a", "top"])
        }
    }

    @Test func `shards that no row names are not overwritten but told`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 3, each: [.bmode, .bmode])
            let dataset = folder.appendingPathComponent("dataset")
            var options = options(source.folder, dataset)
            options.rules.shardSize = 1 << 10
            _ = try ingest(options)
            let database = dataset.path + "/echoprep.sqlite"
            try removeFile(database)
            let error = #expect(throws: EchoError.self) { try ingest(options) }
            #expect(error?.problem == "is in no row of echoprep.sqlite")
            #expect(try shardBytes(dataset).count == 3)
        }
    }

    @Test func `parts merged are all of the source, once, and verified`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 5, each: [.bmode, .still, .bmode])
            let dataset = folder.appendingPathComponent("dataset")
            func part(_ number: Int) throws {
                var options = options(source.folder, dataset)
                options.part = (number, 2)
                _ = try ingest(options)
            }
            try part(1)
            let early = #expect(throws: EchoError.self) { try merge(dataset: dataset.path, commandLine: "") }
            #expect(early?.problem == "is not there")
            let whole = #expect(throws: EchoError.self) { try ingest(options(source.folder, dataset)) }
            #expect(whole?.problem == "has parts that are not merged")
            try part(2)
            let summary = try merge(dataset: dataset.path, commandLine: "")
            #expect(summary.parts == 2 && summary.clips == 10)
            #expect(try rows(dataset).map(\.path).sorted() == source.files.map(\.path))
            #expect(try verify(dataset: dataset.path).problems.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: dataset.path + "/parts"))
            #expect(try ingest(options(source.folder, dataset)).filesRead == 0)
        }
    }

    @Test func `compressed shards hold the same frames in less space`() throws {
        try withTemporaryFolder { folder in
            let source = try TinySource(
                folder.appendingPathComponent("source"), studies: 1, each: [.bmode, .bmode])
            let plain = folder.appendingPathComponent("plain"), small = folder.appendingPathComponent("small")
            _ = try ingest(options(source.folder, plain))
            var compressed = options(source.folder, small)
            compressed.rules.compress = .png
            _ = try ingest(compressed)
            #expect(try verify(dataset: small.path).problems.isEmpty)
            let files = try [plain, small].map {
                try SafetensorsFile(path: $0.path + "/shards/shard-00000.safetensors")
            }
            for name in files[0].names {
                let clips = try files.map { try ClipFrames(name, in: $0) }
                for frame in 0..<6 { #expect(try clips[0].frame(frame) == clips[1].frame(frame)) }
                #expect(try files[1].bytes(name).count < files[0].bytes(name).count)
            }
        }
    }

    @Test func `EchoNet's lists and videos are found, a patient's views together`() throws {
        try withTemporaryFolder { folder in
            let clip = { try TinySource.bytes(.bmode, seed: $0, height: 112, width: 112, frames: 4) }
            let dynamic = folder.path + "/dynamic"
            try makeFolder(dynamic + "/Videos")
            try writeFile(dynamic + "/FileList.csv", Array("FileName,EF\n0X1A,55\n0X2B,60\n".utf8))
            try writeFile(dynamic + "/Videos/0X1A.avi", clip(1))
            try writeFile(dynamic + "/Videos/0X3C.avi", clip(2))
            let adults = folder.appendingPathComponent("adults")
            let summary = try ingest(options(URL(fileURLWithPath: dynamic), adults))
            #expect(summary.layout == "echonet-dynamic" && summary.unlisted == 1)
            #expect(try rows(adults).map(\.name) == ["0X1A/0X1A", "0X2B/0X2B", "0X3C/0X3C"])
            #expect(try rows(adults).map(\.reason) == [nil, .missing, nil])
            // Cropped already: the whole picture is stored.
            #expect(try rows(adults)[0].boxHeight == 112)

            let pediatric = folder.path + "/pediatric"
            for (view, name) in [("A4C", "CR1-7-0001.avi"), ("PSAX", "CR1-9-0002.avi")] {
                try makeFolder("\(pediatric)/\(view)/Videos")
                try writeFile("\(pediatric)/\(view)/FileList.csv", Array("FileName,EF\n\(name),60\n".utf8))
                try writeFile("\(pediatric)/\(view)/Videos/\(name)", clip(UInt64(name.count + view.count)))
            }
            let children = folder.appendingPathComponent("children")
            #expect(
                try ingest(options(URL(fileURLWithPath: pediatric), children)).layout == "echonet-pediatric")
            #expect(try rows(children).map(\.name) == ["CR1/CR1-7-0001", "CR1/CR1-9-0002"])
        }
    }

    @Test func `frames at unequal times keep their times, and hostile rates do no harm`() throws {
        try withTemporaryFolder { folder in
            let source = folder.appendingPathComponent("source")
            try makeFolder(source.path)
            let clip = TinySource.beating(frames: 4, height: 90, width: 90, seed: 1, coloured: false)
            let frames = try JPEGEncoder(quality: 90).encode(clip)
            func write(_ name: String, _ add: (inout DICOMElements) -> Void) throws {
                var writer = DICOMWriter(
                    sopClass: DICOMWriter.ultrasoundMultiFrame, sopInstance: "2.25.\(name.utf8.first!)",
                    transferSyntax: .jpegBaseline)
                writer.dataset.add(.numberOfFrames, .IS, frames.count)
                add(&writer.dataset)
                writer.addPixels(frames: frames, offsetTable: .empty)
                try writeFile("\(source.path)/\(name).dcm", writer.bytes())
            }
            try write("a") { $0.add(.frameTimeVector, .DS, [0, 30, 40, 30]) }
            try write("b") { $0.add(.frameTimeVector, .DS, [0, 25, 25, 25]) }
            try write("c") { $0.add(.frameTime, .DS, "1e-320") }
            let dataset = folder.appendingPathComponent("dataset")
            #expect(try ingest(options(source, dataset)).kept == 3)
            let rows = try rows(dataset)
            #expect(rows.map(\.frameTimes) == [[0, 30, 70, 100], nil, nil])
            #expect(rows.map(\.framesPerSecond) == [30, 40, nil])
            let shard = try SafetensorsFile(path: dataset.path + "/shards/" + rows[0].shard!)
            let facts = try #require(shard.metadata["clips"])
            #expect(facts.contains(#""frame_times":[0,30,70,100]"#))
            #expect(try verify(dataset: dataset.path).problems.isEmpty)
            let report = try inspect(source.path + "/a.dcm").text
            #expect(report.contains("frame times  30.00 to 40.00 ms apart"))
        }
    }
}
