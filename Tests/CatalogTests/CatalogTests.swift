// The database: created as the schema says, rows come back as written, and training is told what it asks for.

import Catalog
import EchoCore
import Foundation
import GRDB
import Testing
import TestSupport

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
            #expect(problem(readOnly: true) == "is no dataset: it holds no echoprep.sqlite")
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
            #expect(try catalog.finishedPaths() == [PathText(clip.path), PathText(dropped.path)])
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

    @Test func `an unknown label is nil, and a study without a row is not labelled`() throws {
        try withTemporaryFolder { folder in
            let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
            try catalog.replace([
                ListedStudy(key: "0X1A", ejectionFraction: 55, listSplit: "TRAIN", split: .train),
                ListedStudy(key: "12 b", ejectionFraction: nil, listSplit: "VAL", split: .val),
            ])
            try catalog.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO split VALUES (101, 'train');
                        INSERT INTO echo_study VALUES (12, 101, NULL, NULL), (7, 102, NULL, NULL);
                        INSERT INTO label_source VALUES ('mine', NULL);
                        INSERT INTO label VALUES
                            ('mine', 'study', 'gls', '12', -18.5), ('mine', 'study', 'gls', '12 b', NULL),
                            ('mine', 'study', 'ivc', '12 b', 2), ('mine', 'study', 'gls', '7', -20),
                            ('mine', 'clip', 'gls', '12/1', -1), ('mine', 'study', 'gls', 'elsewhere', 1);
                        """)
            }
            func labels(_ split: Split?) throws -> [String] {
                try catalog.labels(of: ["ivc", "gls"], from: "mine", in: split).map {
                    "\($0.key) \($0.studyID ?? 0) \($0.subjectID ?? 0) \($0.split?.rawValue ?? "-") \($0.values)"
                }
            }
            #expect(
                try labels(nil) == [
                    "7 7 102 - [nil, Optional(-20.0)]", "12 12 101 train [nil, Optional(-18.5)]",
                    "12 b 0 0 val [Optional(2.0), nil]", "elsewhere 0 0 - [nil, Optional(1.0)]",
                ])
            #expect(try labels(.train) == ["12 12 101 train [nil, Optional(-18.5)]"])
            #expect(try labels(.test).isEmpty)
            #expect(try catalog.labels(of: ["EF"], from: LabelSource.echoNet).map(\.values) == [[55]])
            #expect(try catalog.labels(of: [], from: "mine").isEmpty)
            #expect(try catalog.inconsistencies().isEmpty)
        }
    }

    @Test func `a source replaces its own labels only`() throws {
        try withTemporaryFolder { folder in
            let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
            let run = try catalog.beginRun("ingest", commandLine: "", rules: [:])
            func list(_ fractions: [Double?]) throws {
                try catalog.replace(
                    fractions.enumerated().map {
                        ListedStudy(key: "\($0)", ejectionFraction: $1, listSplit: nil, split: .train)
                    }, run: run)
            }
            func rows() throws -> [String] {
                try catalog.read { db in
                    try String.fetchAll(
                        db,
                        sql: """
                            SELECT source || ' ' || unit || ' ' || target || ' ' || key || coalesce(' ' || value, '')
                            FROM label
                            """)
                }
            }
            try list([40, 50, nil])
            let constant = LabelSource(
                "constant", command: "none", reads: [], unit: .subject, rule: "always three",
                rows: "SELECT 'three', '9', 3.5 UNION ALL SELECT 'three', '8', NULL")
            for _ in 1...2 { try catalog.write { try Catalog.replaceLabels($0, of: constant, run: nil) } }
            try list([45, nil, 60])
            #expect(
                try rows() == [
                    "constant subject three 8", "constant subject three 9 3.5", "echonet study EF 0 45.0",
                    "echonet study EF 2 60.0",
                ])
            let sources = try catalog.read { db in
                try Row.fetchAll(db, sql: "SELECT name, run_id FROM label_source").map {
                    "\($0[0] as String) \($0[1] as Int64? ?? 0)"
                }
            }
            #expect(sources == ["constant 0", "echonet \(run)"])
            #expect(try catalog.ejectionFractions(in: .train) == ["0": 45, "2": 60])
        }
    }

    @Test func `shuffled labels are whole studies' labels, with their categories`() throws {
        try withTemporaryFolder { folder in
            let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
            try catalog.write { db in
                try db.execute(
                    sql: "INSERT INTO label_source VALUES ('link-icd', NULL), ('measurements', NULL)")
                for (index, code) in ["A41", "I10", "I50"].enumerated() {
                    try db.execute(
                        sql: "INSERT INTO target VALUES (?, ?, '', 1, 1, 'discharge', NULL)",
                        arguments: [index, code])
                }
                // Study n has the categories of the bits of its subject's number; two studies a subject.
                for study in 0..<16 {
                    let subject = study / 2
                    try db.execute(
                        sql: """
                            INSERT INTO echo_study VALUES (\(study), \(subject), NULL, NULL);
                            INSERT INTO study_status VALUES (\(study), 'labelled', NULL, 0);
                            INSERT INTO label VALUES ('measurements', 'study', 'I50', '\(study)', \(study));
                            """)
                    for (bit, code) in ["A41", "I10", "I50"].enumerated() {
                        let has = subject >> bit & 1
                        try db.execute(
                            sql: "INSERT INTO label VALUES ('link-icd', 'study', ?, ?, ?)",
                            arguments: [code, "\(study)", has])
                        if has == 1 {
                            try db.execute(
                                sql: "INSERT INTO study_category VALUES (?, ?, 1, 1)",
                                arguments: [study, code])
                        }
                    }
                }
            }
            try catalog.shuffleLabels(seed: 3)
            let dealt = try catalog.labels(of: ["A41", "I10", "I50"], from: LabelSource.linkICD)
            let subjects = dealt.map { $0.values.reversed().reduce(0) { 2 * $0 + Int($1 ?? 0) } }
            #expect(Set(subjects) == Set(0..<8) && subjects != (0..<16).map { $0 / 2 })
            for study in stride(from: 0, to: 16, by: 2) { #expect(subjects[study] == subjects[study + 1]) }
            let measured = try catalog.labels(of: ["I50"], from: LabelSource.measurements)
            #expect(measured.map(\.values) == (0..<16).map { [Double($0)] })
            let apart = try catalog.read { db in
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT count(*) FROM v_label l LEFT JOIN study_category c
                        ON c.study_id = l.study_id AND c.category = l.category
                        WHERE l.value <> (c.study_id IS NOT NULL)
                        """)
            }
            #expect(apart == 0)
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
                        INSERT INTO study_status VALUES (1, 'labelled', NULL, 0), (2, 'no-stay', 12.5, 0), (3, 'labelled', NULL, 0);
                        INSERT INTO target VALUES
                            (0, 'I50', 'Heart failure', 2, 1.0, 'discharge', NULL),
                            (1, 'I10', 'Hypertension', 1, 0.5, 'discharge', NULL);
                        INSERT INTO study_category VALUES (1, 'I50', 2, 1), (3, 'I50', 1, 4), (3, 'I10', 1, 2);
                        INSERT INTO label_source VALUES ('link-icd', NULL);
                        INSERT INTO label VALUES
                            ('link-icd', 'study', 'I10', '1', 0), ('link-icd', 'study', 'I10', '3', 1),
                            ('link-icd', 'study', 'I50', '1', 1), ('link-icd', 'study', 'I50', '3', 1);
                        """)
            }
            #expect(try catalog.studies(in: .train).map(\.key) == ["1", "2"])
            #expect(try catalog.studies().map(\.clips.count) == [1, 2, 2])
            #expect(try catalog.targets().map(\.category) == ["I50", "I10"])
            let labels = try catalog.labels(of: ["I50", "I10"], from: LabelSource.linkICD)
            #expect(labels.map(\.studyID) == [1, 3])
            #expect(labels.map(\.values) == [[1, 0], [1, 1]])
            let tested = try catalog.labels(of: ["I50"], from: LabelSource.linkICD, in: .test)
            #expect(tested.map(\.subjectID) == [103])
            #expect(try catalog.prevalence(top: 1).map(\.share) == [1])
            let steps = try catalog.funnel()
            #expect(steps.first?.count == 6)
            #expect(steps.contains { $0.what == "without a label: no-stay" && $0.count == 1 })
            #expect(steps.last?.count == 2)
        }
    }
}
