// Databases that somebody else has written to: what is not ours is not asked, and what cannot be is an error.

import Catalog
import EchoCore
import Foundation
import GRDB
import Testing
import TestSupport

@Suite struct HostileDatabaseTests {
    /// A dataset of one kept clip with a label and a target, changed by `body` behind the program's back.
    private func withChanged(
        _ body: (Database) throws -> Void, then: (String) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
            let run = try catalog.beginRun("ingest", commandLine: "", rules: [:])
            var clip = ClipRecord(
                id: 1, runID: run, studyKey: "30009", studyID: 30009, subjectID: 20007, name: "30009/a",
                path: "30009/a.dcm")
            (clip.kept, clip.shard, clip.frames, clip.kind) = (true, "shard-00000.safetensors", 9, .bmode)
            try catalog.add([clip])
            try catalog.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO label_source VALUES ('mine', NULL);
                        INSERT INTO label VALUES ('mine', 'study', 'gls', '30009', -17.5);
                        INSERT INTO listed_study VALUES ('30009', 55, 'TRAIN', 'train');
                        INSERT INTO target VALUES (0, 'I50', 'Heart failure', 1, 1, 'discharge', NULL);
                        """)
            }
            try catalog.database.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA foreign_keys = OFF")
                try body(db)
            }
            try then(folder.path)
        }
    }

    /// Puts a value where the definition does not allow it, and leaves the definition as it was.
    private func spoil(_ db: Database, _ table: String, _ column: String, _ value: String) throws {
        let sql = try #require(
            try String.fetchOne(db, sql: "SELECT sql FROM sqlite_schema WHERE name = ?", arguments: [table]))
        func define(_ text: String) throws {
            let version = try Int.fetchOne(db, sql: "PRAGMA schema_version") ?? 0
            try db.execute(sql: "PRAGMA writable_schema = ON")
            try db.execute(
                sql: "UPDATE sqlite_schema SET sql = ? WHERE name = ?", arguments: [text, table])
            try db.execute(sql: "PRAGMA schema_version = \(version + 1)")
            try db.execute(sql: "PRAGMA writable_schema = OFF")
        }
        try define(
            sql.replacing(") STRICT, WITHOUT ROWID", with: ") WITHOUT ROWID").replacing(") STRICT", with: ")")
                .replacing(/(TEXT|INTEGER|REAL) NOT NULL/) { "\($0.output.1)" })
        try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
        try db.execute(sql: "UPDATE \(table) SET \(column) = \(value)")
        try define(sql)
    }

    private static let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ("DROP TABLE clip; CREATE VIEW clip AS \(endless) SELECT i AS id FROM n", "another view clip"),
            ("DROP VIEW v_study; CREATE VIEW V_Study AS \(endless) SELECT i FROM n", "another view V_Study"),
            ("DROP TABLE label; CREATE TABLE label (x)", "another table label"),
            ("DROP TABLE rule", "has no rule"),
            ("CREATE TABLE label_matrix (x)", "has a table label_matrix"),
            (
                "CREATE TRIGGER mine AFTER DELETE ON label BEGIN DELETE FROM split; END",
                "has a trigger on its table label"
            ),
        ])
    func `what is not as the schema says is refused before it is asked`(sql: String, problem: String) throws {
        try withChanged { db in
            try db.execute(sql: sql)
        } then: { folder in
            for readOnly in [true, false] {
                let error = #expect(throws: EchoError.self) {
                    try Catalog(datasetFolder: folder, readOnly: readOnly).studies()
                }
                #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "")")
            }
        }
    }

    @Test func `tables, views and indexes of one's own are nobody else's business`() throws {
        try withChanged { db in
            try db.execute(
                sql: """
                    CREATE TABLE notes (study_key TEXT, note TEXT);
                    CREATE VIEW my_study AS \(Self.endless) SELECT i FROM n;
                    CREATE INDEX my_clips ON clip (height);
                    DROP INDEX clip_shard;
                    CREATE TRIGGER my_trigger AFTER INSERT ON notes BEGIN DELETE FROM notes WHERE note = ''; END;
                    CREATE VIEW label_matrix AS \(Self.endless) SELECT i FROM n;
                    """)
        } then: { folder in
            for readOnly in [true, false] {
                let studies = try Catalog(datasetFolder: folder, readOnly: readOnly).studies()
                #expect(studies.count == 1)
            }
        }
    }

    @Test(arguments: [
        ("clip", "frames", "'many'"), ("clip", "frames", "4611686018427387904"), ("clip", "frames", "NULL"),
        ("clip", "frames", "-1"), ("clip", "study_key", "NULL"), ("clip", "study_key", "x'00FF'"),
        ("clip", "shard", "'../../elsewhere.safetensors'"), ("clip", "subject_id", "'secret 20007'"),
        ("clip", "frames_per_second", "9e999"), ("label", "value", "'secret'"), ("label", "value", "9e999"),
        ("listed_study", "split", "x'01'"), ("target", "n_positive", "1e300"), ("target", "title", "x'FF'"),
    ])
    func `a value that cannot be is an error that does not show it`(
        table: String, column: String, value: String
    ) throws {
        try withChanged { db in
            try spoil(db, table, column, value)
        } then: { folder in
            let catalog = try Catalog(datasetFolder: folder, readOnly: true)
            let error = #expect(throws: EchoError.self) {
                _ = try catalog.targets()
                _ = try catalog.labels(of: ["gls"], from: "mine")
                _ = try catalog.studies()
                _ = try catalog.studies(in: .train)
                _ = try catalog.clips()
            }
            let said = error?.description ?? ""
            #expect(said.contains("cannot be") || said.contains("of another kind"), "\(said)")
            for secret in ["secret", "20007", "30009", "many", "elsewhere"] {
                #expect(!said.contains(secret))
            }
        }
    }

    @Test func `names of shards that lead elsewhere remove nothing`() throws {
        try withChanged { db in
            try db.execute(sql: "INSERT INTO retired_shard VALUES ('../../precious')")
        } then: { folder in
            let catalog = try Catalog(datasetFolder: folder, readOnly: true)
            #expect(throws: EchoError.self) { try catalog.retiredShards() }
        }
    }
}
