// A rater's way through the clips: which ones, in which order, and where it was left.

import Catalog
import EchoCore
import Foundation
import GRDB

/// What a reading is, and by what it is found again when the same command is given.
package struct ReadingOptions: Sendable {
    package var rater: String
    package var role = Role.rater
    package var round = 1
    package var isBlind = false
    /// An expression over `v_study`.
    package var filter: String?
    package var queue = QueueOrder.order
    package var clips = ClipChoice.all
    package var seed: UInt64 = 1

    package enum Role: String, Sendable, Codable { case rater, adjudicator }

    /// Which files are looked at.
    package enum ClipChoice: String, Sendable, CaseIterable { case all, kept, dropped }

    package init(rater: String) { self.rater = rater }
}

/// A reading in the file of decisions.
struct Reading: Sendable {
    let id: Int64, rater: Int64
    /// Random, and the same wherever its file goes.
    let request: String
    let options: ReadingOptions
}

extension ReviewStore {
    /// Finds the reading of these options, or begins it.
    ///
    /// - Throws: `EchoError` where the rater is another kind of rater there
    func reading(_ options: ReadingOptions, form: ReviewForm) throws(EchoError) -> Reading {
        try write { db in
            let form = try self.form(form, db)
            let rater = try self.rater(options, db)
            let arguments: StatementArguments = [
                rater, form, options.round, options.isBlind, options.filter ?? "", options.queue.rawValue,
                options.clips.rawValue, Int64(bitPattern: options.seed),
            ]
            let sql = """
                SELECT id, request FROM reading WHERE rater_id = ? AND form_id = ? AND round = ? AND blind = ? AND filter = ?
                    AND queue = ? AND clips = ? AND seed = ? ORDER BY id LIMIT 1
                """
            if let row = try Row.fetchOne(db, sql: sql, arguments: arguments) {
                return Reading(id: row[0], rater: rater, request: row[1], options: options)
            }
            let request = UUID().uuidString
            try db.execute(
                sql: """
                    INSERT INTO reading (rater_id, form_id, round, blind, filter, queue, clips, seed, request, started_at,
                        program_version)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, \(ReviewStore.now), ?)
                    """, arguments: arguments + [request, fullProgramVersion])
            return Reading(id: db.lastInsertedRowID, rater: rater, request: request, options: options)
        }
    }

    /// UTC with its zone.
    static let now = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"

    private func rater(_ options: ReadingOptions, _ db: Database) throws -> Int64 {
        if let row = try Row.fetchOne(
            db, sql: "SELECT id, role FROM rater WHERE name = ?", arguments: [options.rater])
        {
            guard row[1] == options.role.rawValue else {
                throw EchoError(
                    "--rater", "is known as another kind of rater (\(row[1] as String))",
                    try: "use another name to read as \(options.role.rawValue)")
            }
            return row[0]
        }
        try db.execute(
            sql: "INSERT INTO rater (name, role) VALUES (?, ?)",
            arguments: [options.rater, options.role.rawValue])
        return db.lastInsertedRowID
    }

    func form(_ form: ReviewForm, _ db: Database) throws -> Int64 {
        if let id = try Int64.fetchOne(
            db, sql: "SELECT id FROM form WHERE sha256 = ?", arguments: [form.sha256])
        {
            return id
        }
        try db.execute(
            sql: "INSERT INTO form (sha256, text) VALUES (?, ?)", arguments: [form.sha256, form.text])
        let id = db.lastInsertedRowID
        for (place, field) in form.fields.enumerated() {
            try db.execute(
                sql: "INSERT INTO field VALUES (?, ?, ?, ?, ?)",
                arguments: [id, place, field.name, field.unit.rawValue, field.kind.rawValue])
            for (index, choice) in (field.choices ?? []).enumerated() {
                try db.execute(
                    sql: "INSERT INTO choice VALUES (?, ?, ?, ?)",
                    arguments: [id, field.name, index, choice.value])
            }
        }
        return id
    }

    /// The order of a reading: what was drawn when it began, without what is gone, and what came since at its end.
    ///
    /// - Parameter drawn: the order of today's clips as the reading would be drawn now
    func assigned(_ reading: Reading, drawn: [String]) throws(EchoError) -> [String] {
        try write { db in
            let known = try String.fetchAll(
                db, sql: "SELECT item FROM assignment WHERE reading_id = ? ORDER BY place",
                arguments: [reading.id])
            let there = Set(drawn)
            var seen = Set(known)
            let new = drawn.filter { seen.insert($0).inserted }
            let insert = try db.makeStatement(sql: "INSERT INTO assignment VALUES (?, ?, ?)")
            for (place, item) in new.enumerated() {
                try insert.execute(arguments: [reading.id, known.count + place, item])
            }
            return known.filter(there.contains) + new
        }
    }
}
