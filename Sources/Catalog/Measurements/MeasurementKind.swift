// What is known of a structured measurement: its unit and what is plausible, or the words of its scale.

import EchoCore

/// A measurement of MIMIC-IV-ECHO: a line of schemas/measurements.tsv.
package struct MeasurementKind: Sendable {
    /// A grade of an ordinal scale.
    package struct Grade: Sendable, Hashable, Codable {
        /// 1 for mild, 1.5 for mild to moderate: what is learned.
        package let value: Double
        package let name: String

        package init(value: Double, name: String) {
            self.value = value
            self.name = name
        }
    }

    /// As `structured_measurement.measurement`, and a short name for the same.
    package let name: String, also: String?
    package let title: String
    /// Nil for a scale, and for a number without one.
    package let unit: String?
    /// What a number may be; nil for a scale.
    package let plausible: ClosedRange<Double>?
    /// From the least to the greatest; empty for a number.
    package let grades: [Grade]
    /// What each spelling stands for; nil for one that says that the grade is not known.
    private let words: [String: Double?]

    /// - Parameter line: the fields of a line, in the order of the file's header
    init?(_ line: [String]) {
        guard line.count == 7, !line[0].isEmpty else { return nil }
        (name, title) = (line[0], line[2])
        also = line[1].isEmpty ? nil : line[1]
        unit = line[3].isEmpty ? nil : line[3]
        if let least = decimalNumber(line[4]), let most = decimalNumber(line[5]), least <= most {
            plausible = least...most
        } else {
            plausible = nil
        }
        guard let scale = Self.scale(line[6]), scale.grades.isEmpty == (plausible != nil) else { return nil }
        (grades, words) = scale
    }

    /// Reads "0 none: none | trace ; 1 mild: mild ; ?: not seen".
    private static func scale(_ text: String) -> (grades: [Grade], words: [String: Double?])? {
        var grades: [Grade] = [], words: [String: Double?] = [:]
        guard !text.isEmpty else { return (grades, words) }
        for part in text.split(separator: " ; ") {
            let halves = part.split(separator: ":", maxSplits: 1)
            guard halves.count == 2 else { return nil }
            let head = halves[0].split(separator: " ", maxSplits: 1)
            var value: Double?
            if head[0] != "?" {
                guard head.count == 2, let number = decimalNumber(head[0]) else { return nil }
                value = number
                grades.append(Grade(value: number, name: String(head[1])))
            }
            for word in halves[1].split(separator: " | ") { words[spelling(word)] = .some(value) }
        }
        let values = grades.map(\.value)
        return values == values.sorted() && Set(values).count == values.count ? (grades, words) : nil
    }

    /// Small letters, round brackets, single blanks.
    private static func spelling(_ text: some StringProtocol) -> String {
        text.lowercased().replacing("[", with: "(").replacing("]", with: ")")
            .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The value of the grade that a result says; nil where the scale does not know its words, or where they say that it is
    /// not known.
    package func grade(of result: String) -> Double? {
        if let known = words[Self.spelling(result)] { return known }
        let number = decimalNumber(result.filter { !$0.isWhitespace })
        return grades.first { $0.value == number }?.value
    }

    /// A number that a result says, in the kind's unit; nil where it is not plausible.
    ///
    /// - Parameter found: the unit that stands beside it; nil where none does
    package func value(of number: Double, in found: String?) -> Double? {
        guard let plausible else { return nil }
        let value: Double? =
            unit == "%"
            ? ejectionFraction(number, hasUnit: found != nil)
            : number * (found.flatMap { Self.factors[Self.spelling($0)]?[unit ?? ""] } ?? 1)
        return value.flatMap { plausible.contains($0) ? $0 : nil }
    }

    /// What numbers in another unit are multiplied by, by that unit and the kind's.
    private static let factors: [String: [String: Double]] = [
        "mm": ["cm": 0.1], "cm": ["m": 0.01], "cm/s": ["m/s": 0.01], "cm/sec": ["m/s": 0.01],
        "mm2": ["cm²": 0.01], "mm²": ["cm²": 0.01], "s": ["ms": 1000], "sec": ["ms": 1000], "l": ["mL": 1000],
    ]
}
