// What a model said about each study, beside what is true; as a csv file that any program can write.

import EchoCore
import Files

/// The predictions of one model for one split: for each code the studies that have a label for it.
public struct Predictions: Sendable {
    /// One study's answer for one code.
    public struct Row: Sendable, Equatable {
        public let study: String, subject: String
        public let label: Bool
        public let probability: Double
        /// The probability before the logistic function, where it is known.
        public let logit: Double?

        public init(study: String, subject: String, label: Bool, probability: Double, logit: Double? = nil) {
            self.study = study
            self.subject = subject
            self.label = label
            self.probability = probability
            self.logit = logit
        }
    }

    /// The codes in the order of the table.
    public private(set) var codes: [String] = []
    private var table: [String: [Row]] = [:]

    public init() {}

    /// The rows of one code.
    public subscript(_ code: String) -> [Row] { table[code] ?? [] }

    public mutating func append(_ row: Row, to code: String) {
        if table[code] == nil { codes.append(code) }
        table[code, default: []].append(row)
    }

    /// Every subject once, in ascending order of its text: the order of the bootstrap's draws.
    public var subjects: [String] { Set(table.values.joined().map(\.subject)).sorted() }

    public var studies: Int { Set(table.values.joined().map(\.study)).count }

    /// What is true of whom, in one order: equal for two models that judged the same.
    var truths: [[String]] {
        codes.flatMap { code in self[code].map { [code, $0.study, $0.subject, $0.label ? "1" : "0"] } }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Reads a csv file, plain or gzipped, with the columns `study_id`, `code`, `label` (0, 1 or empty for "not known")
    /// and `probability`; `subject_id` and `logit` are optional. A study without a subject counts as its own.
    public init(csv path: String) throws {
        let table = try CSVReader(path)
        let optional = ["subject_id", "logit"].filter(table.header.contains)
        let columns = ["study_id", "code", "label", "probability"] + optional
        var seen = Set<[String]>()
        try table.forEachRow(columns) { row in
            let place = "\(path): line \(row.line)"
            guard row.isWhole else { throw EchoError(place, "not as many fields as the header has") }
            let study = row.text(0), code = row.text(1)
            guard seen.insert([study, code]).inserted else {
                throw EchoError(place, "the same study and code a second time")
            }
            guard let label = try Predictions.label(row.text(2), place) else { return }
            let probability = try Predictions.number(row.text(3), place)
            guard (0...1).contains(probability) else {
                throw EchoError(
                    place, "a probability outside of 0 to 1", try: "apply the logistic function to logits")
            }
            let subject = optional.firstIndex(of: "subject_id").map { row.text(4 + $0) } ?? ""
            let logit = optional.firstIndex(of: "logit").map { row.text(4 + $0) } ?? ""
            append(
                Row(
                    study: study, subject: subject.isEmpty ? study : subject, label: label,
                    probability: probability,
                    logit: logit.isEmpty ? nil : try Predictions.number(logit, place)),
                to: code)
        }
        if codes.isEmpty { throw EchoError(path, "holds no labelled prediction") }
    }

    private static func label(_ text: String, _ place: String) throws(EchoError) -> Bool? {
        switch text {
        case "1", "1.0", "true", "True": true
        case "0", "0.0", "false", "False": false
        case "": nil
        default: throw EchoError(place, "a label that is not 0, 1 or empty")
        }
    }

    private static func number(_ text: String, _ place: String) throws(EchoError) -> Double {
        guard let value = Double(text), value.isFinite else {
            throw EchoError(place, "a probability or logit that is not a finite number")
        }
        return value
    }

    /// Writes the csv file that `init(csv:)` reads.
    public func write(csv path: String) throws { try writeFile(path, Array(csv.utf8)) }

    /// The text of that file.
    var csv: String {
        let rows: [[String?]] = codes.flatMap { code in
            self[code].map { row in
                [
                    row.study, row.subject, code, row.label ? "1" : "0", row.logit.map { "\($0)" },
                    "\(row.probability)",
                ]
            }
        }
        let header = ["study_id", "subject_id", "code", "label", "logit", "probability"]
        return csvText(header, rows)
    }
}
