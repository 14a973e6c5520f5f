// What every table held when a command was done with it: one sum a table, so that a bit that changed by itself is found.

package import EchoCore
import Files
package import GRDB
private import GRDBSQLite

/// Rows that are not as a command left them.
package struct Alteration: Sendable, Equatable {
    package let table: String
    /// The source or the run whose rows they are; empty for a whole table.
    package let part: String
    /// How many there were, and are.
    package let before: Int, now: Int
    /// What wrote them last, as "link-icd of 2026-01-31 12:00:00"; nil where that is not known.
    package let writer: String?
    /// Whether they were found to be others before a command wrote to the table once more.
    package let wasOverwritten: Bool
}

/// The rows of a table, or of a part of it.
///
/// The sum is that of all rows' XXH3-64 modulo 2^64, so it does not depend on their order. A row is the bytes of its values,
/// each behind its kind.
private struct TableSum: Equatable {
    var rows = 0
    var sum: UInt64 = 0

    var text: String { zeroPadded(sum, 16, radix: 16) }
}

extension Catalog {
    /// The column whose values tell parts of a table from each other, of tables to which several commands add.
    private static let parts = [
        "label": "source", "label_source": "name", "run": "id", "rule": "run_id", "source_file": "run_id",
        "reject": "run_id",
    ]
    private static let ownTable = "table_sum"

    /// All tables of the schema but that of the sums.
    private static let summedTables = SchemaCheck.definitions
        .filter { $0.sql.hasPrefix("CREATE TABLE") && $0.name != ownTable }.map(\.name)

    // MARK: For those who write

    /// Takes the sum of a table, or a part of it, out before its rows change, inside a transaction of the caller. That they
    /// are others than were summed is remembered.
    package static func willChange(_ db: Database, _ table: String, part: String = "") throws {
        let statement = try db.cachedStatement(sql: "SELECT sum FROM table_sum WHERE name = ? AND part = ?")
        guard let row = try Row.fetchOne(statement, arguments: [table, part]),
            let sum = try row.value(0) as String?
        else { return }
        if try sums(db, table, part: part)[part]?.text ?? TableSum().text == sum {
            try willReplace(db, table, part: part)
        } else {
            try db.execute(
                sql: "UPDATE table_sum SET sum = NULL WHERE name = ? AND part = ?", arguments: [table, part])
        }
    }

    /// Takes the sum of a table, or a part of it, out before all its rows go.
    package static func willReplace(_ db: Database, _ table: String, part: String = "") throws {
        try db.execute(sql: "DELETE FROM table_sum WHERE name = ? AND part = ?", arguments: [table, part])
    }

    /// The same of the labels of a source.
    package static func willReplaceLabels(_ db: Database, of source: String) throws {
        for table in ["label", "label_source"] { try willReplace(db, table, part: source) }
    }

    /// Sums what has no sum, inside a transaction of the caller that is done with its rows.
    package static func addSums(_ db: Database) throws {
        let known = try summedParts(db)
        let run = try Int64.fetchOne(db, sql: "SELECT max(id) FROM run")
        for table in summedTables {
            for part in try currentParts(db, table) where !known.contains(Part(table: table, part: part)) {
                let found = try sums(db, table, part: part)[part] ?? TableSum()
                try db.execute(
                    sql: "INSERT INTO table_sum VALUES (?, ?, ?, ?, ?)",
                    arguments: [table, part, run, found.rows, found.text])
            }
        }
    }

    /// The same in a transaction of its own.
    package func addSums() throws(EchoError) { try write { try Catalog.addSums($0) } }

    // MARK: For those who check

    /// What is not as it was left, among tables and parts of tables.
    package static func alterations(
        _ db: Database, among isAsked: (_ table: String, _ part: String) -> Bool = { _, _ in true }
    ) throws -> [Alteration] {
        var found: [Alteration] = [], current: [String: [String: TableSum]] = [:]
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT s.name, s.part, s.n, s.sum, r.command || ' of ' || r.finished_at
                FROM table_sum s LEFT JOIN run r ON r.id = s.run_id ORDER BY s.name, s.part
                """)
        for row in rows {
            let table: String = try row.value(0), part: String = try row.value(1)
            guard isAsked(table, part) else { continue }
            let before = try row.count(2), sum: String? = try row.value(3)
            let writer: String? = try row.value(4)
            if current[table] == nil {
                current[table] = summedTables.contains(table) ? try sums(db, table) : [:]
            }
            let now = current[table]?[part] ?? TableSum()
            if sum != now.text || before != now.rows {
                found.append(
                    Alteration(
                        table: table, part: part, before: before, now: now.rows, writer: writer,
                        wasOverwritten: sum == nil))
            }
        }
        return found
    }

    /// What is not as it was left, and the tables of which that is not known: of an earlier program, or where a command was
    /// stopped or is at work.
    package func alterations() throws(EchoError) -> (found: [Alteration], unknown: [String]) {
        try read { db in
            let known = try Catalog.summedParts(db)
            let unknown = try Catalog.summedTables.filter { table in
                try Catalog.currentParts(db, table).contains { !known.contains(Part(table: table, part: $0)) }
            }
            return (try Catalog.alterations(db), unknown)
        }
    }

    private struct Part: Hashable {
        let table: String, part: String
    }

    /// The parts that have a sum.
    private static func summedParts(_ db: Database) throws -> Set<Part> {
        Set(
            try Row.fetchAll(db, sql: "SELECT name, part FROM table_sum").map { row in
                try Part(table: row.value(0), part: row.value(1))
            })
    }

    /// The parts that a table has now; of one without parts the whole.
    private static func currentParts(_ db: Database, _ table: String) throws -> [String] {
        guard let column = parts[table] else { return [""] }
        // Labels are a source's, and its name stands once in the list of sources.
        let sql =
            table == "label"
            ? "SELECT name FROM label_source" : "SELECT DISTINCT CAST(\(column) AS TEXT) FROM \(table)"
        return try Row.fetchAll(db, sql: sql).map { row in try row.value(0) }
    }

    /// Sums a table, part by part, or one part of it.
    private static func sums(
        _ db: Database, _ table: String, part: String? = nil
    ) throws -> [String: TableSum] {
        let column = parts[table]
        var sql = "SELECT * FROM \(table)"
        if let column, part != nil { sql += " WHERE \(column) = ?" }
        let statement = try db.makeStatement(sql: sql), handle = statement.sqliteStatement
        if column != nil, let part { try statement.setArguments([part]) }
        defer { sqlite3_reset(handle) }
        let count = sqlite3_column_count(handle)
        // Of rows of one part nobody asks whose they are.
        let place =
            part != nil ? nil : column.flatMap { statement.columnNames.firstIndex(of: $0) }.map { Int32($0) }
        var found: [String: TableSum] = [:], last = part ?? "", current = TableSum()
        let row = RowBytes()
        while true {
            let code = sqlite3_step(handle)
            if code == SQLITE_DONE { break }
            guard code == SQLITE_ROW else {
                throw DatabaseError(
                    resultCode: ResultCode(rawValue: sqlite3_extended_errcode(db.sqliteConnection)),
                    message: db.lastErrorMessage)
            }
            row.removeAll()
            for column in 0..<count { row.append(sqlite3_column_value(handle, column)) }
            // After its value: reading a number as text makes it one.
            if let place {
                let own = sqlite3_column_text(handle, place)
                if own.map({ !isEqual($0, last) }) ?? !last.isEmpty {
                    if current.rows > 0 { found[last] = current }
                    last = own.map { String(cString: $0) } ?? ""
                    current = found[last] ?? TableSum()
                }
            }
            current.rows += 1
            current.sum &+= xxh3Number(row.bytes)
        }
        if current.rows > 0 { found[last] = current }
        return found
    }

    /// Whether a text of C is that of a string, without making another.
    private static func isEqual(_ text: UnsafePointer<UInt8>, _ string: String) -> Bool {
        var place = 0
        for byte in string.utf8 {
            if text[place] != byte { return false }
            place += 1
        }
        return text[place] == 0
    }
}

/// The bytes of a row's values, one row after the other in one place.
private final class RowBytes {
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 12, alignment: 8)
    private var end = 0

    deinit { buffer.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<end]) }

    func removeAll() { end = 0 }

    /// Adds a value of the row that a statement is at: its kind, then a number's eight bytes, or a length and so many bytes.
    ///
    /// A value is asked, not its column: a column's lock is taken for each question.
    func append(_ value: OpaquePointer?) {
        let kind = sqlite3_value_type(value)
        switch kind {
        case SQLITE_NULL: add(kind, 0, 0)
        case SQLITE_INTEGER: add(kind, UInt64(bitPattern: sqlite3_value_int64(value)), 8)
        case SQLITE_FLOAT: add(kind, sqlite3_value_double(value).bitPattern, 8)
        default:
            let start = sqlite3_value_blob(value), length = Int(sqlite3_value_bytes(value))
            add(kind, UInt64(length), 8, also: length)
            if let start, length > 0 {
                buffer.baseAddress!.advanced(by: end).copyMemory(from: start, byteCount: length)
            }
            end += length
        }
    }

    /// Adds a kind and as many bytes of a number as are asked for, and makes room for others behind them.
    private func add(_ kind: Int32, _ number: UInt64, _ size: Int, also: Int = 0) {
        let needed = end + 9 + also
        if needed > buffer.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * needed, alignment: 8)
            larger.copyMemory(from: UnsafeRawBufferPointer(buffer))
            buffer.deallocate()
            buffer = larger
        }
        buffer.storeBytes(of: UInt8(truncatingIfNeeded: kind), toByteOffset: end, as: UInt8.self)
        buffer.storeBytes(of: number.littleEndian, toByteOffset: end + 1, as: UInt64.self)
        end += 1 + size
    }
}
