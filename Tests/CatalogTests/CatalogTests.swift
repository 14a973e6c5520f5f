// The database: created as the schema says, rows come back as written, and training is told what it asks for.

import Catalog
import EchoCore
import Foundation
import GRDB
import TestSupport
import Testing

@Suite struct CatalogTests {
    @Test func `a new folder gets the schema and a second opening finds it`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("dataset").path
            _ = try Catalog(datasetFolder: path, readOnly: false)
            let catalog = try Catalog(datasetFolder: path, readOnly: true)
            let version = try catalog.read { db in try Int.fetchOne(db, sql: "PRAGMA user_version") }
            #expect(version == Catalog.schemaVersion)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["echoprep.sqlite"])
        }
    }

    @Test func `a missing, a foreign, a newer and a damaged database each say so`() throws {
        try withTemporaryFolder { folder in
            func problem(readOnly: Bool = false) -> String? {
                do {
                    _ = try Catalog(datasetFolder: folder.path, readOnly: readOnly)
                    return nil
                } catch {
                    return error.problem
                }
            }
            #expect(problem(readOnly: true) == "is not in the dataset folder")
            let file = folder.appendingPathComponent("echoprep.sqlite")
            try DatabaseQueue(path: file.path).write { try $0.execute(sql: "CREATE TABLE other (x)") }
            #expect(problem() == "is not a database of echoprep")
            try DatabaseQueue(path: file.path).write { try $0.execute(sql: "PRAGMA user_version = 99") }
            #expect(problem() == "has schema version 99, this program knows version \(Catalog.schemaVersion)")
            try Data(repeating: 65, count: 8192).write(to: file)
            #expect(problem() == "is damaged or not an SQLite database")
        }
    }

    @Test func `a clip's row comes back as it was written`() throws {
        try withTemporaryFolder { folder in
            let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
            let run = try catalog.beginRun(
                "ingest", commandLine: "echoprep ingest x", rules: ["pixels": "luma"])
            var clip = ClipRecord(
                id: 1, runID: run, studyKey: "94106955", studyID: 94_106_955, subjectID: 10_690_270,
                name: "94106955/94106955_0001", path: "files/p10/p10690270/s94106955/94106955_0001.dcm")
            clip.bytes = 1_234_567
            clip.sha256 = String(repeating: "a", count: 64)
            clip.kept = true
            clip.kind = .mMode
            clip.rule = "regions"
            clip.shard = "shard-00000.safetensors"
            clip.frames = 60
            clip.framesPerSecond = 29.97
            clip.frameTimes = [0, 33.3, 70]
            clip.regions = [[1, 1, 0, 0, 707, 500], [4, 10, 0, 0, 1, 1]]
            clip.flags = "count-alone"
            var dropped = ClipRecord(
                id: 2, runID: run, studyKey: "x", studyID: nil, subjectID: nil, name: "x/y", path: "x/y.avi")
            dropped.reason = .changedWhileRead
            try catalog.add([clip, dropped])
            #expect(try catalog.clips() == [clip, dropped])
            #expect(try catalog.clip("x/y.avi") == dropped)
            #expect(try catalog.clips(inShard: "shard-00000.safetensors") == [clip])
            #expect(try catalog.finishedPaths() == [clip.path, dropped.path])
            let last = try #require(try catalog.lastRun(of: "ingest"))
            #expect(last.id == run && !last.finished && last.rules == ["pixels": "luma"])
            #expect(try catalog.outcomes().map(\.files) == [1, 1])
        }
    }

    @Test func `half a transaction leaves nothing`() throws {
        try withTemporaryFolder { folder in
            let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
            let run = try catalog.beginRun("ingest", commandLine: "", rules: [:])
            var clip = ClipRecord(
                id: 1, runID: run, studyKey: "a", studyID: nil, subjectID: nil, name: "a/b", path: "a/b.avi")
            clip.reason = .empty
            #expect(throws: EchoError.self) { try catalog.add([clip, clip]) }
            #expect(try catalog.clips().isEmpty)
        }
    }

    @Test func `a database whose writer was killed within a commit can be read, as it was before`() throws {
        try withTemporaryFolder { folder in
            let dataset = folder.appendingPathComponent("dataset")
            let killed = folder.appendingPathComponent("killed")
            let catalog = try Catalog(datasetFolder: dataset.path, readOnly: false)
            let run = try catalog.beginRun("ingest", commandLine: "", rules: [:])
            try FileManager.default.createDirectory(at: killed, withIntermediateDirectories: true)
            try catalog.database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA cache_size = 1") }
            try catalog.write { db in
                for number in 0..<2000 {
                    try db.execute(
                        sql: """
                            INSERT INTO clip (run_id, study_key, name, path, kept, reason)
                            VALUES (?, 's', ?, ?, 0, 'empty')
                            """, arguments: [run, "name \(number)", "path \(number)"])
                }
                // What a kill leaves on the disk at this moment.
                for name in ["echoprep.sqlite", "echoprep.sqlite-journal"] {
                    try FileManager.default.copyItem(
                        at: dataset.appendingPathComponent(name), to: killed.appendingPathComponent(name))
                }
            }
            #expect(try catalog.finishedPaths().count == 2000)
            let survivor = try Catalog(datasetFolder: killed.path, readOnly: true)
            #expect(try survivor.finishedPaths().isEmpty)
            #expect(try survivor.inconsistencies().isEmpty)
            #expect(try survivor.lastRun(of: "ingest")?.id == run)
        }
    }

    @Test func `studies, targets and labels are those of the split`() throws {
        try withTemporaryFolder { folder in
            let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
            let run = try catalog.beginRun("ingest", commandLine: "", rules: [:])
            var clips: [ClipRecord] = []
            for study in 1...3 {
                for number in 1...2 {
                    var clip = ClipRecord(
                        id: Int64(clips.count + 1), runID: run, studyKey: "\(study)", studyID: Int64(study),
                        subjectID: Int64(100 + study), name: "\(study)/\(number)",
                        path: "\(study)/\(number).dcm")
                    clip.kept = number <= study
                    clip.shard = clip.kept ? "shard-00000.safetensors" : nil
                    clip.reason = clip.kept ? nil : .still
                    clip.frames = 60
                    clips.append(clip)
                }
            }
            try catalog.add(clips)
            try catalog.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO split VALUES (101, 'train'), (102, 'train'), (103, 'test');
                        INSERT INTO echo_study VALUES
                            (1, 101, 't', NULL), (2, 102, 't', NULL), (3, 103, 't', NULL);
                        INSERT INTO study_status VALUES (1, 'labelled', NULL), (2, 'no-stay', 12.5), (3, 'labelled', NULL);
                        INSERT INTO target VALUES
                            (0, 'I50', 'Heart failure', 2, 1.0, 'discharge', NULL),
                            (1, 'I10', 'Hypertension', 1, 0.5, 'discharge', NULL);
                        INSERT INTO study_category VALUES (1, 'I50', 2, 1), (3, 'I50', 1, 4), (3, 'I10', 1, 2);
                        """)
            }
            #expect(try catalog.studies(in: .train).map(\.key) == ["1", "2"])
            #expect(try catalog.studies().map(\.clips.count) == [1, 2, 2])
            #expect(try catalog.targets().map(\.category) == ["I50", "I10"])
            let labels = try catalog.labels()
            #expect(labels.map(\.studyID) == [1, 3])
            #expect(labels.map(\.values) == [[true, false], [true, true]])
            #expect(try catalog.labels(in: .test).map(\.subjectID) == [103])
            #expect(try catalog.prevalence(top: 1).map(\.share) == [1])
            let steps = try catalog.funnel()
            #expect(steps.first?.count == 6)
            #expect(steps.contains { $0.what == "without a label: no-stay" && $0.count == 1 })
            #expect(steps.last?.count == 2)
        }
    }
}
