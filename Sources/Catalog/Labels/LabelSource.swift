// What every source of labels says of itself, and how its rows come into the one table.

import EchoCore
package import GRDB

/// A source of labels: an entry of the list of sources.
///
/// Another one is a file that makes such a value, and a line in the list, `LabelSource.all`.
package struct LabelSource: Sendable {
    /// What a label is of.
    package enum Unit: String, Sendable, CaseIterable {
        case subject, study, clip

        /// Several of them.
        package var plural: String { self == .study ? "studies" : "\(rawValue)s" }
        /// "1,204 studies".
        package func text(_ count: Int) -> String { "\(grouped(count)) \(count == 1 ? rawValue : plural)" }
    }

    /// As `label.source` has it.
    package let name: String
    /// The command that writes its rows, together with its own.
    package let command: String
    /// The tables of the database that its rows are made of.
    package let reads: [String]
    package let unit: Unit
    /// How a value comes about, in a sentence.
    package let rule: String
    /// A query for its rows: target, key and value of each, best in the order of target and key.
    package let rows: String

    package init(
        _ name: String, command: String, reads: [String], unit: Unit, rule: String, rows: String
    ) {
        self.name = name
        self.command = command
        self.reads = reads
        self.unit = unit
        self.rule = rule
        self.rows = rows
    }
}

extension LabelSource {
    /// `link-icd`: the categories of hospital stays.
    package static let linkICD = "link-icd"
    /// What MIMIC-IV-ECHO measured.
    package static let measurements = "measurements"
    /// The lists of EchoNet-Dynamic and EchoNet-Pediatric.
    package static let echoNet = "echonet"
}

extension Catalog {
    /// Replaces the labels of a source and nobody else's, inside a transaction of the caller.
    ///
    /// - Parameter run: the run that this is part of, if it is known
    package static func replaceLabels(_ db: Database, of source: LabelSource, run: Int64?) throws {
        try willReplaceLabels(db, of: source.name)
        try db.execute(sql: "DELETE FROM label WHERE source = ?", arguments: [source.name])
        try db.execute(
            sql: "INSERT OR REPLACE INTO label_source VALUES (?, ?)", arguments: [source.name, run])
        try db.execute(
            sql: """
                INSERT INTO label (target, key, value, source, unit)
                SELECT *, ?, ? FROM (\(source.rows))
                """, arguments: [source.name, source.unit.rawValue])
    }
}
