// Why a study has the labels that it has: its stays, their diagnoses, and what each of them counts for.

import Catalog
package import EchoCore
import Foundation
import GRDB

/// The answer of `link-icd --explain` for one study, out of the database alone.
package struct Explanation: Sendable, Encodable, Equatable {
    /// A stay of the study's subject.
    package struct Stay: Sendable, Encodable, Equatable {
        package let hadm: Int
        package let admittime: String
        package let dischtime: String
        /// The stay is over at the later of this and `dischtime`.
        package let deathtime: String?
        /// Whether the study lies in its window, and whether its diagnoses are the study's.
        package let candidate: Bool, used: Bool
    }

    /// A diagnosis of a stay that is used.
    package struct Diagnosis: Sendable, Encodable, Equatable {
        package let hadm: Int
        package let seqNum: Int?
        package let code: String
        package let version: Int
        package let title: String?
        /// What the release of ICD-10-CM knows of the code (`CodeStatus`).
        package let status: String
        /// What it counts for; empty where it does not count.
        package let labels: [String]
    }

    /// A target: 1, 0, or nil where the study is not labelled.
    package struct Target: Sendable, Encodable, Equatable {
        package let category: String
        package let title: String
        package let value: Int?
    }

    package let study: Int
    package let time: String?
    package let split: String?
    /// Of `StudyStatus`.
    package let status: String
    package let nearestStayHours: Double?
    package let stays: [Stay]
    package let diagnoses: [Diagnosis]
    package let targets: [Target]
    /// The choices that the labels were made by.
    package let rules: [String: String]

    /// JSON with sorted keys.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// Explains the labels of a study.
///
/// - Throws: `EchoError` where the dataset has no labels, or not that study
package func explainLabels(dataset: String, study: Int) throws(EchoError) -> Explanation {
    let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
    guard try catalog.lastRun(of: "link-icd") != nil else {
        throw EchoError("--dataset", "has no labels", try: "run echoprep link-icd on it first")
    }
    let explanation = try catalog.read { db in try Explanation(db, study: study) }
    guard let explanation else {
        throw EchoError(
            "--explain", "the study list has no study \(study)",
            try: "look for it in the table reject, or check the number")
    }
    return explanation
}

extension Explanation {
    fileprivate init?(_ db: Database, study: Int) throws {
        let head = try Row.fetchOne(
            db,
            sql: """
                SELECT s.subject_id, s.study_datetime, p.split, st.status, st.nearest_stay_hours
                FROM echo_study s JOIN study_status st ON st.study_id = s.study_id
                LEFT JOIN split p ON p.subject_id = s.subject_id WHERE s.study_id = ?
                """, arguments: [study])
        guard let head else { return nil }
        let rules = try Row.fetchAll(db, sql: "SELECT key, value FROM v_rule")
        let pairs: [(String, String)] = try rules.map { row in try (row.value(0), row.value(1)) }
        self.rules = Dictionary(pairs) { first, _ in first }
        self.study = study
        (time, split) = try (head.value(1), head.value(2))
        (status, nearestStayHours) = try (head.value(3), head.value(4))
        let status = status
        let history = self.rules["as-of"] == LabelRule.KnownAt.study.rawValue
        stays = try Row.fetchAll(
            db,
            sql: """
                SELECT a.hadm_id, a.admittime, a.dischtime, a.deathtime, c.hadm_id IS NOT NULL,
                    CASE WHEN ? THEN max(a.dischtime, coalesce(a.deathtime, a.dischtime)) < ?
                        ELSE coalesce(c.chosen, 0) END
                FROM admissions a
                LEFT JOIN study_admission c ON c.hadm_id = a.hadm_id AND c.study_id = ?
                WHERE a.subject_id = ? ORDER BY a.admittime, a.hadm_id
                """, arguments: [history, time, study, try head.value(0) as Int]
        ).map { row in
            let isUsed: Bool? = try row.value(5)
            return try Stay(
                hadm: row.value(0), admittime: row.value(1), dischtime: row.value(2), deathtime: row.value(3),
                candidate: row.value(4), used: isUsed ?? false)
        }
        var diagnoses: [Diagnosis] = []
        for stay in stays where stay.used {
            diagnoses += try Row.fetchAll(
                db,
                sql: """
                    SELECT d.seq_num, d.icd_code, d.icd_version, c.title, c.status, group_concat(l.category, ' ')
                    FROM diagnoses_icd d
                    JOIN icd_code c ON c.icd_code = d.icd_code AND c.icd_version = d.icd_version
                    LEFT JOIN code_label l ON l.icd_code = d.icd_code AND l.icd_version = d.icd_version
                    WHERE d.hadm_id = ? GROUP BY d.place, d.seq_num, d.icd_code, d.icd_version, c.title, c.status
                    """, arguments: [stay.hadm]
            ).map { row in
                let labels: String? = try row.value(5)
                return try Diagnosis(
                    hadm: stay.hadm, seqNum: row.value(0), code: row.value(1), version: row.value(2),
                    title: row.value(3), status: row.value(4),
                    labels: (labels ?? "").split(separator: " ").map(String.init))
            }
        }
        self.diagnoses = diagnoses
        targets = try Row.fetchAll(
            db,
            sql: """
                SELECT t.category, t.title, c.study_id IS NOT NULL FROM target t
                LEFT JOIN study_category c ON c.category = t.category AND c.study_id = ? ORDER BY t.idx
                """, arguments: [study]
        ).map { row in
            try Target(
                category: row.value(0), title: row.value(1),
                value: status == StudyStatus.labelled.rawValue ? row.value(2) : nil)
        }
    }
}
