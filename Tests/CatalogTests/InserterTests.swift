import Catalog
import EchoCore
import GRDB
import Testing

/// Rows go in several a statement: what a row is must not depend on where it stands among them.
@Suite struct InserterTests {
    private func withTable(_ body: (Database) throws -> Void) throws {
        try DatabaseQueue().write { db in
            try db.execute(
                sql: """
                    CREATE TABLE row_of (id INTEGER PRIMARY KEY, name TEXT, share REAL, n INTEGER CHECK (n < 1000)) STRICT
                    """)
            try body(db)
        }
    }

    /// Texts with and without bytes, with one that ends a text of C, and none.
    private func name(_ row: Int) -> String? {
        ["", "a\u{0}b", nil, "é", String(repeating: "long ", count: row)][row % 5]
    }

    /// As SQLite's hex() has it; GRDB reads a text up to its first NUL.
    private func hexadecimal(_ text: String) -> String {
        text.utf8.map { zeroPadded($0, 2, radix: 16, uppercase: true) }.joined()
    }

    private func found(_ db: Database) throws -> [[DatabaseValue]] {
        try Row.fetchAll(
            db, sql: "SELECT id, iif(name IS NULL, NULL, hex(name)), share, n FROM row_of ORDER BY id"
        ).map { Array($0.databaseValues) }
    }

    @Test(arguments: [0, 1, 31, 32, 33, 63, 64, 65, 200])
    func `all rows are there, however many fill a statement`(count: Int) throws {
        try withTable { db in
            try Inserter.fill(db, "row_of", columns: 4) { rows in
                for row in 0..<count {
                    try rows.add(row).add(name(row)).add(Double(row) / 3).add(row % 7 == 0 ? nil : row)
                        .insert()
                }
            }
            let wanted = (0..<count).map { row in
                [
                    row.databaseValue, name(row).map(hexadecimal).databaseValue,
                    (Double(row) / 3).databaseValue,
                    (row % 7 == 0 ? nil : row).databaseValue,
                ]
            }
            #expect(try found(db) == wanted)
        }
    }

    @Test(arguments: [[0], [31], [32], [33], [31, 32], [64], [69], [5, 6, 40]], [1, 20, 33])
    func `rows whose key is there are left out and named, the others are not`(again: [Int], distance: Int)
        throws
    {
        try withTable { db in
            var leftOut: [Int] = []
            func key(_ row: Int) -> Int { again.contains(row) && row >= distance ? row - distance : row }
            let repeated = (0..<70).filter { row in (0..<row).contains { key($0) == key(row) } }
            try Inserter.fill(db, "row_of", columns: 4, leavingOut: { leftOut.append($0) }) { rows in
                for row in 0..<70 { try rows.add(key(row)).add(name(row)).addNull().add(row).insert() }
            }
            #expect(leftOut == repeated)
            #expect(
                try found(db).map { Int.fromDatabaseValue($0[3]) }
                    == (0..<70).filter { !repeated.contains($0) })
        }
    }

    @Test func `another fault than a key that is there is an error, also where rows may be left out`() throws
    {
        try withTable { db in
            #expect(throws: DatabaseError.self) {
                try Inserter.fill(db, "row_of", columns: 4, leavingOut: { _ in }) { rows in
                    for row in 0..<40 {
                        try rows.add(row).addNull().addNull().add(row == 20 ? 1000 : 0).insert()
                    }
                }
            }
            #expect(throws: DatabaseError.self) {
                try Inserter.fill(db, "row_of", columns: 4) { rows in
                    for row in [1, 2, 1] { try rows.add(row).addNull().addNull().addNull().insert() }
                }
            }
        }
    }

    @Test func `a part of a row may be said once for all`() throws {
        try withTable { db in
            try Inserter.fill(db, "row_of", row: "(?, 'what? is it', ?, 7)") { rows in
                for row in 0..<40 { try rows.add(row).add(0.5).insert() }
            }
            let names = try String.fetchAll(db, sql: "SELECT DISTINCT name || n || share FROM row_of")
            #expect(names == ["what? is it70.5"])
        }
    }
}
