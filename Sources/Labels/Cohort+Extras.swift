// What else link-icd may read: titles, structured measurements, and the files that options name.

import EchoCore
import Foundation

extension Cohort {
    /// Titles of the codes in use that the release does not know: those of ICD-9, and retired ones.
    mutating func readTitles(_ table: SourceTable) throws {
        let release = ICD10CM.current
        var places: [ICDCode: Int] = [:]
        for (place, code) in codes.enumerated()
        where code.version == 9 || release.node(code: code.text) == nil {
            places[code] = place
        }
        if places.isEmpty { return }
        try read(table, ["icd_code", "icd_version", "long_title"]) { (cohort, row) throws(RowFault) in
            let code = ICDCode(try row.text(0), version: try row.integer(1))
            if let place = places[code] { cohort.titles[place] = try row.text(2) }
        }
    }

    /// The structured measurements that belong to a study.
    mutating func readMeasurements(_ table: SourceTable) throws {
        let columns = [
            "subject_id", "measurement_id", "measurement_datetime", "test_type", "measurement",
            "measurement_description", "result", "unit",
        ]
        var owners: [Int: Int] = [:]
        for study in studies { if let id = study.measurement { owners[id] = study.subject } }
        try read(table, columns) { (cohort, row) throws(RowFault) in
            let id = try row.integer(1)
            guard let owner = owners[id] else { return }
            guard try row.integer(0) == owner else {
                throw RowFault(
                    reason: "echo-study-list gives this measurement_id to another subject_id", text: "\(id)")
            }
            cohort.measurements.append(
                Measurement(
                    id: id, time: row.optional(2, TableRow.time), testType: row.optional(3, TableRow.text),
                    name: try row.text(4).lowercased(), description: row.optional(5, TableRow.text),
                    result: row.optional(6, TableRow.text), unit: row.optional(7, TableRow.text)))
        }
    }

    /// The codes of a csv file with the column category and, where it has one, percent.
    mutating func readList(_ path: String, level: ICD10CM.Level) throws {
        let table = try named("codes", path, option: "--codes")
        var codes: [ListedCode] = []
        var unknown: (line: Int, code: String)?
        try read(table, ["category"], optional: ["percent"]) { (_, row) throws(RowFault) in
            let code = ICDCode.normalised(try row.text(0))
            if ICD10CM.current.path(to: code, at: level).isEmpty { unknown = unknown ?? (row.line, code) }
            guard !codes.contains(where: { $0.code == code }) else {
                throw RowFault(reason: "repeats a category", text: code)
            }
            codes.append(
                ListedCode(code: code, prevalence: row.optional(1, TableRow.number).map { $0 / 100 }))
        }
        if let unknown {
            throw EchoError(
                table.path, "line \(unknown.line): the release has no \(level.rawValue) \(unknown.code)",
                try: "correct the list, or name the level of its codes with --level")
        }
        list = codes
    }

    mutating func readSplits(_ path: String, of subjects: Set<Int>) throws {
        let table = try named("split-file", path, option: "--split-file")
        var splits: [Int: Split] = [:]
        var twice: Int?
        try read(table, ["subject_id", "split"]) { (_, row) throws(RowFault) in
            let subject = try row.integer(0)
            let name = try row.text(1)
            guard let split = Split(rawValue: name) else {
                throw RowFault(reason: "split is none of train, val, test", text: "\(name.prefix(80))")
            }
            if let other = splits.updateValue(split, forKey: subject), other != split { twice = row.line }
        }
        if let twice {
            throw EchoError(
                table.path, "line \(twice): gives a subject a second split",
                try: "keep one split for each subject")
        }
        split = splits.filter { subjects.contains($0.key) }
    }

    private func named(_ role: String, _ path: String, option: String) throws(EchoError) -> SourceTable {
        guard let table = SourceTable(role: role, file: path) else {
            throw EchoError(option, "there is no such file", try: "check the path")
        }
        return table
    }
}

/// The number that a measurement's result says: "55", "55 %", "> 55", the middle of "50-55"; nil for words.
func measuredValue(_ text: String) -> Double? {
    let plain = text.filter { !$0.isWhitespace && $0 != "%" }.replacing("to", with: "-").replacing(
        "–", with: "-")
    let number = String(plain.drop { "<>=~≤≥".contains($0) })
    if let value = Double(number), value.isFinite { return value }
    let ends = number.split(separator: "-", omittingEmptySubsequences: false).map { Double($0) }
    guard ends.count == 2, let low = ends[0], let high = ends[1], low <= high else { return nil }
    return (low + high) / 2
}
