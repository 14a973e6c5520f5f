// Whether a database is one of ours, found out before anything in it is asked: a view in place of a table could go on forever.

private import CResources
import EchoCore
import Files
import GRDB

/// What stands in the schema of a database under names of ours must be as some program of ours has written it. Tables, views
/// and indexes of other names are their owner's, and nothing of ours asks for them.
enum SchemaCheck {
    /// - Parameter version: the schema version that the database says it has
    /// - Throws: `EchoError` that names what is not as it should be
    static func check(_ db: Database, version: Int) throws {
        let rows = try Row.fetchAll(db, sql: "SELECT type, name, tbl_name, sql FROM main.sqlite_schema")
        // Without an index answers take longer and are the same.
        var missing = Set(
            version == Catalog.schemaVersion
                ? definitions.filter { !$0.sql.contains(" INDEX ") }.map(\.name) : [])
        for row in rows {
            let type: String = try row.value(0), name: String = try row.value(1)
            let table: String = try row.value(2), sql: String? = try row.value(3)
            // SQLite's names are the same in capitals and small letters.
            let key = name.lowercased(), isOurs = known[key] != nil
            missing.remove(name)
            if type == "trigger" {
                guard known[table.lowercased()] == nil else {
                    throw fault("has a trigger on its table \(brief(table))")
                }
            } else if key == labelMatrix {
                guard type == "view" else { throw fault("has a \(brief(type)) label_matrix") }
            } else if isOurs, !isPlainTable(type, sql, version),
                known[key]?.contains(sha256(Array((sql ?? "").utf8))) != true
            {
                throw fault("has another \(brief(type)) \(brief(name)) than echoprep makes")
            }
        }
        if let gone = missing.min() { throw fault("has no \(gone)") }
    }

    /// A table of an earlier version, which a writer makes anew by its own columns: whatever it says, asking for its rows runs
    /// nothing.
    private static func isPlainTable(_ type: String, _ sql: String?, _ version: Int) -> Bool {
        version < Catalog.schemaVersion && type == "table" && sql?.hasPrefix("CREATE TABLE ") == true
    }

    /// A view for people, of which nothing here asks.
    private static let labelMatrix = "label_matrix"

    private static func fault(_ problem: String) -> EchoError {
        EchoError(
            Catalog.fileName, "\(problem): it was changed, or is no dataset's",
            try: "restore it from a copy; tables and views of your own have names of their own")
    }

    /// Tables, indexes and views of this program's schema, in their order.
    static let definitions: [(name: String, sql: String)] = {
        let rows = try? OpenDatabase.with(nil) { queue in
            try queue.write { db in
                try db.execute(sql: Catalog.schema)
                return try Row.fetchAll(
                    db, sql: "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
            }
        }
        guard let rows else { preconditionFailure("the program's own schema is one") }
        return rows.map { ($0[0], $0[1]) }
    }()

    /// The sums of what stands under each name, in this version and in those before (schemas/earlier.tsv).
    private static let known: [String: Set<String>] = {
        var known: [String: Set<String>] = [:]
        for (name, sql) in definitions { known[name, default: []].insert(sha256(Array(sql.utf8))) }
        let resource = UnsafeRawBufferPointer(start: echoprep_earlier, count: echoprep_earlier_count)
        for line in String(decoding: resource, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: "\t").map(String.init)
            precondition(fields.count == 2, "the program's own table is one")
            known[fields[0], default: []].insert(fields[1])
        }
        return known
    }()
}
