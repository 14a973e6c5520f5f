// What the database says of a study: its labels with the diagnoses behind them, and what was measured.

import Catalog
import EchoCore
import GRDB

/// A label of a study, its subject or one of its clips, with what it rests on.
struct ShownLabel: Sendable, Encodable {
    struct Evidence: Sendable, Encodable {
        let code: String
        /// Its priority among the stay's diagnoses, from 1.
        let place: Int?
        let title: String?
    }

    let target: String
    let title: String?
    let source: String
    let value: Double
    let evidence: [Evidence]
}

struct ShownMeasurement: Sendable, Encodable {
    let name: String, title: String
    let value: Double
    let unit: String?
}

extension Catalog {
    /// The labels of a study and a clip, measurements aside; of ICD-10 categories those that the study has.
    func shownLabels(of clip: QueuedClip) throws(EchoError) -> [ShownLabel] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT l.source, l.target, l.value, t.title FROM label l LEFT JOIN target t ON t.category = l.target
                    WHERE l.source NOT IN ('measurements') AND l.value IS NOT NULL AND (l.source <> 'link-icd' OR l.value > 0)
                        AND ((l.unit = 'study' AND l.key = ?) OR (l.unit = 'clip' AND l.key = ?) OR (l.unit = 'subject'
                            AND l.key = (SELECT CAST(subject_id AS TEXT) FROM clip WHERE name = ?)))
                    ORDER BY l.source <> 'link-icd', coalesce(t.idx, 0), l.source, l.target
                    """, arguments: [clip.study, clip.name, clip.name])
            var evidence: [String: [ShownLabel.Evidence]] = [:]
            if rows.contains(where: { $0[0] == "link-icd" }) {
                let found = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT e.category, e.icd_code, e.seq_num, c.title FROM v_evidence e
                        LEFT JOIN icd_code c ON c.icd_code = e.icd_code AND c.icd_version = e.icd_version
                        WHERE e.study_id = (SELECT study_id FROM clip WHERE name = ?)
                        ORDER BY e.seq_num IS NULL, e.seq_num, e.icd_code
                        """, arguments: [clip.name])
                for row in found {
                    evidence[row[0], default: []].append(.init(code: row[1], place: row[2], title: row[3]))
                }
            }
            return rows.map { row in
                let source: String = row[0], target: String = row[1]
                return ShownLabel(
                    target: target, title: row[3], source: source, value: row[2],
                    evidence: source == "link-icd" ? evidence[target] ?? [] : [])
            }
        }
    }

    /// What was measured in a study.
    func shownMeasurements(of clip: QueuedClip) throws(EchoError) -> [ShownMeasurement] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT target, value FROM label
                    WHERE source = 'measurements' AND unit = 'study' AND key = ? AND value IS NOT NULL ORDER BY target
                    """, arguments: [clip.study]
            ).map { row in
                let name: String = row[0]
                let kind = MeasurementKind.named(name)
                return ShownMeasurement(
                    name: name, title: kind?.title ?? name, value: row[1], unit: kind?.unit)
            }
        }
    }
}
