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

    /// Reads a csv file with the columns `study_id`, `code`, `label` (0, 1 or empty for "not known") and
    /// `probability`; `subject_id` and `logit` are optional. Without subjects every study counts as its own.
    public init(csv path: String) throws {
        let table = try CSVTable(path: path)
        let study = try table.required("study_id"), code = try table.required("code")
        let label = try table.required("label"), probability = try table.required("probability")
        let subject = table.column("subject_id"), logit = table.column("logit")
        var seen = Set<[String]>()
        for (index, row) in table.rows.enumerated() {
            let line = index + 2
            guard seen.insert([row[study], row[code]]).inserted else {
                throw EchoError(path, "line \(line): the same study and code a second time")
            }
            guard let truth = try Predictions.truth(row[label], path, line) else { continue }
            let value = try table.number(index, probability)
            guard (0...1).contains(value) else {
                throw EchoError(
                    path, "line \(line): a probability outside of 0 to 1",
                    try: "apply the logistic function to logits")
            }
            let raw = try logit.flatMap { row[$0].isEmpty ? nil : try table.number(index, $0) }
            append(
                Row(
                    study: row[study], subject: row[subject ?? study], label: truth, probability: value,
                    logit: raw),
                to: row[code])
        }
        if codes.isEmpty { throw EchoError(path, "holds no labelled prediction") }
    }

    private static func truth(_ text: String, _ path: String, _ line: Int) throws -> Bool? {
        switch text {
        case "1", "1.0", "true", "True": true
        case "0", "0.0", "false", "False": false
        case "": nil
        default: throw EchoError(path, "line \(line): a label that is not 0, 1 or empty")
        }
    }

    /// Writes the csv file that `init(csv:)` reads.
    public func write(csv path: String) throws {
        let rows: [[String?]] = codes.flatMap { code in
            self[code].map { row in
                [
                    row.study, row.subject, code, row.label ? "1" : "0", row.logit.map { "\($0)" },
                    "\(row.probability)",
                ]
            }
        }
        let header = ["study_id", "subject_id", "code", "label", "logit", "probability"]
        try writeFile(path, Array(csvText(header, rows).utf8))
    }
}
