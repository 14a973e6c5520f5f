// What MIMIC-IV-ECHO measured in a study, such as the ejection fraction, with the number or the grade that its text says.

import Catalog
import EchoCore
import Foundation

/// A row of `structured-measurement`.
struct Measurement: Sendable {
    let id: Int
    let time: Timestamp?
    let testType: String?
    /// As "lvef".
    let name: String
    let description: String?
    let result: String?
    let unit: String?
    /// What `result` says by schemas/measurements.tsv: a plausible number in the measurement's unit, or a grade of its scale.
    /// Of a measurement that does not stand there, the number that it says.
    var value: Double? {
        guard let result else { return nil }
        guard let kind = MeasurementKind.named(name) else { return Self.number(in: result) }
        if !kind.grades.isEmpty { return kind.grade(of: result) }
        let unit = result.contains("%") ? "%" : unit
        return Self.number(in: result).flatMap { kind.value(of: $0, in: unit) }
    }

    /// The number that a measurement's result says: "55", "55 %", "> 55", the middle of "50-55"; nil for words.
    static func number(in text: String) -> Double? {
        let plain = text.filter { !$0.isWhitespace && $0 != "%" }.replacing("to", with: "-").replacing(
            "–", with: "-")
        let number = String(plain.drop { "<>=~≤≥".contains($0) })
        if let value = decimalNumber(number) { return value }
        let ends = number.split(separator: "-", omittingEmptySubsequences: false).map { decimalNumber($0) }
        guard ends.count == 2, let low = ends[0], let high = ends[1], low <= high else { return nil }
        return (low + high) / 2
    }
}

extension CohortTables {
    /// The structured measurements that belong to a study.
    mutating func readMeasurements(_ table: SourceTable) throws {
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
        measurements = try take(reading, of: table)
    }
}
