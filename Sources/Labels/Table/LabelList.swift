// What stands in the one label table: each source with its targets, by split; and sources that are no longer wanted.

import Catalog
package import EchoCore
import GRDB

/// A target of a source of labels.
package struct ListedTarget: Codable, Sendable, Equatable {
    package let source: String, unit: String, target: String
    package let known: Int, unknown: Int
    /// Known values that are 1, where all are 0 or 1; nil elsewhere.
    package let positives: Int?
    /// Known values of each split; "none" for what has none.
    package let splits: [String: Int]
}

/// The labels of a dataset, by source, unit and target.
package func listLabels(dataset: String) throws(EchoError) -> [ListedTarget] {
    let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
    return try catalog.read { db in
        // The split of each study, subject and clip, as training has it.
        let rows = try Row.fetchAll(
            db,
            sql: """
                WITH studies AS MATERIALIZED (
                    SELECT CAST(s.study_id AS TEXT) AS key, p.split FROM echo_study s
                    LEFT JOIN split p ON p.subject_id = s.subject_id
                    UNION
                    SELECT c.study_key, coalesce(p.split, l.split) FROM clip c
                    LEFT JOIN split p ON p.subject_id = c.subject_id
                    LEFT JOIN listed_study l ON l.study_key = c.study_key
                    WHERE c.kept = 1
                    UNION
                    SELECT study_key, split FROM listed_study
                ), units AS MATERIALIZED (
                    SELECT 'study' AS unit, key, max(split) AS split FROM studies GROUP BY key
                    UNION ALL SELECT 'subject', CAST(subject_id AS TEXT), split FROM split
                    UNION ALL
                    SELECT 'clip', c.name, coalesce(p.split, l.split) FROM clip c
                    LEFT JOIN split p ON p.subject_id = c.subject_id
                    LEFT JOIN listed_study l ON l.study_key = c.study_key
                    WHERE EXISTS (SELECT 1 FROM label WHERE unit = 'clip')
                )
                SELECT l.source, l.unit, l.target, count(l.value), count(*) - count(l.value), sum(l.value = 1),
                    sum(l.value NOT IN (0, 1)), count(CASE WHEN u.split = 'train' THEN l.value END),
                    count(CASE WHEN u.split = 'val' THEN l.value END),
                    count(CASE WHEN u.split = 'test' THEN l.value END),
                    count(CASE WHEN u.split IS NULL THEN l.value END)
                FROM label l LEFT JOIN units u ON u.unit = l.unit AND u.key = l.key
                GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
                """)
        return try rows.map { row in
            let counts = try ["train", "val", "test", "none"].enumerated().map { ($1, try row.count(7 + $0)) }
            let others: Int? = try row.value(6), ones: Int? = try row.value(5)
            return try ListedTarget(
                source: row.value(0), unit: row.value(1), target: row.value(2), known: row.count(3),
                unknown: row.count(4), positives: others ?? 0 == 0 ? ones ?? 0 : nil,
                splits: Dictionary(uniqueKeysWithValues: counts.filter { $0.1 > 0 }))
        }
    }
}

extension [ListedTarget] {
    /// A line a target, under its source.
    package var text: String {
        if isEmpty { return "no labels" }
        var lines: [String] = [], last = ""
        for row in self {
            let head = "\(row.source), of \(LabelSource.Unit(rawValue: row.unit)?.plural ?? row.unit)"
            if head != last { lines.append(head) }
            last = head
            let parts = (Split.allCases.map(\.rawValue) + ["none"]).compactMap { name in
                row.splits[name].map { "\(grouped($0)) \(name == "none" ? "in no split" : name)" }
            }
            let unknown = row.unknown == 0 ? "" : ", \(grouped(row.unknown)) unknown"
            let positives = row.positives.map { ", \(grouped($0)) of them 1" } ?? ""
            lines.append(
                "  \(row.target): \(grouped(row.known)) known\(positives)\(unknown) (\(parts.joined(separator: ", ")))"
            )
        }
        return printed(lines)
    }
}

/// Removes the labels of one's own of that name, and returns how many there were.
///
/// - Throws: `EchoError` for a source of echoprep's own, or one that is not there
package func dropLabels(dataset: String, name: String, commandLine: String) throws -> Int {
    try checkName(name)
    let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
    return try catalog.write { db in
        let known = try String.fetchAll(db, sql: "SELECT name FROM label_source ORDER BY name")
        guard known.contains(name) else {
            throw EchoError(
                "--name \(name)", "there are no such labels",
                try: "echoprep label list --dataset DATASET names those there are")
        }
        let run = try Catalog.insertRun(db, "label drop", commandLine: commandLine, rules: ["name": name])
        try Catalog.willReplaceLabels(db, of: name)
        try db.execute(sql: "DELETE FROM label WHERE source = ?", arguments: [name])
        let count = db.changesCount
        try db.execute(sql: "DELETE FROM label_source WHERE name = ?", arguments: [name])
        try Catalog.finishRun(db, run)
        return count
    }
}
