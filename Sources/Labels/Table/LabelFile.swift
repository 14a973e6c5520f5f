// A csv file of own labels, read row by row: a column a target, of clips perhaps a column of texts, or a row a label.

import Catalog
import EchoCore
import Files
import GRDB

/// A file whose header says that it is one.
struct LabelFile {
    /// As messages show it.
    let place: String
    /// The columns with labels; empty where a row is a label.
    let targets: [String]
    private let table: CSVReader
    private let unit: LabelSource.Unit
    /// The column of keys, and whether it has files instead, as MIMIC-IV-ECHO's lists name them.
    private let key: String, isPath: Bool
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
    private static let others =
        ["study_id", "study_key", "subject_id", "clip", "split", ""] + LabelSource.Unit.pathColumns

    init(_ path: String, unit: LabelSource.Unit) throws {
        table = try CSVReader(path)
        place = path.split(separator: "/").last.map(String.init) ?? path
        self.unit = unit
        isLong = ["key", "target", "value"].allSatisfy(table.header.contains)
        let names = isLong ? ["key"] : unit.keyColumns
        let found = names.filter(table.header.contains)
        guard let key = found.first, found.count == 1 || unit == .clip else {
            let problem =
                unit == .study && names.count > 1
                ? "has neither or both of the columns \(names.joined(separator: " and "))"
                : "has no column \(names[0])"
            throw EchoError(place, problem, try: "a row a \(unit.rawValue): \(names[0]),gls")
        }
        self.key = key
        isPath = LabelSource.Unit.pathColumns.contains(key)
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

    /// What the values of a column are, once the first that is known has told.
    private enum Content { case unknown, numbers, texts }

    /// Reads all labels, and gives the splits that rows have, by key.
    ///
    /// - Parameter db: where files have their clips' names
    func read(into staged: StagedLabels, in db: Database) throws -> [String: GivenSplit] {
        let clipOfPath = try db.cachedStatement(sql: "SELECT name FROM clip WHERE path = ?")
        var contents = Array(repeating: unit == .clip ? Content.unknown : .numbers, count: targets.count)
        let places = targets.map { staged.target($0) }
        let probabilities = targets.map { target in
            targets.firstIndex(of: "\(target)_probability") ?? targets.firstIndex(of: "probability")
        }
        var splits: [String: GivenSplit] = [:]
        let extra = ["split", "subject_id"].filter { table.header.contains($0) && $0 != key }
        let columns = [key] + extra + (isLong ? ["target", "value"] : targets)
        let first = 1 + extra.count, isNumber = ["study_id", "subject_id"].contains(key)
        try table.forEachRow(columns) { row in
            if row.line & 0xFFFF == 0 { try Interruption.check() }
            guard row.isWhole else { throw EchoError(line(row), "not as many fields as the header has") }
            var name = row.text(0)
            if isNumber, !name.isEmpty {
                guard let number = row.integer(0) else {
                    throw EchoError(
                        line(row), "a \(key) that is no whole number",
                        try: "the column study_key takes any text")
                }
                name = "\(number)"
            }
            guard !name.isEmpty else { throw EchoError(line(row), "names no \(unit.rawValue)") }
            if isPath { name = try String.fetchOne(clipOfPath, arguments: [name]) ?? name }
            let number = staged.key(name)
            if let split = try split(of: row, columns: extra, key: name) { splits[name] = split }
            if isLong {
                let target = row.text(first)
                guard !target.isEmpty, printable(target) == target else {
                    throw EchoError(line(row), "names no target")
                }
                try staged.add(
                    staged.target(target), key: number,
                    try value(of: row, first + 1, target: "it"), line: row.line)
                return
            }
            for (index, target) in targets.enumerated() {
                let column = first + index
                if contents[index] != .numbers {
                    if row.isEmpty(column) || row.isNA(column) {
                        if contents[index] == .unknown {
                            try staged.add(places[index], key: number, nil, line: row.line)
                        }
                        continue
                    }
                    if contents[index] == .unknown {
                        contents[index] = decimalNumber(row.text(column)) == nil ? .texts : .numbers
                    }
                }
                if contents[index] == .texts {
                    let beside = probabilities[index].map { first + $0 }
                    try staged.add(
                        answer: text(of: row, column, target: target), to: target, key: number,
                        beside.map { try probability(of: row, $0) } ?? 1, place: place, line: row.line)
                } else {
                    let value = try value(of: row, column, target: target)
                    try staged.add(places[index], key: number, value, line: row.line)
                }
            }
        }
        for (index, target) in targets.enumerated() where contents[index] == .texts {
            staged.drop(target)
            if let beside = probabilities[index] { staged.drop(targets[beside]) }
        }
        return splits
    }

    private func line(_ row: CSVRow) -> String { "\(place): line \(row.line)" }

    private func text(of row: CSVRow, _ column: Int, target: String) throws(EchoError) -> String {
        let text = row.text(column)
        guard printable(text) == text, text.utf8.count <= 64 else {
            throw EchoError(
                line(row), "a text of \(target) that is longer than 64 bytes or holds control characters")
        }
        return text
    }

    /// How probable the text beside it is: 1 where that is not said.
    private func probability(of row: CSVRow, _ column: Int) throws(EchoError) -> Double {
        if row.isEmpty(column) || row.isNA(column) { return 1 }
        guard let value = decimalNumber(row.text(column)), value > 0, value <= 1 else {
            throw EchoError(line(row), "a probability that is not above 0 and at most 1")
        }
        return value
    }

    private func value(of row: CSVRow, _ column: Int, target: String) throws(EchoError)
        -> Double?
    {
        if row.isEmpty(column) || row.isNA(column) { return nil }
        guard let value = decimalNumber(row.text(column)) else {
            throw EchoError(
                line(row), "a label of \(target) that is no number",
                try: "leave it empty where it is not known")
        }
        return value
    }

    private func split(
        of row: CSVRow, columns: [String], key: String
    ) throws(EchoError) -> GivenSplit? {
        guard let column = columns.firstIndex(of: "split"), !row.isEmpty(1 + column) else { return nil }
        let text = row.text(1 + column)
        guard let split = Split(named: text) else {
            throw EchoError(line(row), "a split that is none of \(Split.knownNames)")
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
        case .clip: ["clip"] + Self.pathColumns
        }
    }

    /// Columns with files as the source has them, instead of clips.
    fileprivate static let pathColumns = ["dicom_filepath", "path"]
}
