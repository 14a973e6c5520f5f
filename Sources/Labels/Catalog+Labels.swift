// The labels in the database: all tables replaced in one transaction, or found to be there already.

import Catalog
import EchoCore
import Files
import GRDB

extension Catalog {
    /// The summary of the labels in the database if the same program made them from the same files by the same rules, and
    /// nobody has written to the database since, nor any bit of it changed by itself.
    func unchangedLabels(files sources: [TableFile], options: LinkOptions) throws(EchoError) -> LinkSummary? {
        guard let last = try lastRun(of: "link-icd"), last.finished, last.rules == options.rules else {
            return nil
        }
        return try read { db in
            let made = try Row.fetchOne(
                db, sql: "SELECT program_build, change_counter FROM run WHERE id = ?", arguments: [last.id])
            guard let made, try (made.value(0) as String?) == programBuild,
                let counter = try made.value(1) as Int?, try Catalog.changeCounter(db) == counter
            else { return nil }
            let files = try Row.fetchAll(
                db, sql: "SELECT role, sha256 FROM source_file WHERE run_id = ? ORDER BY id",
                arguments: [last.id])
            let same =
                try files.count == sources.count
                && zip(files, sources).allSatisfy { row, source in
                    try (row.value(0) as String) == source.role && (row.value(1) as String) == source.sha256
                }
            return try same && Catalog.alterations(db, among: LabelTables.writes).isEmpty
                ? try LinkSummary(db, run: last.id, unchanged: true, notices: sources.flatMap(\.notices))
                : nil
        }
    }

    /// Replaces all labels and adds the record of the run that made them, all in one transaction.
    ///
    /// - Parameter make: writes the record list into the tables it is given, and makes the labels
    func replaceLabels(
        files: [TableFile], options: LinkOptions, _ make: (LabelTables) throws -> Labels
    ) throws -> LinkSummary {
        do {
            // The rows refer to each other by construction; SQLite need not look each of them up.
            return try writeUnchecked { db in
                let run = try Catalog.insertRun(
                    db, "link-icd", commandLine: options.commandLine, rules: options.rules)
                let tables = LabelTables(db: db, options: options)
                try tables.clear()
                let counter = try Catalog.changeCounter(db)
                let labels = try make(tables)
                try tables.insert(labels, run: run)
                try tables.insert(files, counts: labels.cohort.counts, run: run)
                try db.execute(
                    sql: "UPDATE run SET change_counter = ? WHERE id = ?",
                    arguments: [counter.map { $0 + 1 }, run])
                try Catalog.finishRun(db, run)
                let notices = files.flatMap(\.notices) + labels.cohort.notices
                return try LinkSummary(db, run: run, unchanged: false, notices: notices)
            }
        } catch {
            // The transaction knows it only as one more error.
            try Interruption.check()
            throw error
        }
    }
}

extension LinkSummary {
    /// The summary of a run whose labels are in the database.
    fileprivate init(_ db: Database, run: Int64, unchanged: Bool, notices: [String]) throws {
        func counts(_ sql: String, _ arguments: StatementArguments = []) throws -> [String: Int] {
            let rows = try Row.fetchAll(db, sql: sql, arguments: arguments)
            let pairs: [(String, Int)] = try rows.map { row in try (row.value(0), row.count(1)) }
            // Two spellings of one text are one name.
            return Dictionary(pairs, uniquingKeysWith: +)
        }
        let statuses = try counts("SELECT status, count(*) FROM study_status GROUP BY status")
        let splits = try counts(
            """
            SELECT coalesce(p.split, 'none'), count(*) FROM study_status st
            JOIN echo_study s ON s.study_id = st.study_id LEFT JOIN split p ON p.subject_id = s.subject_id
            WHERE st.status = 'labelled' GROUP BY 1
            """)
        let targets = try Row.fetchAll(
            db,
            sql:
                "SELECT category, title, n_positive, prevalence, reference_prevalence FROM target ORDER BY idx"
        )
        self.init(
            studies: statuses.values.reduce(0, +), statuses: statuses, splits: splits,
            targets: try targets.map { row in
                try Target(
                    category: row.value(0), title: row.value(1), positives: row.count(2),
                    prevalence: row.value(3), reference: row.value(4))
            },
            paper: try PaperComparison(db),
            rejects: try counts(
                "SELECT role, rows_rejected FROM source_file WHERE run_id = ? AND rows_rejected > 0", [run]),
            unread: try counts(
                """
                SELECT measurement, count(*) FROM structured_measurement
                WHERE value IS NULL AND result IS NOT NULL GROUP BY measurement
                """
            ).filter { MeasurementKind.named($0.key) != nil },
            afterDeath: try Int.fetchOne(
                db, sql: "SELECT count(*) FROM study_status WHERE after_death = 1") ?? 0,
            notices: notices, unchanged: unchanged)
    }
}
