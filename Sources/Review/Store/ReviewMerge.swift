// `review merge`: the decisions of files that raters kept apart, brought into the dataset's; given again, nothing doubles.

package import EchoCore
import Foundation
import GRDB

/// What was brought together.
package struct ReviewMergeSummary: Sendable, Encodable {
    package let files: Int
    package let raters: Int, readings: Int, decisions: Int
    /// Decisions that were there already.
    package let known: Int

    package var text: String {
        "\(grouped(decisions)) decisions of \(grouped(raters)) raters in \(grouped(readings)) readings added out of "
            + "\(grouped(files)) files; \(grouped(known)) were there already"
    }
}

/// Adds the decisions of other files to those of a dataset, each file in one transaction.
package func mergeDecisions(dataset: String, file: String? = nil, from files: [String]) throws(EchoError)
    -> ReviewMergeSummary
{
    let store = try ReviewStore(dataset: dataset, file: file, readOnly: false)
    var sums = (raters: 0, readings: 0, decisions: 0, known: 0)
    for path in files {
        let other: ReviewStore
        do throws(EchoError) {
            other = try ReviewStore(dataset: dataset, file: path, readOnly: true)
        } catch {
            throw EchoError(URL(fileURLWithPath: path).lastPathComponent, error.problem, try: error.remedy)
        }
        let content = try other.read(ReviewContent.init)
        let added = try store.write { db in try content.add(to: store, db) }
        sums = (
            sums.raters + added.raters, sums.readings + added.readings, sums.decisions + added.decisions,
            sums.known + added.known
        )
    }
    return ReviewMergeSummary(
        files: files.count, raters: sums.raters, readings: sums.readings, decisions: sums.decisions,
        known: sums.known)
}

/// All rows of a file of decisions.
private struct ReviewContent {
    let forms: [Row], raters: [Row], readings: [Row], assignments: [Row], reveals: [Row], decisions: [Row]

    init(_ db: Database) throws {
        forms = try Row.fetchAll(db, sql: "SELECT id, text FROM form")
        raters = try Row.fetchAll(db, sql: "SELECT id, name, role FROM rater")
        readings = try Row.fetchAll(db, sql: "SELECT * FROM reading ORDER BY id")
        assignments = try Row.fetchAll(db, sql: "SELECT * FROM assignment")
        reveals = try Row.fetchAll(db, sql: "SELECT * FROM reveal ORDER BY id")
        decisions = try Row.fetchAll(db, sql: "SELECT * FROM decision ORDER BY id")
    }

    /// Adds what is not there; numbers of rows become those of the file that they come into.
    func add(to store: ReviewStore, _ db: Database) throws -> (
        raters: Int, readings: Int, decisions: Int, known: Int
    ) {
        var formIDs: [Int64: Int64] = [:], raterIDs: [Int64: Int64] = [:], readingIDs: [Int64: Int64] = [:]
        var decisionIDs: [Int64: Int64] = [:]
        var added = (raters: 0, readings: 0, decisions: 0, known: 0)
        for form in forms { formIDs[form["id"]] = try store.form(ReviewForm(text: form["text"]), db) }
        for rater in raters {
            let name: String = rater["name"], role: String = rater["role"]
            if let known = try Row.fetchOne(
                db, sql: "SELECT id, role FROM rater WHERE name = ?", arguments: [name])
            {
                guard known[1] == role else {
                    throw EchoError(
                        "review merge", "one name is a rater in one file and an adjudicator in another")
                }
                raterIDs[rater["id"]] = known[0]
                continue
            }
            try db.execute(sql: "INSERT INTO rater (name, role) VALUES (?, ?)", arguments: [name, role])
            raterIDs[rater["id"]] = db.lastInsertedRowID
            added.raters += 1
        }
        let placesByReading = Dictionary(grouping: assignments) { $0["reading_id"] as Int64 }
        for reading in readings {
            let request: String = reading["request"]
            if let id = try Int64.fetchOne(
                db, sql: "SELECT id FROM reading WHERE request = ?", arguments: [request])
            {
                readingIDs[reading["id"]] = id
                continue
            }
            try insert(reading, into: "reading", ["rater_id": raterIDs, "form_id": formIDs], db)
            readingIDs[reading["id"]] = db.lastInsertedRowID
            added.readings += 1
            for place in placesByReading[reading["id"]] ?? [] {
                try insert(place, into: "assignment", ["reading_id": readingIDs], db)
            }
        }
        for reveal in reveals where try !isThere(reveal, "reveal", db) {
            try insert(reveal, into: "reveal", ["reading_id": readingIDs], db)
        }
        for decision in decisions {
            let request: String = decision["request"]
            if let id = try Int64.fetchOne(
                db, sql: "SELECT id FROM decision WHERE request = ?", arguments: [request])
            {
                decisionIDs[decision["id"]] = id
                added.known += 1
                continue
            }
            try insert(
                decision, into: "decision",
                ["reading_id": readingIDs, "undoes": decisionIDs, "redoes": decisionIDs], db)
            decisionIDs[decision["id"]] = db.lastInsertedRowID
            added.decisions += 1
        }
        return added
    }

    private func isThere(_ row: Row, _ table: String, _ db: Database) throws -> Bool {
        let request: String = row["request"]
        return try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM \(table) WHERE request = ?)", arguments: [request])
            ?? false
    }

    /// Adds a row with the numbers of others translated, and without its own.
    private func insert(_ row: Row, into table: String, _ numbers: [String: [Int64: Int64]], _ db: Database)
        throws
    {
        let columns = row.columnNames.filter { $0 != "id" }
        let values = columns.map { column -> DatabaseValue in
            let value: DatabaseValue = row[column]
            guard let known = numbers[column], let old = Int64.fromDatabaseValue(value) else { return value }
            return known[old]?.databaseValue ?? .null
        }
        let marks = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        try db.execute(
            sql: "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))",
            arguments: StatementArguments(values))
    }
}
