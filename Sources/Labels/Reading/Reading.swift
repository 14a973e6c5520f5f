// What was read of a table, what could not be, and when that is too much to go on.

import EchoCore

/// The file of a table, as the catalog remembers it.
struct TableFile: Sendable {
    /// Its table, as "admissions".
    let role: String
    /// Relative to the folder named on the command line.
    let path: String
    let bytes: Int
    let sha256: String
    /// Of the dataset that it belongs to, where its columns tell.
    var version: String?
    /// What is to be said of it.
    var notices: [String] = []
}

/// A row that could not be used, or not all of it.
struct RejectedRow: Sendable, Equatable {
    /// The first line of the row; the header is line 1.
    let line: Int
    let reason: String
    /// The text of the column at fault.
    let text: String
    /// The text is spelled as nothing that we read.
    var isSpelling = false
    /// It is no fault of this table: what it belongs to was rejected in another one.
    var isConsequence = false
}

extension RejectedRow {
    init(line: Int, _ fault: RowFault) {
        self.init(line: line, reason: fault.reason, text: fault.text, isSpelling: fault.isSpelling)
    }
}

/// What was read of a table.
struct Reading<Value: Sendable>: Sendable {
    var value: Value
    var rows = 0
    /// The rows that were looked at: those of the cohort.
    var seen = 0
    var rejects: [RejectedRow] = []
    /// What is to be said of it.
    var notices: [String] = []

    /// Goes no further with a table of which more than the share `limit` cannot be used: it is written in another way
    /// than MIMIC's tables are, and what is left of it would be a biased sample.
    ///
    /// A table of many others' rows is judged by those of the cohort, too: more than half of twenty or more. One bad row
    /// alone is a reject, however short the table is.
    ///
    /// - Throws: `EchoError` with the most frequent fault and how its values are spelled, without a value
    func checked(_ table: SourceTable, limit: Double = 0.01) throws(EchoError) -> Reading {
        let faults = rejects.filter { !$0.isConsequence }
        let bad = Set(faults.lazy.map(\.line)).count
        let isTooMuch = Double(bad) > limit * Double(rows) || (seen >= 20 && 2 * bad > seen)
        guard isTooMuch, bad > 1 || limit >= 0.5 else { return self }
        let counts = Dictionary(grouping: faults, by: \.reason)
        let most = counts.values.max { ($0.count, $1[0].line) < ($1.count, $0[0].line) } ?? []
        guard let first = most.first else { return self }
        let spelling =
            first.isSpelling && !first.text.isEmpty ? ", spelled as \(Self.spelling(first.text))" : ""
        throw EchoError(
            table.path,
            "\(grouped(bad)) of \(grouped(rows)) rows cannot be used, as line \(first.line): \(first.reason)\(spelling)",
            try:
                "download it again; or write it with times as 2150-12-31 23:59:59, numbers as 12345, and commas"
        )
    }

    /// How a value is written, without the value: 9 for every digit, a for every letter.
    static func spelling(_ text: String) -> String {
        String(
            text.prefix(40).map { character in
                character.isNumber ? "9" : character.isLetter ? "a" : character.isASCII ? character : "?"
            })
    }
}
