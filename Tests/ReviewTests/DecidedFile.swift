// A file of decisions, written row by row: what raters did, without a browser.

import EchoCore
import Foundation
import GRDB
import Review

/// `review.sqlite` of a dataset folder, of the form that the program carries.
struct DecidedFile {
    let database: DatabaseQueue
    let path: String

    init(in dataset: String, named name: String = "review.sqlite") throws {
        path = "\(dataset)/\(name)"
        _ = try ReviewStore(dataset: dataset, file: path, readOnly: false)
        database = try DatabaseQueue(path: path)
        try database.write { db in
            guard try Int.fetchOne(db, sql: "SELECT count(*) FROM form") == 0 else { return }
            try db.execute(
                sql: """
                    INSERT INTO form VALUES (1, ?, ?);
                    INSERT INTO field VALUES (1, 0, 'clip', 'clip', 'one'), (1, 1, 'view', 'clip', 'one'),
                        (1, 2, 'quality', 'clip', 'ordinal'), (1, 3, 'severity', 'study', 'ordinal');
                    INSERT INTO choice VALUES (1, 'clip', 0, 'keep'), (1, 'clip', 1, 'exclude'), (1, 'view', 0, 'PLAX'),
                        (1, 'view', 1, 'A4C'), (1, 'quality', 0, 'poor'), (1, 'quality', 1, 'fair'), (1, 'quality', 2, 'good'),
                        (1, 'severity', 0, 'none'), (1, 'severity', 1, 'mild');
                    """, arguments: [try ReviewForm(file: nil).sha256, try ReviewForm(file: nil).text])
        }
    }

    /// A rater's answer; the reading is begun where there is none.
    func decide(
        _ rater: String, _ field: String, _ value: String?, of clip: String, sha256: String? = nil,
        role: String = "rater", round: Int = 1
    ) throws {
        try decide(rater, field, value, "clip", clip, sha256, role, round)
    }

    /// The same of a study.
    func decide(_ rater: String, _ field: String, _ value: String?, ofStudy study: String) throws {
        try decide(rater, field, value, "study", study, nil, "rater", 1)
    }

    private func decide(
        _ rater: String, _ field: String, _ value: String?, _ unit: String, _ item: String, _ sha256: String?,
        _ role: String, _ round: Int
    ) throws {
        try database.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO rater (name, role) VALUES (?, ?)", arguments: [rater, role])
            let id = try Int64.fetchOne(db, sql: "SELECT id FROM rater WHERE name = ?", arguments: [rater])
            var reading = try Int64.fetchOne(
                db, sql: "SELECT id FROM reading WHERE rater_id = ? AND round = ?", arguments: [id, round])
            if reading == nil {
                try db.execute(
                    sql: """
                        INSERT INTO reading (request, rater_id, form_id, round, blind, filter, queue, clips, seed, started_at,
                            program_version) VALUES (?, ?, 1, ?, 0, '', 'order', 'all', 1, '', '')
                        """, arguments: [UUID().uuidString, id, round])
                reading = db.lastInsertedRowID
            }
            try db.execute(
                sql: """
                    INSERT INTO decision (request, reading_id, at, unit, item, sha256, field, value)
                    VALUES (?, ?, '2026-01-01T00:00:00Z', ?, ?, ?, ?, ?)
                    """, arguments: [UUID().uuidString, reading, unit, item, sha256, field, value])
        }
    }
}
