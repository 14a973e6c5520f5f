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
struct SourceTable {
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
    func examine() throws -> SourceFile {
        try named {
            let bytes = try mapFile(fullPath)
            return SourceFile(role: role, path: path, bytes: bytes.count, sha256: sha256(bytes))
        }
    }

    /// Calls `body` for each row with the columns named, in that order; those of `optional` may not be there.
    ///
    /// A fault that `body` throws, or notes in the row, becomes a row of `reject`; reading goes on.
    /// - Returns: the number of data rows, and the rejects
    func forEachRow(
        _ columns: [String], optional: [String] = [],
        _ body: (inout TableRow) throws(RowFault) -> Void
    ) throws -> (rows: Int, rejects: [RejectedRow]) {
        try named {
            var rows = 0
            var rejects: [RejectedRow] = []
            let reader = try CSVReader(fullPath)
            let present = columns + optional.filter(reader.header.contains)
            let places = (columns + optional).map { present.firstIndex(of: $0) }
            try reader.forEachRow(present) { csv in
                rows += 1
                if rows & 0xFFFF == 0 { try Interruption.check() }
                var row = TableRow(csv: csv, columns: present, places: places)
                do throws(RowFault) {
                    guard csv.isWhole else {
                        throw RowFault(reason: "has more or fewer fields than the header", text: "")
                    }
                    try body(&row)
                } catch {
                    row.faults.append(error)
                }
                rejects += row.faults.map { RejectedRow(line: csv.line, reason: $0.reason, text: $0.text) }
            }
            return (rows, rejects)
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

/// One row with its columns in the order asked for.
struct TableRow {
    fileprivate let csv: CSVRow
    fileprivate let columns: [String]
    /// Where each column asked for stands among `columns`; nil where the table does not have it.
    fileprivate let places: [Int?]
    /// What is wrong with values that the row can do without.
    fileprivate(set) var faults: [RowFault] = []

    /// The line on which the row begins.
    var line: Int { csv.line }

    fileprivate init(csv: CSVRow, columns: [String], places: [Int?]) {
        self.csv = csv
        self.columns = columns
        self.places = places
    }

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

    /// A value that must be text of at least one character.
    func text(_ column: Int) throws(RowFault) -> String {
        guard let text = String(validating: csv.bytes(column), as: UTF8.self) else {
            throw fault(column, "is not UTF-8")
        }
        if text.isEmpty { throw fault(column, "is empty") }
        return text
    }

    /// A value that may be missing, read by one of the above; a wrong one counts as missing, and is noted.
    mutating func optional<Value>(
        _ column: Int, _ read: (TableRow) -> (Int) throws(RowFault) -> Value
    ) -> Value? {
        guard let place = places[column], !csv.bytes(place).isEmpty else { return nil }
        do throws(RowFault) {
            return try read(self)(place)
        } catch {
            faults.append(error)
            return nil
        }
    }

    private func fault(_ column: Int, _ problem: String) -> RowFault {
        RowFault(reason: "\(columns[column]) \(problem)", text: "\(csv.text(column).prefix(80))")
    }
}
