// How often a database has been written to, by whomever: SQLite counts in the file itself.

package import GRDB
private import GRDBSQLite

extension Catalog {
    /// The file change counter of SQLite's file format: one more after every transaction that changed anything.
    ///
    /// Within a transaction it is the number from before it, and one less than that after it. It is read through SQLite's
    /// own handle: closing another one would let go of the locks of this process.
    ///
    /// - Returns: nil where SQLite does not count, as with a write-ahead log
    package static func changeCounter(_ db: Database) throws -> Int? {
        guard try String.fetchOne(db, sql: "PRAGMA journal_mode") == "delete" else { return nil }
        var file: UnsafeMutablePointer<sqlite3_file>?
        let found = sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard found == SQLITE_OK, let file, let read = file.pointee.pMethods?.pointee.xRead else {
            return nil
        }
        var bytes: [UInt8] = [0, 0, 0, 0]
        guard read(file, &bytes, 4, 24) == SQLITE_OK else { return nil }
        return bytes.reduce(0) { $0 << 8 | Int($1) }
    }
}
