// What a file of decisions has to be, found out before anything in it is asked (schemas/review.sql).

private import CResources
import EchoCore
package import GRDB

/// The definition of `review.sqlite`.
package enum ReviewSchema {
    package static let version = 1

    /// The text of schemas/review.sql.
    package static let text = String(
        decoding: UnsafeRawBufferPointer(start: echoprep_review_sql, count: echoprep_review_sql_count),
        as: UTF8.self)

    private static let definition: Set<String> = {
        let found = try? OpenDatabase.with(nil) { queue in
            try queue.write { db in
                try db.execute(sql: text)
                return try statements(db, "main")
            }
        }
        guard let found else { preconditionFailure("the program's own schema is one") }
        return found
    }()

    private static func statements(_ db: Database, _ schema: String) throws -> Set<String> {
        try String.fetchSet(db, sql: "SELECT sql FROM \(schema).sqlite_schema WHERE sql IS NOT NULL")
    }

    /// - Parameters:
    ///   - schema: the name that the file has on the connection
    ///   - place: the file, as the user knows it
    /// - Throws: `EchoError` where it is not what this program makes
    package static func check(_ db: Database, schema: String = "main", as place: String) throws {
        let found = try Int.fetchOne(db, sql: "PRAGMA \(schema).user_version") ?? 0
        let isOurs = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM \(schema).sqlite_schema WHERE name = 'decision_kept')")
        guard found <= version || isOurs != true else {
            throw EchoError(place, "is of a newer echoprep", try: "use that")
        }
        guard try found == version && statements(db, schema) == definition else {
            throw EchoError(place, "is not a file of decisions of echoprep", try: "name another file")
        }
    }
}
