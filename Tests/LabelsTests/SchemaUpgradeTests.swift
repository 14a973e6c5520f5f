import Catalog
import EchoCore
import Files
import Foundation
import GRDB
import Hospital
import Labels
import Testing
import TestSupport

/// Databases of an earlier program (fixtures/databases) are read as they are, and brought to this version by a writer.
@Suite struct SchemaUpgradeTests {
    /// A dataset folder with a database of an earlier version.
    private static func dataset(_ name: String, in folder: URL) throws -> String {
        let file = Built.repository.appendingPathComponent("fixtures/databases/\(name).sqlite.gz")
        let bytes = try gunzip(try Data(contentsOf: file), upTo: 1 << 24)
        try Data(bytes).write(to: folder.appendingPathComponent(Catalog.fileName))
        return folder.path
    }

    /// What a database answers to every view and every documented query, before a program of this version opens it, or
    /// after.
    private static func answers(_ database: String) throws -> [String: [String]] {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: database, configuration: configuration)
        let page = Built.repository.appendingPathComponent("docs/queries.md").path
        return try queue.read { db in
            func text(_ sql: String) throws -> [String] {
                try Row.fetchAll(db, sql: sql).map { row in
                    row.databaseValues.map { $0.isNull ? "-" : "\($0.storage.value!)" }.joined(separator: "|")
                }
            }
            var answers: [String: [String]] = [:]
            for view in try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'view'") {
                answers[view] = try text("SELECT * FROM \(view)").sorted()
            }
            // Those over views that version 6 brought are not asked of a database from before it.
            let views = ["v_study", "v_measurement", "v_unread_result"]
            for query in try DocumentedQuery.all(of: page)
            where answers["label_matrix"] != nil && !views.contains(where: { query.sql.contains($0) }) {
                answers[query.question] = try text(query.sql)
            }
            return answers
        }
    }

    @Test(arguments: ["mimic-v2", "echonet-v2", "mimic-v3", "mimic-v7"])
    func `a writer brings an older database to this version`(
        name: String
    ) throws {
        try withTemporaryFolder { folder in
            let dataset = try Self.dataset(name, in: folder)
            let file = dataset + "/" + Catalog.fileName
            let before = try Self.answers(file)
            #expect(before.count == ["mimic-v2": 32, "mimic-v3": 32, "mimic-v7": 36, "echonet-v2": 10][name])
            let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
            #expect(try catalog.rows("PRAGMA user_version") == ["\(Catalog.schemaVersion)"])
            let after = try Self.answers(file)
            for (question, rows) in before { #expect(after[question] == rows, "\(question)") }
            #expect(try catalog.inconsistencies().isEmpty)

            // It is as if it had been made by this program.
            let fresh = try Catalog(datasetFolder: dataset + "/fresh", readOnly: false)
            let schema =
                "SELECT type, name, sql FROM sqlite_schema WHERE name <> 'label_matrix' ORDER BY 1, 2"
            #expect(try catalog.rows(schema) == fresh.rows(schema))
            let labels = try catalog.rows("SELECT * FROM label")
            #expect(
                labels.count == ["mimic-v2": 262, "echonet-v2": 6, "mimic-v3": 263, "mimic-v7": 279][name])
            for source in LabelSource.all {
                try catalog.write { try Catalog.replaceLabels($0, of: source, run: nil) }
            }
            #expect(try catalog.rows("SELECT * FROM label") == labels)
        }
    }

    @Test func `a clip's row of version 4 stays as it is, and new reasons have their place`() throws {
        try withTemporaryFolder { folder in
            let dataset = try Self.dataset("mimic-v3", in: folder)
            let before = try Catalog(datasetFolder: dataset, readOnly: true).clips()
            // Version 4 had this program's tables, but for two things of `clip`.
            let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
            try catalog.writeUnchecked { db in
                let sql =
                    try String.fetchOne(db, sql: "SELECT sql FROM sqlite_schema WHERE name = 'clip'") ?? ""
                let former = sql.split(separator: "\n", omittingEmptySubsequences: false)
                    .filter { !$0.contains("ultrasound_color_data_present") }.joined(separator: "\n")
                    .replacingOccurrences(of: "'not-ultrasound', ", with: "")
                try db.execute(sql: "CREATE TABLE copy AS SELECT * FROM clip; DROP TABLE clip; \(former)")
                let columns = try db.columns(in: "clip").map(\.name).joined(separator: ", ")
                try db.execute(
                    sql: "INSERT INTO clip (\(columns)) SELECT \(columns) FROM copy; DROP TABLE copy")
                try db.execute(sql: "PRAGMA user_version = 4")
            }
            try catalog.database.close()
            #expect(try Catalog(datasetFolder: dataset, readOnly: true).clips() == before)
            let upgraded = try Catalog(datasetFolder: dataset, readOnly: false)
            #expect(try upgraded.clips() == before && !before.isEmpty)
            #expect(try upgraded.inconsistencies().isEmpty)
            try upgraded.write { db in
                try db.execute(sql: "UPDATE clip SET reason = 'not-ultrasound' WHERE kept = 0")
            }
            #expect(try upgraded.rows("PRAGMA user_version") == ["\(Catalog.schemaVersion)"])
            #expect(try upgraded.rows("SELECT count(*) FROM label") == ["263"])
        }
    }

    @Test func `stays of version 6 have no race until they are read again, and --where may ask for it`()
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try Self.dataset("mimic-v3", in: folder)
            let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
            let stays = try catalog.rows("SELECT * FROM admissions")
            try catalog.writeUnchecked { db in
                // What was another in the schema of version 6 (fixtures/labels-v6.sql) becomes what it was.
                let schema = try String(
                    contentsOf: Built.repository.appendingPathComponent("fixtures/labels-v6.sql"),
                    encoding: .utf8)
                let before = try DatabaseQueue().write { old in
                    try old.execute(sql: schema)
                    return try ["admissions", "admissions_subject", "v_study"].map { name in
                        try String.fetchOne(
                            old, sql: "SELECT sql FROM sqlite_schema WHERE name = ?", arguments: [name]) ?? ""
                    }
                }
                try db.execute(
                    sql: """
                        DROP VIEW v_study; CREATE TABLE copy AS SELECT * FROM admissions; DROP TABLE admissions;
                        \(before.joined(separator: ";\n"));
                        """)
                let columns = try db.columns(in: "admissions").map(\.name).joined(separator: ", ")
                try db.execute(
                    sql: """
                        INSERT INTO admissions SELECT \(columns) FROM copy; DROP TABLE copy; PRAGMA user_version = 6
                        """)
            }
            try catalog.database.close()
            let all = try Catalog(datasetFolder: dataset, where: "race IS NULL AND age > 0").studies()
            #expect(!all.isEmpty)
            #expect(try Catalog(datasetFolder: dataset, readOnly: true).people()["race"] == [:])
            let upgraded = try Catalog(datasetFolder: dataset, readOnly: false)
            #expect(try upgraded.rows("SELECT * FROM admissions") == stays && !stays.isEmpty)
            #expect(try Catalog(datasetFolder: dataset, where: "race IS NULL AND age > 0").studies() == all)
        }
    }

    @Test(arguments: ["mimic-v2", "echonet-v2", "mimic-v3", "mimic-v7"])
    func `a reader finds the labels of an older database, unchanged`(
        name: String
    ) throws {
        try withTemporaryFolder { folder in
            let dataset = try Self.dataset(name, in: folder)
            let file = folder.appendingPathComponent(Catalog.fileName)
            let before = try Data(contentsOf: file)
            func labels() throws -> [[StudyLabels]] {
                let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
                let targets = try catalog.targets().map(\.category)
                return try [Split?.none, .train, .val, .test].flatMap { split in
                    [
                        try catalog.labels(of: targets, from: LabelSource.linkICD, in: split),
                        try catalog.labels(
                            of: ["lvef", "lv_edv"], from: LabelSource.measurements, in: split),
                        try catalog.labels(of: ["EF"], from: LabelSource.echoNet, in: split),
                    ]
                }
            }
            let read = try labels()
            let fractions = try Catalog(datasetFolder: dataset, readOnly: true).ejectionFractions(in: .train)
            // `--where` finds its view there too.
            let chosen = try Catalog(datasetFolder: dataset, where: "ef > 0").studies().count
            #expect(chosen == ["mimic-v2": 4, "mimic-v3": 2, "mimic-v7": 4, "echonet-v2": 6][name])
            #expect(try Data(contentsOf: file) == before)
            #expect(try FileManager.default.contentsOfDirectory(atPath: dataset) == [Catalog.fileName])
            let isMIMIC = name != "echonet-v2"
            #expect(read[0].count == (isMIMIC ? 8 : 0) && read[2].count == (isMIMIC ? 0 : 6))
            let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
            #expect(try labels() == read)
            #expect(try catalog.ejectionFractions(in: .train) == fractions && !fractions.isEmpty)
        }
    }

    @Test func `a database of version 7 has no sums until a command is done with it`() throws {
        try withTemporaryFolder { folder in
            let dataset = try Self.dataset("mimic-v7", in: folder)
            let tables = ["clip", "diagnoses_icd", "label", "run"]
            func known() throws -> [String] {
                let unknown = try Catalog(datasetFolder: dataset, readOnly: true).alterations().unknown
                return tables.filter { !unknown.contains($0) }
            }
            #expect(try known() == [])
            let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
            #expect(try catalog.rows("SELECT * FROM table_sum") == [])
            try catalog.addSums()
            #expect(try known() == tables)
            #expect(try catalog.alterations().found == [])
            try catalog.writeUnchecked {
                try $0.execute(sql: "UPDATE label SET value = 1 - value WHERE target = 'I50'")
            }
            #expect(try catalog.alterations().found.map(\.table) == ["label"])
        }
    }

    @Test func `of several writers at once one brings it up, and all find it so`() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let dataset = try Self.dataset("mimic-v2", in: folder)
        try await withThrowingTaskGroup { group in
            for _ in 1...4 {
                group.addTask {
                    let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
                    #expect(try catalog.rows("SELECT count(*) FROM label") == ["262"])
                }
            }
            try await group.waitForAll()
        }
    }
}
