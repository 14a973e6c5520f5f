// Tables with everything that csv files of the field come with.

import EchoCore
import Files
import Foundation
import Testing
import TestSupport

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

    @Test(.timeLimit(.minutes(5)))
    func `a wide header, and a quote that nobody closes, take no longer than they are long`()
        throws
    {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("table.csv").path
            func problem(_ text: String) throws -> String? {
                try Data(text.utf8).write(to: URL(fileURLWithPath: path))
                return #expect(throws: EchoError.self) {
                    try CSVReader(path).forEachRow(["c0"]) { _ in }
                }?.problem
            }
            let wide = (0..<200_000).map { "c\($0)" }.joined(separator: ",")
            #expect(try problem(wide + "\n") == "line 1: a row has more than 16,384 fields")
            let quoted = wide.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",")
            #expect(try problem(quoted + "\n") == "line 1: a row has more than 16,384 fields")
            let open = "c0\n1\n\"" + String(repeating: "x\n", count: 30_000_000)
            #expect(try problem(open) == "line 3: a row is longer than 16,777,216 bytes")
            let line = "c0\n" + String(repeating: "x", count: 60_000_000)
            #expect(try problem(line) == "line 2: a row is longer than 16,777,216 bytes")
            // What is allowed is read.
            let header = (0..<16_384).map { "c\($0)" }.joined(separator: ",")
            try Data("\(header)\n7\n\"8\n9\"\n".utf8).write(to: URL(fileURLWithPath: path))
            var found: [String] = []
            try CSVReader(path).forEachRow(["c0"]) { found.append($0.text(0)) }
            #expect(found == ["7", "8\n9"])
        }
    }

    @Test func `rows longer than a block come whole`() throws {
        let long = String(repeating: "é", count: 200_000)
        #expect(
            try rows("a,b\n1,\(long)\n2,\(long)\n", ["b", "a"]) == [["2", long, "1"], ["3", long, "2"]])
    }

    @Test(arguments: [
        ("", "is empty"), ("b,a,b\n", "its header names the column b twice"),
        ("a,b,a\n", "its header has the name of column 3 twice"),
        ("a\n", "its first line names none of the columns b"),
        ("<!DOCTYPE html>\n<html><head>\n", "is a web page, not a table"),
        ("\u{FEFF}\n  <HTML>\n", "is a web page, not a table"), ("b\n\"1\n", "ends inside a quoted field"),
        ("b\n1\n\"1\"x\n", "line 3: a quote stands where none may stand"),
    ])
    func `a table that is none says what is wrong`(text: String, problem: String) throws {
        let error = #expect(throws: EchoError.self) { try rows(text, ["b"]) }
        #expect(error?.problem == problem)
    }

    @Test func `whole numbers may stand before a point and zeros`() throws {
        let fields = [
            "20000001.0", "7.00", "-3.0", "7", "0.0", "7.", ".0", "7.5", "7.05", "7.0.0", "7.0e0", "2e7",
            "+7", "",
            "1234567890123456789",
        ]
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("t.csv").path
            try writeFile(path, Array(("a,b\n" + fields.map { "x,\($0)\n" }.joined()).utf8))
            var seen: [Int64?] = []
            try CSVReader(path).forEachRow(["b"]) { seen.append($0.integer(0)) }
            #expect(seen == [20_000_001, 7, -3, 7, 0] + Array(repeating: nil, count: 10))
            var lines: [Int] = []
            try CSVReader(path).forEachRow(["b"], wanted: { $0 == 20_000_001 }) { lines.append($0.line) }
            // What is no number is not known to be unwanted.
            #expect(lines == [2] + Array(7...16))
        }
    }

    @Test func `a last row without a line end is told`() throws {
        try withTemporaryFolder { folder in
            for (text, expected) in [
                ("a,b\n1,2\n", false), ("a,b\n1,2", true), ("a,b\n1", true), ("a,b\n1,\"2\n\"", true),
            ] {
                let path = folder.appendingPathComponent("t.csv").path
                try writeFile(path, Array(text.utf8))
                let table = try CSVReader(path)
                try table.forEachRow(["a"]) { _ in }
                #expect(table.endsInsideLine == expected, "\(text)")
            }
        }
    }

    /// The first line of a file without its header is a patient's.
    @Test(arguments: ["10000032,22595853,2180-05-06 22:23:00\n", "subject_id,22595853,2180-05-06 22:23:00\n"])
    func `what stands in a header is not repeated in a message`(text: String) throws {
        let error = try #require(throws: EchoError.self) { try rows(text, ["subject_id", "hadm_id"]) }
        #expect(!"\(error)".contains("22595853") && !"\(error)".contains("2180"))
    }

    /// Random tables with everything at once, some of them longer than what is read at a time.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func `what was written is read`(seed: UInt64) throws {
        var random = SeededRandom(seed: seed, "csv")
        let pieces = ["a", "é", "1", "-", " ", ",", "\n", "\"", "\r\n", ""]
        var text = "k,x,y\n", expected: [[String]] = [], line = 2
        for row in 0..<(seed == 4 ? 60_000 : 500) {
            let end = random.below(3) == 0 ? "\r\n" : "\n"
            let fields = (0..<2).map { _ in
                (0..<random.below(6)).map { _ in pieces[random.below(10)] }.joined()
            }
            expected.append(["\(line)", "\(row)"] + fields)
            let written = fields.map { field in
                let isPlain = !field.contains { ",\n\"\r\r\n".contains($0) }
                return isPlain && random.below(2) == 0 ? field : "\"\(field.replacing("\"", with: "\"\""))\""
            }
            text += "\(row),\(written.joined(separator: ","))\(end)"
            line += 1 + fields.reduce(0) { $0 + $1.utf8.count { $0 == 0x0A } }
        }
        #expect(try rows(text, ["k", "x", "y"], gzipped: seed % 2 == 0) == expected)
    }

    @Test(arguments: [["k", "v"], ["v", "k"]]) func `rows that are not wanted are counted and not handed out`(
        columns: [String]
    ) throws {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("t.csv").path
            try writeFile(path, Array("k,v\n1,10\n2,\"20\"\nx,30\n\n\"2\",40\n3,50".utf8))
            var seen: [Int] = []
            let count = try CSVReader(path).forEachRow(columns, wanted: { $0 == 2 || $0 == 20 }) {
                seen.append($0.line)
            }
            #expect(count == 5)
            #expect(seen == (columns[0] == "k" ? [3, 4, 6] : [3]))
        }
    }
}

@Suite struct GzipReaderTests {
    private func read(_ bytes: [UInt8]) throws -> [UInt8] {
        try withTemporaryFolder { folder in
            let path = folder.appendingPathComponent("t.gz").path
            try writeFile(path, bytes)
            let reader = try GzipReader(path)
            var text: [UInt8] = [], block = [UInt8](repeating: 0, count: 1_000)
            while case let count = try reader.read(into: &block), count > 0 { text += block[..<count] }
            return text
        }
    }

    private static let text = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }

    @Test func `members follow each other, and zeros the last one`() throws {
        let member = gzip(Self.text)
        #expect(try read(member + gzip([]) + member + [0, 0, 0]) == Self.text + Self.text)
        #expect(try read(Self.text) == Self.text)
        #expect(try read([]) == [])
    }

    @Test func `a stream cut anywhere ends too early`() throws {
        let member = gzip(Array(Self.text.prefix(300)))
        for length in 3..<member.count {
            let error = #expect(throws: EchoError.self) { try read(Array(member.prefix(length))) }
            #expect(error?.problem == "its compressed data end too early", "\(length)")
        }
    }

    @Test func `a stream with a wrong byte is corrupt, or ends too early`() throws {
        let member = gzip(Array(Self.text.prefix(300)))
        for index in 10..<member.count {
            var wrong = member
            wrong[index] ^= 0x55
            #expect(throws: EchoError.self, "\(index)") { try read(wrong) }
        }
    }

    @Test(arguments: [
        ("a,b", "\"a,b\""), ("a\nb", "\"a\nb\""), ("a\r\nb", "\"a\r\nb\""), ("a\"b", "\"a\"\"b\""),
        ("ab", "ab"),
    ])
    func `a field is quoted where it must be`(text: String, field: String) {
        #expect(csvField(text) == field)
    }
}
