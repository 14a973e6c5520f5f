// A quantity that a model measured in each study, as the ejection fraction, beside what is true; as a csv file too.

import EchoCore
import Files

/// The predictions of one model of one quantity for one split.
public struct Measurements: Sendable {
    public struct Row: Sendable, Equatable {
        public let study: String, subject: String
        /// Both in the quantity's own unit; EF in percent.
        public let truth: Double, prediction: Double

        public init(study: String, subject: String, truth: Double, prediction: Double) {
            self.study = study
            self.subject = subject
            self.truth = truth
            self.prediction = prediction
        }
    }

    /// The quantity, as "EF".
    public let name: String
    public let rows: [Row]

    public init(name: String, rows: [Row]) {
        self.name = name
        self.rows = rows
    }

    /// Every subject once, in ascending order of its text: the order of the bootstrap's draws.
    var subjects: [String] { Set(rows.map(\.subject)).sorted() }

    /// What is true of whom, in one order: equal for two models that measured the same.
    var truths: [[String]] {
        rows.map { [$0.study, $0.subject, "\($0.truth)"] }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// Whether a csv file holds measurements: it then has a column `prediction` where others have `probability`.
    static func areIn(csv path: String) throws -> Bool { try CSVReader(path).header.contains("prediction") }

    /// Reads a csv file, plain or gzipped, with the columns `study_id`, `code` (one for all rows), `label` (a number, or
    /// empty for "not known") and `prediction`; `subject_id` is optional. Without subjects every study is its own.
    public init(csv path: String) throws {
        let table = try CSVReader(path)
        let hasSubjects = table.header.contains("subject_id")
        var rows: [Row] = [], seen = Set<String>(), names = Set<String>()
        try table.forEachRow(
            ["study_id", "code", "label", "prediction"] + (hasSubjects ? ["subject_id"] : [])
        ) { row in
            let place = "\(path): line \(row.line)"
            guard row.isWhole else { throw EchoError(place, "not as many fields as the header has") }
            let study = row.text(0)
            guard seen.insert(study).inserted else { throw EchoError(place, "the same study a second time") }
            names.insert(row.text(1))
            guard !row.text(2).isEmpty else { return }
            guard let truth = Double(row.text(2)), let prediction = Double(row.text(3)), truth.isFinite,
                prediction.isFinite
            else { throw EchoError(place, "a label or prediction that is not a finite number") }
            let subject = hasSubjects ? row.text(4) : ""
            rows.append(
                Row(
                    study: study, subject: subject.isEmpty ? study : subject, truth: truth,
                    prediction: prediction))
        }
        guard let name = names.first, !rows.isEmpty else {
            throw EchoError(path, "holds no labelled prediction")
        }
        guard names.count == 1 else {
            throw EchoError(path, "holds several quantities", try: "a file for each value of code")
        }
        self.init(name: name, rows: rows)
    }

    /// Writes the csv file that `init(csv:)` reads.
    public func write(csv path: String) throws { try writeFile(path, Array(csv.utf8)) }

    /// The text of that file.
    var csv: String {
        let lines = rows.map { [$0.study, $0.subject, name, "\($0.truth)", "\($0.prediction)"] as [String?] }
        let header = ["study_id", "subject_id", "code", "label", "prediction"]
        return csvText(header, lines)
    }
}
