// What else link-icd may read: titles, structured measurements, and the files that options name.

import EchoCore
import Foundation

extension Cohort {
    /// Reads what is there, and what options name.
    mutating func readExtras(_ sources: Sources, level: ICD10CM.Level) throws {
        if let table = sources.dictionary { try readTitles(table) }
        if let table = sources.measurements { try readMeasurements(table) }
        if let table = sources.mappings { mappings = take(try readMappings(table), of: table) }
        if let table = sources.list { list = take(try Cohort.readList(table, level: level), of: table) }
        if let table = sources.splits {
            let subjects = SubjectSet(studies.lazy.map(\.subject))
            split = take(try Cohort.readSplits(table), of: table).filter { subjects.contains($0.key) }
        }
    }

    /// Titles of the codes in use that the release does not know: those of ICD-9, and retired ones.
    private mutating func readTitles(_ table: SourceTable) throws {
        let release = ICD10CM.current
        var places: [ICDCode: Int] = [:]
        for (place, code) in codes.enumerated()
        where code.version == 9 || release.node(code: code.text) == nil {
            places[code] = place
        }
        if places.isEmpty { return }
        let columns = ["icd_code", "icd_version", "long_title"]
        let reading = try table.read(columns, into: [Int: String]()) { titles, row in
            let code = ICDCode(try row.text(0), version: try row.integer(1))
            if let place = places[code] { titles[place] = try row.text(2) }
        }
        titles = take(reading, of: table)
    }

    /// The structured measurements that belong to a study.
    private mutating func readMeasurements(_ table: SourceTable) throws {
        let columns = [
            "measurement_id", "subject_id", "measurement_datetime", "test_type", "measurement",
            "measurement_description", "result", "unit",
        ]
        var owners: [Int: Int] = [:]
        for study in studies { if let id = study.measurement { owners[id] = study.subject } }
        let reading = try table.read(columns, of: SubjectSet(owners.keys), into: [Measurement]()) {
            measurements, row in
            let id = try row.integer(0)
            guard try row.integer(1) == owners[id] else {
                throw RowFault(
                    reason: "echo-study-list gives this measurement_id to another subject_id", text: "\(id)")
            }
            measurements.append(
                Measurement(
                    id: id, time: row.optional(2, TableRow.time), testType: row.optional(3, TableRow.text),
                    name: try row.text(4).lowercased(), description: row.optional(5, TableRow.text),
                    result: row.optional(6, TableRow.text), unit: row.optional(7, TableRow.text)))
        }
        measurements = take(reading, of: table)
    }

    /// The codes of a csv file with the column category and, where it has one, percent.
    private static func readList(_ table: SourceTable, level: ICD10CM.Level) throws -> Reading<[ListedCode]> {
        var unknown: (line: Int, code: String)?
        let reading = try table.read(["category"], optional: ["percent"], into: [ListedCode]()) {
            codes, row in
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
        return reading
    }

    private static func readSplits(_ table: SourceTable) throws -> Reading<[Int: Split]> {
        var twice: Int?
        let reading = try table.read(["subject_id", "split"], into: [Int: Split]()) { splits, row in
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
        return reading
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
