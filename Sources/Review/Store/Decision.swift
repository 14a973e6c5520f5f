// A decision, an undo, a redo, a reveal: one row each, on the disk before the page is told.

import Catalog
import EchoCore
import Foundation
import GRDB

/// What the page asks to be written down.
struct DecisionRequest: Sendable, Decodable {
    /// Random, made by the page: a second try is stored once.
    let request: String
    let place: Int
    let field: String
    /// nil takes it back.
    let value: String?
    let note: String?
    /// That the clip had been on the screen.
    let seconds: Double?
}

/// A decision as it is stored.
struct Decision: Sendable, Equatable {
    let id: Int64
    let request: String
    let unit: ReviewForm.Unit
    /// The clip's name, or the study.
    let item: String
    let field: String
    let value: String?
}

/// What an undo or a redo changed.
struct Change: Sendable {
    let item: String, unit: ReviewForm.Unit
    let field: String
}

/// A decision to be stored.
struct NewDecision: Sendable {
    let request: String
    let unit: ReviewForm.Unit
    let item: String, study: String, sha256: String?
    let field: String
    let value: String?, note: String?
    let seconds: Double?
}

extension ReviewStore {
    /// Adds decisions in one transaction; one whose request was stored before is answered again.
    func add(_ decisions: [NewDecision], _ reading: Reading) throws(EchoError) -> [Decision] {
        try write { db in
            try decisions.map { new in
                if let known = try Self.decision(new.request, db) { return known }
                try db.execute(
                    sql: """
                        INSERT INTO decision (request, reading_id, at, unit, item, sha256, field, value, note, seconds, revealed)
                        VALUES (?, ?, \(Self.now), ?, ?, ?, ?, ?, ?, ?,
                            CASE WHEN ? THEN EXISTS (SELECT 1 FROM reveal WHERE reading_id = ? AND study_key = ?) ELSE 1 END)
                        """,
                    arguments: [
                        new.request, reading.id, new.unit.rawValue, new.item, new.sha256, new.field,
                        new.value, new.note, new.seconds, reading.options.isBlind, reading.id, new.study,
                    ])
                return Decision(
                    id: db.lastInsertedRowID, request: new.request, unit: new.unit, item: new.item,
                    field: new.field, value: new.value)
            }
        }
    }

    private static func decision(_ request: String, _ db: Database) throws -> Decision? {
        try Row.fetchOne(
            db, sql: "SELECT id, request, unit, item, field, value FROM decision WHERE request = ?",
            arguments: [request]
        ).map {
            Decision(
                id: $0[0], request: $0[1], unit: ReviewForm.Unit(rawValue: $0[2]) ?? .clip, item: $0[3],
                field: $0[4], value: $0[5])
        }
    }

    /// Takes back the rater's last decisions of this round that stand, whenever and in whichever session they were made.
    ///
    /// - Parameter count: how many, since one key decides a whole range
    /// - Returns: what changed, the last decision first
    func undo(request: String, count: Int, _ reading: Reading) throws(EchoError) -> [Change] {
        try again(request, count, reading, as: "undoes", value: "NULL") { $0.done }
    }

    /// Makes the decisions again that were undone last, unless another was made since.
    func redo(request: String, count: Int, _ reading: Reading) throws(EchoError) -> [Change] {
        try again(request, count, reading, as: "redoes", value: "value") { $0.undone }
    }

    /// Copies the last decisions of one of the two lists as rows that refer to them.
    private func again(
        _ request: String, _ count: Int, _ reading: Reading, as column: String, value: String,
        of list: (History) -> [Int64]
    ) throws(EchoError) -> [Change] {
        try write { db in
            if try Self.decision(request, db) == nil {
                let last = try list(Self.history(reading, db)).suffix(count).reversed()
                for (number, id) in last.enumerated() {
                    try Self.copy(
                        id, into: reading, request: Self.request(request, number), as: column,
                        value: value, db)
                }
            }
            return try Self.changes(request, db)
        }
    }

    /// The request of each of the rows that one request makes.
    private static func request(_ request: String, _ number: Int) -> String {
        number == 0 ? request : "\(request) \(number)"
    }

    private static func changes(_ request: String, _ db: Database) throws -> [Change] {
        var changes: [Change] = []
        while let row = try decision(self.request(request, changes.count), db) {
            changes.append(Change(item: row.item, unit: row.unit, field: row.field))
        }
        return changes
    }

    private static func copy(
        _ id: Int64, into reading: Reading, request: String, as column: String, value: String, _ db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO decision (request, reading_id, at, unit, item, sha256, field, value, note, revealed, \(column))
                SELECT ?, ?, \(now), unit, item, sha256, field, \(value), note, revealed, id FROM decision WHERE id = ?
                """, arguments: [request, reading.id, id])
    }

    private typealias History = (done: [Int64], undone: [Int64])

    /// The decisions of a rater's round that stand, and those that were undone and can be made again, each in their order.
    private static func history(_ reading: Reading, _ db: Database) throws -> History {
        var done: [Int64] = [], undone: [Int64] = []
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT d.id, d.undoes, d.redoes FROM decision d JOIN reading r ON r.id = d.reading_id
                WHERE r.rater_id = ? AND r.round = ? ORDER BY d.id
                """, arguments: [reading.rater, reading.options.round])
        while let row = try rows.next() {
            let id: Int64 = row[0]
            if let target = row[1] as Int64? {
                if let place = done.lastIndex(of: target) { done.remove(at: place) }
                undone.append(target)
            } else {
                if row[2] as Int64? != nil { undone = undone.dropLast() } else { undone = [] }
                done.append(id)
            }
        }
        return (done, undone)
    }

    /// Notes that a rater sees a study's labels from now on.
    func reveal(_ study: String, request: String, _ reading: Reading) throws(EchoError) {
        try write { db in
            try db.execute(
                sql: """
                    INSERT OR IGNORE INTO reveal (request, reading_id, at, study_key) VALUES (?, ?, \(Self.now), ?)
                    """, arguments: [request, reading.id, study])
        }
    }

    /// The studies whose labels a rater has seen in this reading.
    func revealed(_ reading: Reading) throws(EchoError) -> Set<String> {
        try read { db in
            try String.fetchSet(
                db, sql: "SELECT study_key FROM reveal WHERE reading_id = ?", arguments: [reading.id])
        }
    }

    /// A standing decision of one rater.
    struct Standing: Sendable, Encodable {
        let id: Int64
        let value: String
        let note: String?
        let at: String
        let revealed: Bool
    }

    /// What a rater's round says, by unit and item, then by field.
    ///
    /// - Parameters:
    ///   - one: of this item alone; nil for all
    ///   - isThere: whether a clip of that name has those bytes today
    func standing(
        _ reading: Reading, of one: (unit: ReviewForm.Unit, item: String)? = nil,
        isThere: (_ item: String, _ sha256: String?) -> Bool
    ) throws(EchoError) -> [ReviewForm.Unit: [String: [String: Standing]]] {
        try read { db in
            var found: [ReviewForm.Unit: [String: [String: Standing]]] = [:]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT unit, item, field, id, value, note, at, revealed, sha256 FROM v_current
                    WHERE rater_id = ? AND round = ? \(one == nil ? "" : "AND unit = ? AND item = ?") ORDER BY id
                    """,
                arguments: [reading.rater, reading.options.round]
                    + StatementArguments(one.map { [$0.unit.rawValue, $0.item] } ?? []))
            while let row = try rows.next() {
                guard let unit = ReviewForm.Unit(rawValue: row[0]),
                    unit == .study || isThere(row[1], row[8])
                else { continue }
                found[unit, default: [:]][row[1], default: [:]][row[2]] = Standing(
                    id: row[3], value: row[4], note: row[5], at: row[6], revealed: row[7])
            }
            return found
        }
    }

    /// What others say of a clip and its study.
    struct Other: Sendable, Encodable {
        let rater: String
        let round: Int
        let field: String
        let value: String
    }

    func others(_ reading: Reading, clip: String, study: String) throws(EchoError) -> [Other] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT rater, round, field, value FROM v_current
                    WHERE rater_id <> ? AND ((unit = 'clip' AND item = ?) OR (unit = 'study' AND item = ?))
                    ORDER BY field, rater, round
                    """, arguments: [reading.rater, clip, study]
            ).map { Other(rater: $0[0], round: $0[1], field: $0[2], value: $0[3]) }
        }
    }

    /// The clips and studies on which raters differ and no adjudicator has decided.
    func differing() throws(EchoError) -> Set<String> {
        try read { db in
            try String.fetchSet(db, sql: "SELECT item FROM v_consensus WHERE value IS NULL")
        }
    }
}
