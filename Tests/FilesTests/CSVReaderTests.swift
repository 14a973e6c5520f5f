// Tables with everything that csv files of the field come with.

import EchoCore
import Files
import Foundation
import TestSupport
import Testing

@Suite struct CSVReaderTests {
    private func rows(_ text: String, _ columns: [String], gzipped: Bool = false) throws -> [[String]] {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("table.csv").path
            let bytes = Array(text.utf8)
            try writeFile(path, gzipped ? gzip(bytes) : bytes)
            var rows: [[String]] = []
            try CSVReader(path).forEachRow(columns) { row in
                rows.append(["\(row.line)"] + columns.indices.map(row.text))
            }
            return rows
        }
    }

    @Test(arguments: [false, true])
    func `columns are found by name, in a plain and in a gzipped file`(gzipped: Bool) throws {
        let text = "subject_id,gender,anchor_age\n1,F,52\n2,M,91\n"
        #expect(
            try rows(text, ["anchor_age", "subject_id"], gzipped: gzipped) == [
                ["2", "52", "1"], ["3", "91", "2"],
            ])
    }

    @Test func `a byte-order mark, CRLF, blank lines and no newline at the end are nothing special`() throws {
        #expect(
            try rows("\u{FEFF}a,b\r\n1,2\r\n\r\n3, 4 ", ["a", "b"]) == [["2", "1", "2"], ["4", "3", " 4 "]])
    }

    @Test func `quoted fields hold commas, quotes and newlines, and lines are still counted`() throws {
        let text = "a,b\n\"x,\n\"\"y\"\"\",1\n,2\n"
        #expect(try rows(text, ["a", "b"]) == [["2", "x,\n\"y\"", "1"], ["4", "", "2"]])
    }

    @Test func `a short row has empty fields and says so`() throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("t.csv").path
            try writeFile(path, Array("a,b,c\n1,-7\n1,2,x9\n".utf8))
            var seen: [Bool] = []
            try CSVReader(path).forEachRow(["b", "c"]) { row in
                seen.append(row.isWhole)
                #expect(row.integer(0) == (row.line == 2 ? -7 : 2))
                #expect(row.integer(1) == nil)
            }
            #expect(seen == [false, true])
        }
    }

    @Test func `rows longer than a block come whole`() throws {
        let long = String(repeating: "é", count: 200_000)
        #expect(
            try rows("a,b\n1,\(long)\n2,\(long)\n", ["b", "a"]) == [["2", long, "1"], ["3", long, "2"]])
    }

    @Test(arguments: [
        ("", "is empty"), ("a,b,a\n", "its header names the column a twice"),
        ("a\n", "has no column b; its columns are a"), ("b\n\"1\n", "ends inside a quoted field"),
        ("b\n1\n\"1\"x\n", "line 3: a quote stands where none may stand"),
    ])
    func `a table that is none says what is wrong`(text: String, problem: String) throws {
        let error = #expect(throws: EchoError.self) { try rows(text, ["b"]) }
        #expect(error?.problem == problem)
    }
}
