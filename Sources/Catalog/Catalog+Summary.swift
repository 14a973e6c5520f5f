// What the report shows of a dataset: the way from files to labelled studies, and how common each category is.

package import EchoCore
import GRDB

/// A step from the source's files to the labelled studies.
package struct FunnelStep: Sendable, Equatable, Codable {
    /// The order; several rows of one step are the ways to leave there.
    package let step: Int
    /// "files" or "studies".
    package let unit: String
    package let what: String
    package let count: Int
}

/// How common a category is among the labelled studies.
package struct Prevalence: Sendable, Equatable, Codable {
    package let category: String
    package let title: String
    package let positives: Int
    package let labelled: Int
    package let share: Double
    /// The target's index, nil if it is none.
    package let target: Int?
}

extension Catalog {
    /// The funnel from files to labelled studies, and to those of the cohort where there is one.
    package func funnel() throws(EchoError) -> [FunnelStep] {
        var steps = try read { db in
            try Row.fetchAll(db, sql: "SELECT step, unit, what, n FROM v_funnel ORDER BY step, n DESC, what")
                .map { row in
                    try FunnelStep(
                        step: row.count(0), unit: row.value(1), what: row.value(2), count: row.value(3))
                }
        }
        guard let cohort, let last = steps.last?.step else { return steps }
        let labelled = try read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT count(*) FROM temp.cohort c JOIN study_status t ON t.study_id = c.study_id
                    WHERE c.is_in = 1 AND c.clips > 0 AND t.status = 'labelled'
                    """) ?? 0
        }
        for (what, count) in [
            ("with clips, where \(cohort.expression)", cohort.chosen), ("of these labelled", labelled),
        ] { steps.append(FunnelStep(step: last + 1, unit: "studies", what: what, count: count)) }
        return steps
    }

    /// Categories by falling prevalence, ties by code.
    package func prevalence(top: Int? = nil) throws(EchoError) -> [Prevalence] {
        try read { db in
            let sql = """
                SELECT category, title, n_positive, n_labelled, prevalence, target FROM v_prevalence
                ORDER BY n_positive DESC, category LIMIT ?
                """
            return try Row.fetchAll(db, sql: sql, arguments: [top ?? -1]).map { row in
                let title: String? = try row.value(1)
                return try Prevalence(
                    category: row.value(0), title: title ?? "", positives: row.count(2),
                    labelled: row.count(3), share: row.value(4), target: row.value(5))
            }
        }
    }

    /// What SQLite itself finds wrong with the file, and references that lead nowhere; empty if all is well.
    package func inconsistencies() throws(EchoError) -> [String] {
        try read { db in
            let integrity = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            let references = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row -> String in
                let table: String = try row.value(0), other: String = try row.value(2)
                return "a row of \(table) refers to a row of \(other) that is not there"
            }
            return integrity + references
        }
    }
}
