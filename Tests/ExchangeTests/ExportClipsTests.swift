// Clips leave as they are stored, in packs of whole studies, and an export that was stopped goes on.

import Catalog
import EchoCore
import Exchange
import Files
import Foundation
import GRDB
import Shards
import Testing
import TestSupport
import Video

/// The formats themselves are judged by Tests/Oracles/clips.py.
@Suite struct ExportClipsTests {
    /// A dataset of four studies of two clips each, in two shards, one of them withdrawn, with splits and labels.
    private struct Dataset {
        let path: String
        private(set) var frames: [String: [[UInt8]]] = [:]

        init(_ folder: URL, side: Int = 16, pixels: String = "luma") throws {
            path = folder.path
            let channels = pixels == "luma" ? 1 : 3
            try makeFolder(path + "/shards")
            let catalog = try Catalog(datasetFolder: path, readOnly: false)
            let run = try catalog.beginRun(
                "ingest", commandLine: "", rules: ["size": "\(side)", "pixels": pixels])
            var records: [ClipRecord] = []
            for shard in 0...1 {
                let name = "shard-0000\(shard).safetensors"
                var writer = try SafetensorsWriter("\(path)/shards/\(name)", headerRoom: 1 << 12)
                for study in [2 * shard + 1, 2 * shard + 2] {
                    for clip in 1...2 {
                        var record = ClipRecord(
                            id: Int64(records.count + 1), runID: run, studyKey: "\(study)",
                            studyID: Int64(study), subjectID: Int64(100 + study),
                            name: "\(study)/\(study), \(clip)", path: "\(study)_\(clip).dcm")
                        let count = 4 + study
                        var random = SeededRandom(seed: UInt64(10 * study + clip), "frames")
                        let base = (0..<side * side * channels).map { _ in random.below(200) }
                        let shown = (0..<count).map { frame in base.map { UInt8($0 + 5 * frame) } }
                        record.kept = true
                        record.kind = .bmode
                        record.shard = name
                        record.frames = count
                        record.framesPerSecond = study == 3 ? nil : 20
                        if study == 4 { record.frameTimes = (0..<count).map { Double($0 * $0) * 10 } }
                        let bytes = shown.flatMap(\.self)
                        record.checksum = xxh3(bytes)
                        try writer.add(
                            record.name, .u8, shape: [count, side, side] + (channels > 1 ? [3] : []),
                            bytes: bytes)
                        records.append(record)
                        frames[record.name] = shown
                    }
                }
                try writer.finish()
            }
            try catalog.add(records)
            try catalog.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO split VALUES (101, 'train'), (102, 'val'), (103, 'train');
                        INSERT INTO label_source VALUES ('mine', NULL);
                        INSERT INTO label VALUES ('mine', 'study', 'good', '1', 1), ('mine', 'study', 'good', '2', NULL),
                            ('mine', 'clip', 'view', '1/1, 1', 4), ('mine', 'subject', 'age', '101', 61.5);
                        UPDATE clip SET kept = 0, reason = 'still', shard = NULL, tensor = NULL WHERE name = '3/3, 2';
                        """)
            }
        }
    }

    private func options(_ format: String) throws -> ClipExportOptions {
        var options = ClipExportOptions(format: try #require(ClipFormat.named(format)))
        options.packSize = 1
        options.jobs = 2
        return options
    }

    /// All files below a folder but the lock.
    private func files(_ folder: URL) throws -> [String: [UInt8]] {
        let names = FileManager.default.enumerator(atPath: folder.path)?.allObjects as? [String] ?? []
        var files: [String: [UInt8]] = [:]
        for name in names where name != ".export.lock" {
            files[name] = try? readFile(folder.path + "/" + name)
        }
        return files
    }

    @Test func `NumPy files hold the frames, JSON the ids and labels, and each split has its packs`() throws {
        try withTemporaryFolder { folder in
            let dataset = try Dataset(folder.appendingPathComponent("dataset"))
            let out = folder.appendingPathComponent("out")
            let outcome = try Built.run(
                "export", "clips", dataset.path, out.path, "--format", "npy", "--pack-size", "1", "--jobs",
                "2")
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.hasPrefix("7 clips of 4 studies in 4 packs, "))
            let files = try files(out)
            let names = files.keys.filter { $0.hasSuffix(".npy") }.sorted()
            #expect(
                names == [
                    "train-000000/00000000.npy", "train-000000/00000001.npy", "train-000001/00000002.npy",
                    "unsplit-000000/00000005.npy", "unsplit-000000/00000006.npy", "val-000000/00000003.npy",
                    "val-000000/00000004.npy",
                ])
            let array = try #require(files["train-000000/00000000.npy"])
            let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (5, 16, 16), }"
            #expect(String(decoding: array[10..<10 + header.utf8.count], as: UTF8.self) == header)
            #expect(Array(array[128...]) == dataset.frames["1/1, 1"]!.flatMap(\.self))
            let text = String(decoding: try #require(files["train-000000/00000000.json"]), as: UTF8.self)
            for fact in [
                #""name" : "1/1, 1""#, #""subject_id" : 101"#, #""split" : "train""#, #""view" : 4"#,
                #""good" : 1"#,
                #""age" : 61.5"#, #""frames_per_second" : 20"#,
            ] { #expect(text.contains(fact), "\(fact)") }
            let index = String(decoding: try #require(files["clips.csv"]), as: UTF8.self).split(
                separator: "\n")
            #expect(index.count == 8)
            #expect(index[1] == "train-000000/00000000.npy,\"1/1, 1\",1,1,101,train,5,16,16,20.0,")
        }
    }

    @Test(arguments: ["webdataset", "npy", "mp4"])
    func `an export that lost some of its packs goes on to the same bytes`(format: String) throws {
        try withTemporaryFolder { folder in
            let dataset = try Dataset(folder.appendingPathComponent("dataset"))
            let out = folder.appendingPathComponent("out")
            var options = try options(format)
            let first = try exportClips(dataset: dataset.path, to: out.path, options: options)
            let whole = try files(out)
            let pack = out.path + (format == "webdataset" ? "/train-000001.tar" : "/train-000001")
            try FileManager.default.removeItem(atPath: pack)
            try removeFile(out.path + "/clips.csv")
            options.jobs = 1
            let second = try exportClips(dataset: dataset.path, to: out.path, options: options)
            #expect(try files(out) == whole)
            #expect(second.bytes < first.bytes && second.clips == 7 && second.meanNoise == first.meanNoise)
            options.changes.size = 32
            let error = #expect(throws: EchoError.self) {
                try exportClips(dataset: dataset.path, to: out.path, options: options)
            }
            #expect(error?.problem.contains("other options") == true)
        }
    }

    @Test(arguments: ["webdataset", "mp4"])
    func `an export killed at random moments goes on to the same bytes`(format: String) throws {
        try withTemporaryFolder { folder in
            let dataset = try Dataset(folder.appendingPathComponent("dataset"), side: 96)
            func arguments(_ out: URL) -> [String] {
                [
                    "export", "clips", dataset.path, out.path, "--format", format, "--pack-size", "1",
                    "--jobs",
                    "2",
                ]
            }
            let calm = folder.appendingPathComponent("calm"), stormy = folder.appendingPathComponent("stormy")
            let started = ContinuousClock.now
            #expect(try Built.run(arguments(calm)).status == 0)
            let seconds = started.duration(to: .now) / .seconds(1)
            var random = SeededRandom(seed: 1, "kill")
            for _ in 0..<6 {
                let process = try Built.start(arguments(stormy))
                Thread.sleep(forTimeInterval: random.uniform(0...seconds))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            #expect(try Built.run(arguments(stormy)).status == 0)
            #expect(try files(calm) == files(stormy))
        }
    }

    @Test(arguments: ["luma", "rgb", "echoprime"], VideoCode.allCases)
    func `a video file holds the frames, without loss or with what is said`(pixels: String, code: VideoCode)
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try Dataset(folder.appendingPathComponent("dataset"), side: 48, pixels: pixels)
            let out = folder.appendingPathComponent("out")
            var options = try options("mp4")
            options.code = code
            options.split = .train
            options.quality = 12
            let summary = try exportClips(dataset: dataset.path, to: out.path, options: options)
            #expect(summary.clips == 3 && (summary.worstNoise == nil) == code.isLossless)
            if let worst = summary.worstNoise { #expect(worst > 35 && worst < 80) }
            let name = "train-000000/00000000.\(code.fileExtension)"
            let encoder = FrameEncoder(code)
            let channels = pixels == "luma" ? 1 : 3
            let frames = dataset.frames["1/1, 1"]!.map { frame -> Data in
                var frame = frame
                if pixels == "echoprime" {
                    for place in stride(from: 0, to: frame.count, by: 3) { frame.swapAt(place, place + 2) }
                }
                return Data(frame)
            }
            let noise = try encoder.noise(
                of: readFile(out.path + "/" + name), against: frames, channels: channels)
            #expect(noise.isInfinite == code.isLossless)
        }
    }

    @Test func `frames at another rate are the nearest ones, and unknown rates stay as they are`() throws {
        try withTemporaryFolder { folder in
            let dataset = try Dataset(folder.appendingPathComponent("dataset"))
            let out = folder.appendingPathComponent("out")
            var options = try options("npy")
            options.changes = ClipChanges(size: 32, framesPerSecond: 10)
            let summary = try exportClips(dataset: dataset.path, to: out.path, options: options)
            #expect(summary.unknownRates == 1)
            let index = try String(contentsOfFile: out.path + "/clips.csv", encoding: .utf8).split(
                separator: "\n")
            // Of 5 frames at 20 a second every other; of 5 at unknown times all; of 8 at squares those at 0, 100, … 490 ms.
            #expect(index[1].contains(",train,3,32,32,10.0,"))
            #expect(index[3].contains(",train,7,32,32,,"))
            let text = try String(contentsOfFile: out.path + "/unsplit-000000/00000005.json", encoding: .utf8)
            let places = text.replacing(/\s/, with: "")
            #expect(places.contains(#""stored_frames":[0,3,4,5,6]"#), "\(text)")
        }
    }
}
