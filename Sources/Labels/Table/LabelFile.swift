// A csv file of own labels, read row by row: a column a target, or a row a label.

import Catalog
import EchoCore
import Files

/// A file whose header says that it is one.
struct LabelFile {
    /// As messages show it.
    let place: String
    /// The columns with labels; empty where a row is a label.
    let targets: [String]
    private let table: CSVReader
    private let unit: LabelSource.Unit
    /// The column of keys.
    private let key: String
    private let isLong: Bool

    /// The split that a row gives its study or subject.
    struct GivenSplit {
        let split: Split
        /// As it is written.
        let text: String
        let subject: Int?
        let line: Int
    }

    /// Columns that are no labels, whatever the file is of.
    private static let others = ["study_id", "study_key", "subject_id", "clip", "split", ""]

    init(_ path: String, unit: LabelSource.Unit) throws {
        table = try CSVReader(path)
        place = path.split(separator: "/").last.map(String.init) ?? path
        self.unit = unit
        isLong = ["key", "target", "value"].allSatisfy(table.header.contains)
        let names = isLong ? ["key"] : unit.keyColumns
        let found = names.filter(table.header.contains)
        guard let key = found.first, found.count == 1 else {
            let problem =
                names.count > 1
                ? "has neither or both of the columns \(names.joined(separator: " and "))"
                : "has no column \(names[0])"
            throw EchoError(place, problem, try: "a row a \(unit.rawValue): \(names[0]),gls")
        }
        self.key = key
        targets = isLong ? [] : table.header.filter { !Self.others.contains($0) && $0 != key }
        guard isLong || !targets.isEmpty else {
            throw EchoError(place, "has no column with labels", try: "a row a \(unit.rawValue): \(key),gls")
        }
        if let odd = table.header.firstIndex(where: { printable($0) != $0 }) {
            throw EchoError(place, "the name of its column \(odd + 1) holds control characters")
        }
        if unit == .clip, table.header.contains("split") {
            throw EchoError(
                place, "has a column split, and a split is a study's",
                try: "import it with the column study_key")
        }
    }

    /// What to do where nothing fits.
    var remedy: String {
        switch unit {
        case .study:
            "its first column are study numbers, or folders of clips, as `study_key` in the table clip"
        case .subject: "subjects are numbers, as `subject_id` in the table clip"
        case .clip: "clips are STUDY/FILE without the file's ending, as `name` in the table clip"
        }
    }

    /// Reads all labels, and gives the splits that rows have, by key.
    func read(into staged: StagedLabels) throws -> [String: GivenSplit] {
        var splits: [String: GivenSplit] = [:]
        let extra = ["split", "subject_id"].filter { table.header.contains($0) && $0 != key }
        let columns = [key] + extra + (isLong ? ["target", "value"] : targets)
        let first = 1 + extra.count, isNumber = ["study_id", "subject_id"].contains(key)
        try table.forEachRow(columns) { row in
            if row.line & 0xFFFF == 0 { try Interruption.check() }
            let line = "\(place): line \(row.line)"
            guard row.isWhole else { throw EchoError(line, "not as many fields as the header has") }
            var name = row.text(0)
            if isNumber, !name.isEmpty {
                guard let number = row.integer(0) else {
                    throw EchoError(
                        line, "a \(key) that is no whole number", try: "the column study_key takes any text")
                }
                name = "\(number)"
            }
            guard !name.isEmpty else { throw EchoError(line, "names no \(unit.rawValue)") }
            if let split = try split(of: row, at: line, columns: extra, key: name) { splits[name] = split }
            if isLong {
                let target = row.text(first)
                guard !target.isEmpty, printable(target) == target else {
                    throw EchoError(line, "names no target")
                }
                try staged.add(
                    target, key: name, try value(of: row, first + 1, target: "it", at: line), line: row.line)
            } else {
                for (index, target) in targets.enumerated() {
                    let value = try value(of: row, first + index, target: target, at: line)
                    try staged.add(target, key: name, value, line: row.line)
                }
            }
        }
        return splits
    }

    private func value(of row: CSVRow, _ column: Int, target: String, at line: String) throws(EchoError)
        -> Double?
    {
        if row.isEmpty(column) || row.isNA(column) { return nil }
        guard let value = decimalNumber(row.text(column)) else {
            throw EchoError(
                line, "a label of \(target) that is no number", try: "leave it empty where it is not known")
        }
        return value
    }

    private func split(
        of row: CSVRow, at line: String, columns: [String], key: String
    ) throws(EchoError) -> GivenSplit? {
        guard let column = columns.firstIndex(of: "split"), !row.isEmpty(1 + column) else { return nil }
        let text = row.text(1 + column)
        guard let split = Split(named: text) else {
            throw EchoError(line, "a split that is none of \(Split.knownNames)")
        }
        let given = columns.firstIndex(of: "subject_id").flatMap { row.integer(1 + $0) }
        return GivenSplit(split: split, text: text, subject: given.map(Int.init), line: row.line)
    }
}

extension LabelSource.Unit {
    /// The columns that may hold its keys.
    fileprivate var keyColumns: [String] {
        switch self {
        case .study: ["study_id", "study_key"]
        case .subject: ["subject_id"]
        case .clip: ["clip"]
        }
    }
}
