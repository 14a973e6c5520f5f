// One of MIMIC's tables in a folder: found as csv or csv.gz, summed, read row by row, with its bad rows noted.

import EchoCore
import Files
import Foundation

/// Why a row, or one value of it, cannot be used.
struct RowFault: Error {
    let reason: String
    /// The text of the column at fault.
    let text: String
    /// The text is spelled as nothing that we read.
    var isSpelling = false
}

/// A table of a folder, not yet read.
struct SourceTable: Sendable {
    /// Its name in `source_file` and `reject`, as "admissions".
    let role: String
    /// Relative to the folder named on the command line.
    let path: String
    private let fullPath: String
    /// Why it was taken, where it was there twice.
    private var choice: String?

    private init(role: String, path: String, fullPath: String) {
        self.role = role
        self.path = path
        self.fullPath = fullPath
    }

    /// Finds `name`.csv or `name`.csv.gz in `folder` or in one of its `subfolders`; nil if it is in none.
    ///
    /// - Throws: `EchoError` where both are there and no list of sums says which of them is whole
    static func find(
        _ name: String, in folder: String, subfolders: [String] = []
    ) throws(EchoError) -> SourceTable? {
        for place in [""] + subfolders.map({ $0 + "/" }) {
            let found = ["\(place)\(name).csv", "\(place)\(name).csv.gz"]
                .map { SourceTable(role: name, path: $0, fullPath: "\(folder)/\($0)") }
                .filter { FileManager.default.fileExists(atPath: $0.fullPath) }
            if found.count > 1 { return try whole(among: found) }
            if let only = found.first { return only }
        }
        return nil
    }

    /// Of a table that is there twice, perhaps once of a download that was cut, the one whose sum was published.
    private static func whole(among tables: [SourceTable]) throws(EchoError) -> SourceTable {
        for var table in tables {
            guard let published = try PublishedSums.sum(of: table.fullPath),
                try sha256(ofFile: table.fullPath).hex == published
            else { continue }
            let others = tables.map(\.path).filter { $0 != table.path }.joined(separator: ", ")
            table.choice =
                "was read, and not \(others) beside it: its sum is that of \(PublishedSums.fileName)"
            return table
        }
        throw EchoError(
            tables[0].path, "lies there a second time, as \(tables[1].path)",
            try: "remove the one that is not whole, or download \(PublishedSums.fileName), which tells")
    }

    /// The file at `path`; nil if there is none.
    init?(role: String, file path: String) {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        self.init(role: role, path: URL(fileURLWithPath: path).lastPathComponent, fullPath: path)
    }

    /// Its size and sum, and what is to be said of them.
    func examine() throws -> TableFile {
        try named {
            let (hex, bytes) = try sha256(ofFile: fullPath)
            var notices = choice.map { ["\(path) \($0)"] } ?? []
            if let published = try PublishedSums.sum(of: fullPath), published != hex {
                let list = PublishedSums.fileName
                notices.append("\(path) is not the file that \(list) names: it was changed, or is not whole")
            }
            return TableFile(role: role, path: path, bytes: bytes, sha256: hex, notices: notices)
        }
    }

    /// The names in its header.
    func header() throws -> [String] { try named { try CSVReader(fullPath).header } }

    /// Reads the columns named, in that order; those of `optional` may not be there.
    ///
    /// A fault that `body` throws, or notes in the row, becomes a row of `reject`; reading goes on.
    /// - Parameters:
    ///   - subjects: rows with another number in the first column are only counted
    ///   - rejected: is told of a row that is left out, for what can be read of it
    ///   - body: adds a row to what has been read
    func read<Value>(
        _ columns: [String], optional: [String] = [], of subjects: SubjectSet? = nil, into value: Value,
        rejected: (inout Value, TableRow) -> Void = { _, _ in },
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
                    rejected(&reading.value, row)
                }
                for fault in row.faults { reading.rejects.append(RejectedRow(line: csv.line, fault)) }
            }
            reading.seen = seen
            if reader.endsInsideLine {
                reading.notices.append(
                    "\(path) ends without a line end: it may have been cut within its last row")
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
            if isWebPage(text) { throw webPage(path) }
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
    /// Whether it has as many fields as the header.
    var isWhole: Bool { csv.isWhole }

    // MARK: Values

    /// A value that must be a whole number.
    func integer(_ column: Int) throws(RowFault) -> Int {
        guard let value = csv.integer(column) else { throw fault(column, "is not a whole number") }
        return Int(value)
    }

    /// A value that must be a decimal number.
    func number(_ column: Int) throws(RowFault) -> Double {
        guard let value = decimalNumber(try text(column)) else {
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
        guard let time = Timestamp(text) else { throw fault(column, "is not a time that exists") }
        let isMimics = text.utf8.count == 19 && !text.utf8.contains(UInt8(ascii: "T"))
        return isMimics ? text : time.description
    }

    /// A value that must be a time, as text without its clock.
    func dateText(_ column: Int) throws(RowFault) -> String { try time(column).date }

    /// A value that must be text of at least one character.
    func text(_ column: Int) throws(RowFault) -> String {
        guard let text = csv.validText(column) else { throw fault(column, "is not UTF-8") }
        if text.isEmpty { throw fault(column, "is empty") }
        return text
    }

    /// A value that may be missing, read by one of the above; a wrong one counts as missing, and is noted. R writes what
    /// is missing as NA.
    mutating func optional<Value>(
        _ column: Int, _ read: (TableRow) -> (Int) throws(RowFault) -> Value
    ) -> Value? {
        guard let place = shape.places[column], !csv.isEmpty(place), !csv.isNA(place) else { return nil }
        do throws(RowFault) {
            return try read(self)(place)
        } catch {
            faults.append(error)
            return nil
        }
    }

    /// The same without a note, for what can be read of a row that is rejected.
    func readable<Value>(
        _ column: Int, _ read: (TableRow) -> (Int) throws(RowFault) -> Value
    ) -> Value? {
        guard let place = shape.places[column], !csv.isEmpty(place) else { return nil }
        return try? read(self)(place)
    }

    private func fault(_ column: Int, _ problem: String) -> RowFault {
        RowFault(
            reason: "\(shape.columns[column]) \(problem)", text: "\(csv.text(column).prefix(80))",
            isSpelling: true)
    }
}
