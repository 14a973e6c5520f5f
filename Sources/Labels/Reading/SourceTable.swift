// One of MIMIC's tables in a folder: found as csv or csv.gz, summed, read row by row, with its bad rows noted.

import EchoCore
import Files
import Foundation

/// Why a row, or one value of it, cannot be used.
struct RowFault: Error {
    let reason: String
    /// The column at fault with its text.
    let text: String
}

/// A table of a folder, not yet read.
struct SourceTable: Sendable {
    /// Its name in `source_file` and `reject`, as "admissions".
    let role: String
    /// Relative to the folder named on the command line.
    let path: String
    private let fullPath: String

    /// Finds `name`.csv or `name`.csv.gz in `folder` or in one of its `subfolders`; nil if it is in none.
    init?(_ name: String, in folder: String, subfolders: [String] = []) {
        let candidates = ([""] + subfolders.map { $0 + "/" }).flatMap {
            ["\($0)\(name).csv", "\($0)\(name).csv.gz"]
        }
        guard
            let found = candidates.first(where: { FileManager.default.fileExists(atPath: "\(folder)/\($0)") })
        else { return nil }
        role = name
        path = found
        fullPath = "\(folder)/\(found)"
    }

    /// The file at `path`; nil if there is none.
    init?(role: String, file path: String) {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        self.role = role
        self.path = URL(fileURLWithPath: path).lastPathComponent
        fullPath = path
    }

    /// Its size and sum.
    func examine() throws -> TableFile {
        try named {
            let (hex, bytes) = try sha256(ofFile: fullPath)
            return TableFile(role: role, path: path, bytes: bytes, sha256: hex)
        }
    }

    /// Reads the columns named, in that order; those of `optional` may not be there.
    ///
    /// A fault that `body` throws, or notes in the row, becomes a row of `reject`; reading goes on.
    /// - Parameters:
    ///   - subjects: rows with another number in the first column are only counted
    ///   - body: adds a row to what has been read
    func read<Value>(
        _ columns: [String], optional: [String] = [], of subjects: SubjectSet? = nil, into value: Value,
        _ body: (inout Value, inout TableRow) throws -> Void
    ) throws -> Reading<Value> {
        try named {
            var reading = Reading(value: value)
            let reader = try CSVReader(fullPath)
            let shape = TableShape(columns, optional: optional, header: reader.header)
            var seen = 0
            reading.rows = try reader.forEachRow(shape.columns, wanted: subjects.map { $0.contains }) { csv in
                seen += 1
                if seen & 0xFFF == 0 { try Interruption.check() }
                var row = TableRow(csv: csv, shape: shape)
                do {
                    guard csv.isWhole else {
                        throw RowFault(reason: "has more or fewer fields than the header", text: "")
                    }
                    try body(&reading.value, &row)
                } catch let fault as RowFault {
                    row.faults.append(fault)
                }
                for fault in row.faults {
                    reading.rejects.append(
                        RejectedRow(line: csv.line, reason: fault.reason, text: fault.text))
                }
            }
            return reading
        }
    }

    /// The whole of a text file, plain or gzipped.
    func text() throws -> String {
        try named {
            var text: [UInt8] = []
            var block = [UInt8](repeating: 0, count: 1 << 16)
            let reader = try GzipReader(fullPath)
            while case let count = try reader.read(into: &block), count > 0 { text += block[..<count] }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// Names the file in errors as it lies in its folder: whole paths may hold what is nobody's business.
    private func named<Answer>(_ body: () throws -> Answer) throws -> Answer {
        do {
            return try body()
        } catch let error as EchoError {
            throw EchoError(path, error.problem, try: error.remedy)
        }
    }
}

/// The columns that are asked of a table.
private final class TableShape {
    /// Those that the table has.
    let columns: [String]
    /// Where each column asked for stands among `columns`; nil where the table does not have it.
    let places: [Int?]

    init(_ required: [String], optional: [String], header: [String]) {
        columns = required + optional.filter(header.contains)
        places = (required + optional).map(columns.firstIndex)
    }
}

/// One row with its columns in the order asked for.
struct TableRow {
    private let csv: CSVRow
    private let shape: TableShape
    /// What is wrong with values that the row can do without.
    fileprivate(set) var faults: [RowFault] = []

    fileprivate init(csv: CSVRow, shape: TableShape) {
        self.csv = csv
        self.shape = shape
    }

    /// The line on which the row begins.
    var line: Int { csv.line }

    // MARK: Values

    /// A value that must be a whole number.
    func integer(_ column: Int) throws(RowFault) -> Int {
        guard let value = csv.integer(column) else { throw fault(column, "is not a whole number") }
        return Int(value)
    }

    /// A value that must be a decimal number.
    func number(_ column: Int) throws(RowFault) -> Double {
        guard let value = Double(try text(column)), value.isFinite else {
            throw fault(column, "is not a number")
        }
        return value
    }

    /// A value that must be a time.
    func time(_ column: Int) throws(RowFault) -> Timestamp {
        guard let value = Timestamp(try text(column)) else {
            throw fault(column, "is not a time that exists")
        }
        return value
    }

    /// The same as text, as MIMIC prints times.
    func timeText(_ column: Int) throws(RowFault) -> String {
        let text = try text(column)
        guard Timestamp(text) != nil else { throw fault(column, "is not a time that exists") }
        return text.utf8.contains(UInt8(ascii: "T")) ? text.replacing("T", with: " ") : text
    }

    /// A value that must be text of at least one character.
    func text(_ column: Int) throws(RowFault) -> String {
        guard let text = csv.validText(column) else { throw fault(column, "is not UTF-8") }
        if text.isEmpty { throw fault(column, "is empty") }
        return text
    }

    /// A value that may be missing, read by one of the above; a wrong one counts as missing, and is noted.
    mutating func optional<Value>(
        _ column: Int, _ read: (TableRow) -> (Int) throws(RowFault) -> Value
    ) -> Value? {
        guard let place = shape.places[column], !csv.isEmpty(place) else { return nil }
        do throws(RowFault) {
            return try read(self)(place)
        } catch {
            faults.append(error)
            return nil
        }
    }

    private func fault(_ column: Int, _ problem: String) -> RowFault {
        RowFault(reason: "\(shape.columns[column]) \(problem)", text: "\(csv.text(column).prefix(80))")
    }
}
