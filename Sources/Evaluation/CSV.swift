// Small comma-separated tables in and out: predictions, and the numbers behind the figures.

import EchoCore
import Files
import Foundation

/// A table with a header line, read whole, its columns found by name (RFC 4180).
struct CSVTable {
    let path: String
    let columns: [String]
    /// Rows as wide as the header; the first stands in line 2 of the file.
    let rows: [[String]]

    init(path: String) throws {
        try self.init(path: path, bytes: readFile(path))
    }

    init(path: String, bytes: [UInt8]) throws {
        self.path = path
        var records = try CSVTable.records(bytes, path)
        if records.isEmpty { throw EchoError(path, "is empty", try: "give a csv file with a header line") }
        columns = records.removeFirst().map { $0.trimmingCharacters(in: .whitespaces) }
        for (index, record) in records.enumerated() where record.count != columns.count {
            throw EchoError(
                path, "line \(index + 2) has \(record.count) fields where the header has \(columns.count)")
        }
        rows = records
    }

    /// The position of the first of `names` that the header has.
    func column(_ names: String...) -> Int? {
        names.lazy.compactMap { columns.firstIndex(of: $0) }.first
    }

    /// The position of a column that must be there under one of `names`.
    func required(_ names: String...) throws -> Int {
        if let found = names.lazy.compactMap({ columns.firstIndex(of: $0) }).first { return found }
        throw EchoError(
            path, "has no column \(names.joined(separator: " or "))",
            try: "the header line has: \(columns.joined(separator: ", "))")
    }

    /// The finite number in a row's column.
    func number(_ row: Int, _ column: Int) throws -> Double {
        let text = rows[row][column].trimmingCharacters(in: .whitespaces)
        guard let value = Double(text), value.isFinite else {
            throw EchoError(path, "line \(row + 2): column \(columns[column]) is not a finite number")
        }
        return value
    }

    private static func records(_ bytes: [UInt8], _ path: String) throws -> [[String]] {
        let comma = UInt8(ascii: ","), quote = UInt8(ascii: "\""), newline = UInt8(ascii: "\n")
        var records: [[String]] = [], record: [String] = [], field: [UInt8] = []
        var quoted = false, at = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        func endField() {
            record.append(String(decoding: field, as: UTF8.self))
            field.removeAll(keepingCapacity: true)
        }
        func endRecord() {
            if field.last == UInt8(ascii: "\r") { field.removeLast() }
            endField()
            if record != [""] { records.append(record) }
            record.removeAll(keepingCapacity: true)
        }
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case quote where quoted && at < bytes.count && bytes[at] == quote:
                field.append(quote)
                at += 1
            case quote where quoted || field.isEmpty: quoted.toggle()
            case comma where !quoted: endField()
            case newline where !quoted: endRecord()
            default: field.append(byte)
            }
        }
        if quoted { throw EchoError(path, "ends inside of a quoted field") }
        if !field.isEmpty || !record.isEmpty { endRecord() }
        return records
    }
}

/// A table as csv text: fields with a comma, a quote or a line break are quoted, nil is empty.
func csvText(_ header: [String], _ rows: [[String?]]) -> String {
    func escaped(_ field: String?) -> String {
        guard let field, field.contains(where: { ",\"\r\n".contains($0) }) else { return field ?? "" }
        return "\"\(field.replacingOccurrences(of: "\"", with: "\"\""))\""
    }
    return ([header] + rows).map { $0.map(escaped).joined(separator: ",") + "\n" }.joined()
}
