// DATASET/review.sqlite: opened, made from schemas/review.sql, and written to; decisions are only added.

import Catalog
package import EchoCore
import Files
import Foundation
package import GRDB

/// People's decisions on a dataset, in a file of their own.
///
/// It is one file without a write-ahead log: every answer of `write` is on the disk. Several programs may write to one file
/// where the file system has locks; where it has none, each rater has a file, and `review merge` brings them together.
package final class ReviewStore: Sendable {
    let database: DatabaseQueue
    private let place: String

    /// Opens the decisions of a dataset.
    ///
    /// - Parameters:
    ///   - file: another file than the dataset's own
    ///   - readOnly: it has to be there
    package init(dataset: String, file: String? = nil, readOnly: Bool) throws(EchoError) {
        let path = file ?? dataset + "/" + Decisions.fileName
        place = file == nil ? Decisions.fileName : "--file"
        guard !readOnly || FileManager.default.fileExists(atPath: path) else {
            throw EchoError(place, "is not there: nobody has decided anything", try: "echoprep review first")
        }
        var configuration = Configuration()
        configuration.busyMode = .timeout(30)
        configuration.readonly = readOnly
        // Answers are given when the row is on the disk.
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA trusted_schema = OFF")
            if !readOnly { try db.execute(sql: "PRAGMA synchronous = EXTRA") }
        }
        let place = self.place
        database = try translated(as: place) { try DatabaseQueue(path: path, configuration: configuration) }
        try prepareSchema(readOnly: readOnly)
    }

    private func prepareSchema(readOnly: Bool) throws(EchoError) {
        func isEmpty(_ db: Database) throws -> Bool {
            try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
        }
        if !readOnly, try read(isEmpty) {
            try write { db in
                // Of two processes the first one's transaction makes it.
                if try isEmpty(db) { try db.execute(sql: ReviewSchema.text) }
            }
        }
        try read { db in try ReviewSchema.check(db, as: place) }
    }

    package func read<Answer>(_ body: (Database) throws -> Answer) throws(EchoError) -> Answer {
        try translated(as: place) { try database.read(body) }
    }

    /// All of it, on the disk, or nothing.
    package func write<Answer>(_ body: (Database) throws -> Answer) throws(EchoError) -> Answer {
        try translated(as: place) {
            var answer: Answer?
            try database.writeWithoutTransaction { db in
                try db.inTransaction(.immediate) {
                    answer = try body(db)
                    return .commit
                }
            }
            guard let answer else { preconditionFailure("a transaction that commits has an answer") }
            return answer
        }
    }
}
