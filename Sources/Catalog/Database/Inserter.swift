// Many rows into one table: values go to SQLite as they are, without a detour over the general kinds of GRDB.

package import GRDB
private import GRDBSQLite

/// Inserts row after row, inside a transaction of the caller.
///
/// The values of a row are added in the order of the table's columns, then the row is inserted:
///
///     try patients.add(subject).add(gender).add(age).insert()
package final class Inserter {
    private let db: Database
    private let statement: Statement
    private let handle: SQLiteStatement
    private var column: Int32 = 0
    /// The texts of the row in the making, one behind the other: SQLite reads them where they lie.
    private let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 12)
    private var textEnd = 0

    /// - Parameter orIgnore: a row whose key is there already is left out instead of being an error
    package convenience init(_ db: Database, table: String, columns: Int, orIgnore: Bool = false) throws {
        let marks = Array(repeating: "?", count: columns).joined(separator: ", ")
        try self.init(db, sql: "INSERT \(orIgnore ? "OR IGNORE " : "")INTO \(table) VALUES (\(marks))")
    }

    /// - Parameter sql: of an insertion; its question marks are the values that are added
    package init(_ db: Database, sql: String) throws {
        self.db = db
        statement = try db.cachedStatement(sql: sql)
        handle = statement.sqliteStatement
    }

    deinit { text.deallocate() }

    @discardableResult
    package func add(_ value: Int) -> Inserter {
        column += 1
        sqlite3_bind_int64(handle, column, Int64(value))
        return self
    }

    @discardableResult
    package func add(_ value: Double) -> Inserter {
        column += 1
        sqlite3_bind_double(handle, column, value)
        return self
    }

    @discardableResult
    package func add(_ value: String) -> Inserter {
        column += 1
        var value = value
        value.withUTF8 { bytes in
            let fits = textEnd + bytes.count <= text.count
            var start = UnsafeRawPointer(bytes.baseAddress)
            if fits {
                _ = UnsafeMutableBufferPointer(rebasing: text[textEnd...]).update(fromContentsOf: bytes)
                start = UnsafeRawPointer(text.baseAddress! + textEnd)
                textEnd += bytes.count
            }
            sqlite3_bind_text(
                handle, column, start?.assumingMemoryBound(to: CChar.self), Int32(bytes.count),
                fits ? nil : transient)
        }
        return self
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
    package func addNull() -> Inserter {
        column += 1
        sqlite3_bind_null(handle, column)
        return self
    }

    /// Inserts the row; false if it was left out.
    @discardableResult
    package func insert() throws -> Bool {
        let code = sqlite3_step(handle)
        sqlite3_reset(handle)
        column = 0
        textEnd = 0
        guard code == SQLITE_DONE else {
            throw DatabaseError(
                resultCode: ResultCode(rawValue: sqlite3_extended_errcode(db.sqliteConnection)),
                message: db.lastErrorMessage)
        }
        return sqlite3_changes(db.sqliteConnection) > 0
    }
}

/// SQLITE_TRANSIENT, a macro that Swift does not see: SQLite makes a copy of its own.
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
