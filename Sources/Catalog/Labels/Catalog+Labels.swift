// The labels of studies as training and evaluation read them: numbers out of the table `label`, unknown as nil.

package import EchoCore
package import GRDB

/// The labels of one study.
package struct StudyLabels: Sendable, Equatable {
    /// As `StoredStudy.key`.
    package let key: String
    /// nil where the study list does not hold the study.
    package let studyID: Int64?, subjectID: Int64?
    /// nil where no split was drawn.
    package let split: Split?
    /// One for each target asked for, in their order; nil where it is unknown.
    package let values: [Double?]
}

extension Catalog {
    /// The studies that have a label of these targets, of one split or all of them, in order of their numbers or keys.
    ///
    /// A study that is not here is not labelled; that is not the same as having none of the targets. One that is here may
    /// still have unknown values: no loss and no metric counts them.
    ///
    /// - Parameters:
    ///   - targets: as `label.target` has them
    ///   - source: the name of a `LabelSource` whose unit is the study
    package func labels(
        of targets: [String], from source: String, in split: Split? = nil
    ) throws(EchoError) -> [StudyLabels] {
        try read { db in
            let known = try KnownStudy.all(db)
            var values: [String: [Double?]] = [:]
            let marks = databaseQuestionMarks(count: targets.count)
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT target, key, value FROM label
                    WHERE source = ? AND unit = 'study' AND target IN (\(marks))
                    """, arguments: [source] + StatementArguments(targets))
            let places = Dictionary(grouping: targets.indices) { targets[$0] }
            while let row = try rows.next() {
                let key: String = try row.value(1), target: String = try row.value(0)
                if let split, known[key]?.split != split { continue }
                let value: Double? = try row.value(2)
                guard value.map({ $0.magnitude <= 1e30 }) ?? true else {
                    throw EchoError(
                        Catalog.fileName, "holds a label that is out of all measure",
                        try: "label import the file again")
                }
                for place in places[target] ?? [] {
                    values[key, default: Array(repeating: nil, count: targets.count)][place] = value
                }
            }
            return values.map { key, values in
                let study = known[key]
                return StudyLabels(
                    key: key, studyID: study?.studyID, subjectID: study?.subjectID, split: study?.split,
                    values: values)
            }
            .sorted { ($0.studyID ?? .max, $0.key) < ($1.studyID ?? .max, $1.key) }
        }
    }

    /// The targets of a source, by their names.
    package func targets(
        of source: String, unit: LabelSource.Unit = .study
    ) throws(EchoError) -> [String] {
        try read { db in try Catalog.targets(db, of: source, unit: unit) }
    }

    /// Whether a source whose unit is the study has a label of that target.
    package func hasTarget(_ target: String, of source: String) throws(EchoError) -> Bool {
        try read { db in
            try Bool.fetchOne(
                db,
                sql: "SELECT EXISTS (SELECT 1 FROM label WHERE source = ? AND unit = 'study' AND target = ?)",
                arguments: [source, target]) ?? false
        }
    }

    /// The ejection fractions of a split's studies, in percent, by their keys; of studies without clips too. They were
    /// measured, or stand in the source's own list.
    package func ejectionFractions(in split: Split) throws(EchoError) -> [String: Double] {
        var fractions: [String: Double] = [:]
        for (target, source) in [("lvef", LabelSource.measurements), ("EF", LabelSource.echoNet)] {
            for study in try labels(of: [target], from: source, in: split) where fractions[study.key] == nil {
                fractions[study.key] = study.values[0]
            }
        }
        return fractions
    }

    /// Makes `label_matrix`, link-icd's labels in wide form: one row a labelled study, one column a target.
    package static func createLabelMatrix(_ db: Database) throws {
        let targets = try String.fetchAll(db, sql: "SELECT category FROM target ORDER BY idx")
        try db.execute(sql: "CREATE VIEW label_matrix AS \(labelMatrix(targets))")
    }

    /// The query of that view.
    package static func labelMatrix(_ targets: [String]) -> String {
        // Each is found by its whole key, in the order of the studies.
        let columns = targets.map { target in
            """
            , (
                SELECT CAST(l.value AS INTEGER) FROM label l
                WHERE l.source = 'link-icd' AND l.unit = 'study' AND l.target = \(quoted(target))
                    AND l.key = CAST(s.study_id AS TEXT)
            ) AS \(identifier(target))
            """
        }
        return """
            SELECT s.study_id, s.subject_id, p.split\(columns.joined())
            FROM study_status st
            JOIN echo_study s ON s.study_id = st.study_id
            LEFT JOIN split p ON p.subject_id = s.subject_id
            WHERE st.status = 'labelled'
            """
    }

    /// A name as SQL writes it, whatever it holds.
    package static func identifier(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }

    /// A text as SQL writes it.
    package static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }
}

/// What is known of a study beside its labels.
private struct KnownStudy {
    let studyID: Int64?, subjectID: Int64?
    let split: Split?

    /// The studies of the study list, of the source's own list, and without a study list those with clips, by their keys;
    /// a split is that of the subject, or the one that the source's own list gives the study.
    static func all(_ db: Database) throws -> [String: KnownStudy] {
        let sql = """
            SELECT CAST(s.study_id AS TEXT), s.study_id, s.subject_id, coalesce(p.split, l.split)
            FROM echo_study s
            LEFT JOIN split p ON p.subject_id = s.subject_id
            LEFT JOIN listed_study l ON l.study_key = CAST(s.study_id AS TEXT)
            UNION ALL
            SELECT study_key, NULL, NULL, split FROM listed_study
            UNION ALL
            SELECT DISTINCT c.study_key, c.study_id, c.subject_id, p.split FROM clip c
            JOIN split p ON p.subject_id = c.subject_id WHERE NOT EXISTS (SELECT 1 FROM echo_study)
            """
        let rows = try Row.fetchAll(db, sql: sql).map { row in
            let key: String = try row.value(0), split: String? = try row.value(3)
            let study = try KnownStudy(
                studyID: row.value(1), subjectID: row.value(2), split: split.flatMap(Split.init))
            return (key, study)
        }
        return Dictionary(rows) { first, _ in first }
    }
}
