// Who wrote to the database, and by which rules.

package import EchoCore
import Files
import Foundation
package import GRDB

/// A row of the table `run` with its rules.
package struct Run: Sendable, Equatable {
    package let id: Int64
    package let finished: Bool
    /// Option names without dashes, and their values.
    package let rules: [String: String]
}

extension Catalog {
    /// The last run of a command, or nil.
    package func lastRun(of command: String) throws(EchoError) -> Run? {
        try read { db in
            let sql = "SELECT id, finished_at IS NOT NULL FROM run WHERE command = ? ORDER BY id DESC LIMIT 1"
            guard let row = try Row.fetchOne(db, sql: sql, arguments: [command]) else { return nil }
            let id: Int64 = try row.value(0)
            let rules = try Row.fetchAll(
                db, sql: "SELECT key, value FROM rule WHERE run_id = ?", arguments: [id])
            let pairs: [(String, String)] = try rules.map { rule in try (rule.value(0), rule.value(1)) }
            return Run(
                id: id, finished: try row.value(1), rules: Dictionary(pairs) { first, _ in first })
        }
    }

    /// The folders that clips were read from, by the run of their rows.
    package func sourceFolders() throws(EchoError) -> [Int64: String] {
        try read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT run_id, value FROM rule WHERE key = 'source'")
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0[1]) })
        }
    }

    /// Records that `command` begins, with every choice it makes, and returns the run's number.
    package func beginRun(_ command: String, commandLine: String, rules: [String: String]) throws(EchoError)
        -> Int64
    {
        try write { db in try Catalog.insertRun(db, command, commandLine: commandLine, rules: rules) }
    }

    /// The same inside a transaction of the caller.
    package static func insertRun(
        _ db: Database, _ command: String, commandLine: String, rules: [String: String]
    ) throws -> Int64 {
        try db.execute(
            sql: """
                INSERT INTO run (command, started_at, program_version, schema_version, command_line, program_build)
                VALUES (?, datetime('now'), ?, ?, ?, ?)
                """,
            arguments: [
                command, fullProgramVersion, Catalog.schemaVersion, commandLine, programBuild,
            ])
        let id = db.lastInsertedRowID
        for (key, value) in rules.sorted(by: { $0.key < $1.key }) {
            try db.execute(sql: "INSERT INTO rule VALUES (?, ?, ?)", arguments: [id, key, value])
        }
        return id
    }

    /// Records that a run is done, and what it has written.
    package func finishRun(_ id: Int64) throws(EchoError) {
        try write { db in try Catalog.finishRun(db, id) }
    }

    /// The same inside a transaction of the caller.
    package static func finishRun(_ db: Database, _ id: Int64) throws {
        try willChange(db, "run", part: "\(id)")
        try db.execute(sql: "UPDATE run SET finished_at = datetime('now') WHERE id = ?", arguments: [id])
        try addSums(db)
    }
}
