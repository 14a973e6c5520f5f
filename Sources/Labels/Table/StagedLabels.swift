// Labels on their way into the table `label`: taken as they come, then written in the order in which they lie there.

import Catalog
import EchoCore
import GRDB

/// The labels of one source in the making, inside a transaction of the caller. However many they are, they lie on the disk.
final class StagedLabels {
    private let db: Database
    private let source: String
    private let unit: LabelSource.Unit
    private let rows: Inserter
    private var targets: [String: Int] = [:]

    init(_ db: Database, source: String, unit: LabelSource.Unit) throws {
        self.db = db
        self.source = source
        self.unit = unit
        try db.execute(
            sql:
                "CREATE TEMP TABLE staged (target INTEGER NOT NULL, key TEXT NOT NULL, value REAL, line INTEGER NOT NULL)"
        )
        rows = try Inserter(db, table: "temp.staged", columns: 4)
    }

    /// Adds a label; nil is unknown.
    func add(_ target: String, key: String, _ value: Double?, line: Int) throws {
        let place = targets[target] ?? targets.count
        if place == targets.count { targets[target] = place }
        try rows.add(place).add(key).add(value).add(line).insert()
    }

    /// Replaces the source's labels.
    ///
    /// - Throws: `EchoError` where something has a target twice
    func finish(run: Int64, place: String) throws {
        try db.execute(sql: "DELETE FROM label WHERE source = ?", arguments: [source])
        try db.execute(sql: "INSERT OR REPLACE INTO label_source VALUES (?, ?)", arguments: [source, run])
        try db.execute(sql: "CREATE TEMP TABLE staged_target (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")
        for (name, id) in targets {
            try db.execute(sql: "INSERT INTO staged_target VALUES (?, ?)", arguments: [id, name])
        }
        do {
            try db.execute(
                sql: """
                    INSERT INTO label SELECT ?, ?, t.name, s.key, s.value FROM staged s
                    JOIN staged_target t ON t.id = s.target ORDER BY t.name, s.key
                    """, arguments: [source, unit.rawValue])
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            let line = try Int.fetchOne(
                db,
                sql: """
                    SELECT min(line) FROM (
                        SELECT max(line) AS line FROM staged GROUP BY target, key HAVING count(*) > 1)
                    """)
            throw EchoError("\(place): line \(line ?? 0)", "names a \(unit.rawValue) a second time")
        }
        try db.execute(sql: "DROP TABLE staged; DROP TABLE staged_target")
    }

    /// What the dataset has of that unit, of which there is a label.
    func there() throws -> Int {
        let all =
            switch unit {
            case .study: "SELECT DISTINCT study_key AS key FROM clip WHERE kept = 1"
            case .subject:
                "SELECT DISTINCT CAST(subject_id AS TEXT) AS key FROM clip WHERE subject_id IS NOT NULL"
            case .clip: "SELECT name AS key FROM clip WHERE kept = 1"
            }
        return try Int.fetchOne(
            db,
            sql: """
                SELECT count(*) FROM (\(all)) c WHERE EXISTS (
                    SELECT 1 FROM label l WHERE l.source = ? AND l.unit = ? AND l.target IN (
                        SELECT value FROM json_each(?)) AND l.key = c.key)
                """, arguments: [source, unit.rawValue, try jsonText(Array(targets.keys))]) ?? 0
    }

    /// What stands in `label` now.
    ///
    /// - Parameter order: the targets in the order of the summary; empty for that of their names
    func summary(order: [String], splits: [String: Int], drawn: Bool) throws -> ImportSummary {
        let found = try Row.fetchAll(
            db,
            sql: """
                SELECT target, count(value), count(*) - count(value) FROM label WHERE source = ? AND unit = ?
                GROUP BY target ORDER BY target
                """, arguments: [source, unit.rawValue])
        let counted = try found.map { row in
            try ImportSummary.Target(name: row.value(0), known: row.count(1), unknown: row.count(2))
        }
        let keys =
            try order.isEmpty
            ? Int.fetchOne(
                db, sql: "SELECT count(DISTINCT key) FROM label WHERE source = ?", arguments: [source]) ?? 0
            : counted.first.map { $0.known + $0.unknown } ?? 0
        let there = try there()
        return ImportSummary(
            name: source, unit: unit.rawValue,
            targets: order.isEmpty ? counted : order.compactMap { name in counted.first { $0.name == name } },
            there: there, others: keys - there, splits: splits, drawn: drawn)
    }
}
