// Many rows into one table: values go to SQLite as they are, without a detour over the general kinds of GRDB.

package import GRDB
private import GRDBSQLite

/// Inserts row after row, inside a transaction of the caller.
///
/// The values of a row are added in the order of the table's columns, then the row is done:
///
///     try Inserter.fill(db, "patients", columns: 3) { patients in
///         try patients.add(subject).add(gender).add(age).insert()
///     }
///
/// Rows wait until there are enough of them for a statement: SQLite looks for the place of its first row and finds those of
/// the others behind it, which takes half as long as a statement a row.
package final class Inserter {
    private static let rowsTogether = 32

    private enum Value {
        case null, integer(Int), real(Double)
        /// So many bytes of `text`.
        case text(Int)
    }

    private let db: Database
    private let single: Statement, together: Statement
    private let columns: Int
    private let isLeftOut: ((_ row: Int) -> Void)?
    /// The rows that wait, and the texts among their values, one behind the other. That two things write them at once need
    /// not be looked at for each value: other code is called when nothing is being written.
    @exclusivity(unchecked) private var values: [Value] = []
    @exclusivity(unchecked) private var text: [UInt8] = []
    private var waiting = 0, done = 0

    /// Inserts the rows that `body` adds; when it returns, all are in the table.
    ///
    /// - Parameters:
    ///   - columns: of the table
    ///   - isLeftOut: takes the number of a row, from 0, whose key is there already; without it such a row is an error
    package static func fill(
        _ db: Database, _ table: String, columns: Int, leavingOut isLeftOut: ((_ row: Int) -> Void)? = nil,
        _ body: (Inserter) throws -> Void
    ) throws {
        let marks = Array(repeating: "?", count: columns).joined(separator: ", ")
        try fill(db, table, row: "(\(marks))", leavingOut: isLeftOut, body)
    }

    /// - Parameter row: in SQL; its question marks are the values that are added
    package static func fill(
        _ db: Database, _ table: String, row: String, leavingOut isLeftOut: ((_ row: Int) -> Void)? = nil,
        _ body: (Inserter) throws -> Void
    ) throws {
        let rows = try Inserter(db, table, row, isLeftOut)
        try body(rows)
        try rows.insertWaiting()
    }

    private init(_ db: Database, _ table: String, _ row: String, _ isLeftOut: ((Int) -> Void)?) throws {
        func statement(_ count: Int) throws -> Statement {
            let rows = Array(repeating: row, count: count).joined(separator: ", ")
            return try db.cachedStatement(sql: "INSERT INTO \(table) VALUES \(rows)")
        }
        self.db = db
        self.isLeftOut = isLeftOut
        single = try statement(1)
        columns = Int(sqlite3_bind_parameter_count(single.sqliteStatement))
        together = try statement(Self.rowsTogether)
    }

    @discardableResult
    package func add(_ value: Int) -> Inserter { add(.integer(value)) }

    @discardableResult
    package func add(_ value: Double) -> Inserter { add(.real(value)) }

    @discardableResult
    package func add(_ value: String) -> Inserter {
        let start = text.count
        text.append(contentsOf: value.utf8)
        return add(.text(text.count - start))
    }

    @discardableResult
    package func add(_ value: Bool) -> Inserter { add(value ? 1 : 0) }

    @discardableResult
    package func add(_ value: Int?) -> Inserter { value.map { add($0) } ?? addNull() }

    @discardableResult
    package func add(_ value: Double?) -> Inserter { value.map { add($0) } ?? addNull() }

    @discardableResult
    package func add(_ value: String?) -> Inserter { value.map { add($0) } ?? addNull() }

    @discardableResult
    package func addNull() -> Inserter { add(.null) }

    private func add(_ value: Value) -> Inserter {
        values.append(value)
        return self
    }

    /// The row is done.
    package func insert() throws {
        waiting += 1
        precondition(values.count == columns * waiting, "a row of \(columns) values")
        if waiting == Self.rowsTogether { try insertWaiting() }
    }

    private func insertWaiting() throws {
        var leftOut: [Int] = []
        try text.withUnsafeBufferPointer { text in
            var end = 0
            // The statement is undone as a whole where one of its rows cannot be; then each is tried by itself.
            if waiting == Self.rowsTogether, try run(together, values[...], text, from: &end) { return }
            end = 0
            for row in 0..<waiting {
                let own = values[row * columns..<(row + 1) * columns]
                if try !run(single, own, text, from: &end) { leftOut.append(done + row) }
            }
        }
        done += waiting
        waiting = 0
        values.removeAll(keepingCapacity: true)
        text.removeAll(keepingCapacity: true)
        if let isLeftOut { leftOut.forEach(isLeftOut) }
    }

    /// Runs a statement; false where a key is there already and such a row may be left out.
    ///
    /// - Parameter end: where the texts of the values begin, and then where they end
    private func run(
        _ statement: Statement, _ values: ArraySlice<Value>, _ text: UnsafeBufferPointer<UInt8>,
        from end: inout Int
    ) throws -> Bool {
        let handle = statement.sqliteStatement
        var place: Int32 = 0
        for value in values {
            place += 1
            switch value {
            case .null: sqlite3_bind_null(handle, place)
            case .integer(let number): sqlite3_bind_int64(handle, place, Int64(number))
            case .real(let number): sqlite3_bind_double(handle, place, number)
            case .text(let length):
                // SQLite reads it where it lies; an empty one has an address too, as nil would be NULL.
                let start = text.baseAddress.map { UnsafeRawPointer($0 + end) } ?? UnsafeRawPointer(handle)
                sqlite3_bind_text(
                    handle, place, start.assumingMemoryBound(to: CChar.self), Int32(length), nil)
                end += length
            }
        }
        let code = sqlite3_step(handle)
        if code == SQLITE_DONE {
            sqlite3_reset(handle)
            return true
        }
        let cause = ResultCode(rawValue: sqlite3_extended_errcode(db.sqliteConnection))
        let message = db.lastErrorMessage
        sqlite3_reset(handle)
        if isLeftOut != nil, [.SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_UNIQUE].contains(cause) {
            return false
        }
        throw DatabaseError(resultCode: cause, message: message)
    }
}
