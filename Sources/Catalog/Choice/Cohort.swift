// `--where`: the studies that a command keeps to, as an expression over the view v_study.

import EchoCore
import Foundation
import GRDB

/// The studies of a dataset for which an expression is true, counted among those with clips.
package struct Cohort: Sendable, Equatable, Codable {
    /// SQL over the columns of `v_study`.
    package let expression: String
    /// Studies with clips for which it is true, for which it is not, and for which it is not known (NULL).
    package let chosen: Int, others: Int, unknown: Int

    /// "where age >= 18: 120 of 200 studies with clips; of 10 others it is not known".
    package var text: String {
        let rest =
            unknown == 0
            ? "" : "; of \(grouped(unknown)) \(unknown == 1 ? "other" : "others") it is not known"
        let all = grouped(chosen + others + unknown)
        return "where \(printable(expression)): \(grouped(chosen)) of \(all) studies with clips\(rest)"
    }

    /// Finds the studies, and keeps them in a temporary table of the connection, `cohort`.
    ///
    /// The text is prepared before it is evaluated, to see that it is one expression, that it only reads, and that it takes
    /// no parameters.
    ///
    /// - Throws: `EchoError` of the place `--where` for what is none, or what fails in being evaluated
    init(_ text: String, in database: DatabaseQueue) throws(EchoError) {
        let expression = text.trimmingCharacters(in: .whitespacesAndNewlines)
        func fault(_ problem: String) -> EchoError {
            EchoError(
                "--where", problem,
                try:
                    "one SQL expression over the view v_study, as \"age >= 18 AND ef < 40\" (docs/queries.md)"
            )
        }
        guard !expression.isEmpty else { throw fault("is empty") }
        guard !expression.unicodeScalars.contains("\0") else { throw fault("holds a zero byte") }
        do {
            let counts = try database.writeWithoutTransaction { db in
                try SchemaUpgrade.addStudies(db)
                // Behind WHERE nothing may follow that only brackets allow, and in brackets nothing that only WHERE allows.
                for sql in [
                    "SELECT 1 FROM v_study WHERE \(expression)\n", "SELECT (\n\(expression)\n) FROM v_study",
                ] where try !db.makeStatement(sql: sql).isReadonly { throw fault("does more than to read") }
                try db.execute(
                    sql: """
                        CREATE TEMP TABLE cohort (
                            study_key TEXT PRIMARY KEY, study_id INTEGER, clips INTEGER, is_in INTEGER)
                        """)
                try db.execute(
                    sql: """
                        INSERT OR IGNORE INTO temp.cohort
                        SELECT study_key, study_id, clips,
                            CASE WHEN wanted IS NULL THEN NULL WHEN wanted THEN 1 ELSE 0 END
                        FROM (SELECT study_key, study_id, clips, (
                        \(expression)
                        ) AS wanted FROM v_study)
                        """)
                return try Row.fetchOne(
                    db,
                    sql: """
                        SELECT coalesce(sum(is_in = 1), 0), coalesce(sum(is_in = 0), 0), coalesce(sum(is_in IS NULL), 0)
                        FROM temp.cohort WHERE clips > 0
                        """)
            }
            guard let counts else { throw fault("cannot be evaluated") }
            self.expression = expression
            (chosen, others, unknown) = try (counts.count(0), counts.count(1), counts.count(2))
        } catch let error as EchoError {
            throw error
        } catch let error as DatabaseError where error.resultCode == .SQLITE_MISUSE {
            throw fault("is more than one expression, or has parameters")
        } catch let error as DatabaseError {
            throw fault(error.message ?? "cannot be evaluated")
        } catch {
            throw fault("cannot be evaluated")
        }
    }
}
