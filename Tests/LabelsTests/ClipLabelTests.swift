import Catalog
import EchoCore
import Foundation
import GRDB
import Labels
import Testing
import TestSupport

/// Labels of clips, one of several classes each, as the view.
@Suite struct ClipLabelTests {
    /// Four clips of two studies.
    private func withDataset(_ body: (URL, Catalog) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let catalog = try Catalog(datasetFolder: folder.path + "/dataset", readOnly: false)
            let run = try catalog.beginRun("ingest", commandLine: "", rules: [:])
            try catalog.write { db in
                for n in 0..<4 {
                    try db.execute(
                        sql: """
                            INSERT INTO clip (run_id, study_key, subject_id, name, path, kept, shard)
                            VALUES (?, ?, ?, ?, ?, 1, 'x')
                            """,
                        arguments: [run, "s\(n / 2)", n / 2, "s\(n / 2)/\(n)", "files/s\(n / 2)/\(n).dcm"])
                }
            }
            try body(folder, catalog)
        }
    }

    private func take(_ text: String, _ folder: URL, name: String = "mine") throws -> ImportSummary {
        let file = folder.appendingPathComponent("own.csv")
        try Data(text.utf8).write(to: file)
        return try importLabels(
            dataset: folder.path + "/dataset", file: file.path,
            options: ImportOptions(name: name, unit: .clip))
    }

    private static let labels = "SELECT target, key, value FROM label WHERE source = 'mine'"

    @Test(arguments: ["probability", "view_probability"])
    func `a column of text becomes a target for each text, as probable as is said beside it`(
        beside: String
    ) throws {
        try withDataset { folder, catalog in
            let found = try take(
                "clip,view,\(beside),good\ns0/0,,0.5,1\ns0/1,PLAX,0.75,0\ns1/2,A4C,,1\ns1/3,PLAX,1,\nq,4,0.5,1\n",
                folder)
            #expect(
                try catalog.rows(Self.labels) == [
                    "good|q|1.0", "good|s0/0|1.0", "good|s0/1|0.0", "good|s1/2|1.0", "good|s1/3|-",
                    "view=4|q|0.5", "view=A4C|s1/2|1.0", "view=PLAX|s0/1|0.75", "view=PLAX|s1/3|1.0",
                ])
            #expect(found.targets.map(\.name) == ["view=4", "view=A4C", "view=PLAX", "good"])
            #expect(found.targets.map(\.known) == [1, 1, 2, 4] && found.there == 4 && found.others == 1)
        }
    }

    @Test func `a column of numbers stays one, and probability alone is a label like any other`() throws {
        try withDataset { folder, catalog in
            _ = try take("clip,probability,view\ns0/0,0.25,\ns0/1,0.5,3\n", folder)
            #expect(
                try catalog.rows(Self.labels) == [
                    "probability|s0/0|0.25", "probability|s0/1|0.5", "view|s0/0|-", "view|s0/1|3.0",
                ])
        }
    }

    @Test func `clips may be named by the files of the source`() throws {
        try withDataset { folder, catalog in
            let found = try take(
                "dicom_filepath,subject_id,view\nfiles/s1/3.dcm,1,A4C\nfiles/gone.dcm,9,PLAX\n", folder)
            #expect(
                try catalog.rows(Self.labels) == ["view=A4C|s1/3|1.0", "view=PLAX|files/gone.dcm|1.0"])
            #expect(found.there == 1 && found.others == 1)
        }
    }

    @Test(arguments: [
        ("clip,view\ns0/0,A4C\ns0/1,A4C\ns0/0,PLAX\n", "own.csv: line 4: names a clip a second time"),
        ("clip,view\ns0/0,A4C\ns0/0,A4C\n", "own.csv: line 3: names a clip a second time"),
        (
            "clip,view,probability\ns0/0,A4C,0\n",
            "own.csv: line 2: a probability that is not above 0 and at most 1"
        ),
        ("clip,good\ns0/0,1\ns0/1,fine\n", "own.csv: line 3: a label of good that is no number"),
        (
            "clip,note\n" + (0...200).map { "c\($0),text \($0)\n" }.joined(),
            "own.csv: line 202: the column note has more than 200 different texts"
        ),
        ("view\nA4C\n", "own.csv: has no column clip"),
    ]) func `a file that cannot be used changes nothing`(text: String, message: String) throws {
        try withDataset { folder, catalog in
            _ = try take("clip,view\ns0/0,A4C\n", folder)
            let error = try #require(throws: EchoError.self) { try take(text, folder) }
            #expect("\(error)".hasPrefix(message), "\(error)")
            #expect(try catalog.rows(Self.labels) == ["view=A4C|s0/0|1.0"])
        }
    }

    @Test func `people and programs are compared by which view they name`() throws {
        try withDataset { folder, catalog in
            _ = try take("clip,view,probability\ns0/0,A4C,0.9\ns0/1,PLAX,0.6\ns1/2,PLAX,0.5\n", folder)
            // As the review writes them: 1 for what holds, 0 for the other choices.
            try catalog.write { db in
                try db.execute(sql: "INSERT INTO label_source VALUES ('review', NULL)")
                for (clip, view) in [("s0/0", "A4C"), ("s0/1", "A4C"), ("s1/2", "PLAX"), ("s1/3", "PLAX")] {
                    for choice in ["A4C", "PLAX"] {
                        try db.execute(
                            sql: "INSERT INTO label VALUES ('review', 'clip', ?, ?, ?)",
                            arguments: ["view=\(choice)", clip, choice == view ? 1 : 0])
                    }
                }
            }
            let dataset = folder.path + "/dataset"
            let found = try compareLabels(
                dataset: dataset, try LabelChoice("review"), try LabelChoice("mine"))
            #expect(found.targets.map(\.name) == ["view=A4C", "view=PLAX"])
            #expect(found.targets.map(\.table) == [[1, 1, 0, 1], [1, 0, 1, 1]])
            #expect(found.targets.map(\.onlyFirst) == [1, 1] && found.targets.map(\.both) == [3, 3])
            let one = try compareLabels(
                dataset: dataset, LabelChoice("review:view=A4C"), LabelChoice("mine:view=A4C"))
            #expect(one.targets[0].table == [1, 1, 0, 1])
        }
    }

    @Test func `of several sources people's decisions count, then what was written last`() throws {
        try withDataset { folder, catalog in
            func views() throws -> [String: String] {
                try catalog.choices(of: try #require(try catalog.field("view")))
            }
            _ = try take("clip,view\ns0/0,A4C\ns0/1,A4C\n", folder, name: "zz")
            _ = try take("clip,view\ns0/1,PLAX\ns1/2,PLAX\n", folder, name: "aa")
            #expect(
                try views() == ["s0/0": "view=A4C", "s0/1": "view=PLAX", "s1/2": "view=PLAX"])
            try catalog.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO label_source VALUES ('review', NULL);
                        INSERT INTO label VALUES
                            ('review', 'clip', 'view=SC', 's1/2', 1), ('review', 'clip', 'view=A4C', 's1/2', 0),
                            ('review', 'clip', 'view=SC', 's0/0', 0), ('review', 'clip', 'view=A4C', 's1/3', NULL);
                        """)
            }
            let found = try #require(try catalog.field("view"))
            #expect(found.targets == ["view=A4C", "view=PLAX", "view=SC"] && found.unit == .clip)
            #expect(found.sources == ["review", "aa", "zz"])
            #expect(
                try views() == ["s0/0": "view=A4C", "s0/1": "view=PLAX", "s1/2": "view=SC"])
            #expect(try catalog.field("quality") == nil)
        }
    }
}
