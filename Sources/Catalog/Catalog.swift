// The database of a dataset, echoprep.sqlite: opened, created from schemas/labels.sql, and asked; SQL ends in this target.

private import CResources
package import EchoCore
import Files
import Foundation
package import GRDB

/// The SQLite database of one dataset folder.
///
/// It is one file (no write-ahead log), so it can be copied while nobody writes, and every commit is on the disk when
/// it returns. All methods may be called from any thread; a second process waits for the first one's transaction.
package final class Catalog: Sendable {
    /// The version of schemas/labels.sql, kept in SQLite's `user_version`.
    package static let schemaVersion = 8
    /// The database's name inside a dataset folder.
    package static let fileName = "echoprep.sqlite"

    /// The folder of the dataset.
    package let folder: String
    let open: OpenDatabase
    package var database: DatabaseQueue { open.queue }
    /// The studies that it keeps to, and the views of their clips; nil for all of them.
    package let cohort: Cohort?, views: ChosenViews?
    /// What people decided about them; nil for nothing.
    package let decisions: Decisions?

    /// Opens the catalog of a dataset; a missing one is created, with its folder, unless `readOnly`.
    package init(datasetFolder: String, readOnly: Bool) throws(EchoError) {
        folder = datasetFolder
        let path = datasetFolder + "/" + Catalog.fileName
        let files = FileManager.default
        if !files.fileExists(atPath: path), files.fileExists(atPath: datasetFolder + "/config.json"),
            files.fileExists(atPath: datasetFolder + "/checkpoints")
        {
            throw EchoError(
                datasetFolder, "is the folder of a training run",
                try: "name the dataset that it was trained on, or a new folder")
        }
        if readOnly {
            guard FileManager.default.fileExists(atPath: path) else {
                throw EchoError(
                    datasetFolder, "is no dataset: it holds no \(Catalog.fileName)",
                    try: "run echoprep ingest or echoprep link-icd on this folder first")
            }
        } else {
            do throws(EchoError) {
                try makeFolder(datasetFolder)
            } catch {
                throw EchoError(
                    "--dataset", error.problem, try: error.remedy ?? "check its path and permissions")
            }
        }
        (cohort, views, decisions) = (nil, nil, nil)
        open = try Catalog.opened(path, readOnly: readOnly)
        try prepareSchema(readOnly: readOnly)
    }

    /// Opens the catalog of a dataset to read; nil where there is none yet: no file, or the empty one that a writer leaves
    /// that was killed before its first transaction.
    package static func ifThere(datasetFolder: String) throws(EchoError) -> Catalog? {
        let path = datasetFolder + "/" + fileName
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let catalog = Catalog(
            folder: datasetFolder, open: try opened(path, readOnly: true), cohort: nil, views: nil,
            decisions: nil)
        if try catalog.isEmpty() { return nil }
        try catalog.prepareSchema(readOnly: true)
        return catalog
    }

    private static func opened(_ path: String, readOnly: Bool) throws(EchoError) -> OpenDatabase {
        var configuration = Configuration()
        configuration.readonly = readOnly
        configuration.busyMode = .timeout(30)
        // What a view or an index in the file calls is what cannot do harm.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA trusted_schema = OFF") }
        // A writer that was killed within a commit leaves a journal, which only a writer can take back.
        if readOnly, FileManager.default.fileExists(atPath: path + "-journal") {
            try? OpenDatabase.with(path) { queue in
                try queue.read { try $0.execute(sql: "SELECT count(*) FROM sqlite_schema") }
            }
        }
        return try translated { try OpenDatabase(path, configuration) }
    }

    /// Whether nothing has been written to it.
    private func isEmpty() throws(EchoError) -> Bool {
        try read { db in
            try Int.fetchOne(db, sql: "PRAGMA user_version") == 0
                && Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") == 0
        }
    }

    /// An open catalog.
    init(
        folder: String, open: OpenDatabase, cohort: Cohort?, views: ChosenViews?, decisions: Decisions?
    ) {
        (self.folder, self.open, self.cohort, self.views) = (folder, open, cohort, views)
        self.decisions = decisions
    }

    private func prepareSchema(readOnly: Bool) throws(EchoError) {
        let found = try read { db in
            let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            if found == Catalog.schemaVersion || SchemaUpgrade.versions.contains(found) {
                try SchemaCheck.check(db, version: found)
            }
            return found
        }
        if found == Catalog.schemaVersion { return }
        if SchemaUpgrade.versions.contains(found) { return try upgradeSchema(found, readOnly: readOnly) }
        guard found == 0 else {
            throw EchoError(
                Catalog.fileName,
                "has schema version \(found), this program knows version \(Catalog.schemaVersion)",
                try: found > Catalog.schemaVersion ? "use a newer echoprep" : "ingest into a new folder")
        }
        guard try isEmpty(), !readOnly else {
            throw EchoError(
                Catalog.fileName, "is not a database of echoprep", try: "name another dataset folder")
        }
        try write { db in
            // Two processes may have found it empty: the first one's transaction creates it.
            if try Int.fetchOne(db, sql: "PRAGMA user_version") != Catalog.schemaVersion {
                try db.execute(sql: Catalog.schema)
            }
        }
    }

    /// A writer brings an older database to this version; for a reader it is as if it were.
    private func upgradeSchema(_ found: Int, readOnly: Bool) throws(EchoError) {
        if readOnly {
            return try translated {
                try database.writeWithoutTransaction { try SchemaUpgrade.shadow($0, version: found) }
            }
        }
        // Tables that others refer to are made anew.
        try writeUnchecked { db in
            // Of two processes the first one's transaction does it.
            let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
            if SchemaUpgrade.versions.contains(found) { try SchemaUpgrade.upgrade(db, version: found) }
        }
    }

    /// The text of schemas/labels.sql.
    package static let schema = String(
        decoding: UnsafeRawBufferPointer(start: echoprep_labels_sql, count: echoprep_labels_sql_count),
        as: UTF8.self)

    /// Reads in one consistent view of the database.
    package func read<Answer>(_ body: (Database) throws -> Answer) throws(EchoError) -> Answer {
        try translated { try database.read(body) }
    }

    /// Writes in one transaction: all of it, or nothing if `body` throws.
    package func write<Answer>(_ body: (Database) throws -> Answer) throws(EchoError) -> Answer {
        try translated { try database.write(body) }
    }

    /// Writes temporary tables, which a connection that only reads may have, too.
    func writeTemporary<Answer>(_ body: (Database) throws -> Answer) throws(EchoError) -> Answer {
        try translated { try database.writeWithoutTransaction(body) }
    }

    /// Writes in one transaction without looking up each row that another one refers to, for many rows that are known to be right.
    package func writeUnchecked<Answer>(_ body: (Database) throws -> Answer) throws(EchoError) -> Answer {
        try translated {
            try database.writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA foreign_keys = OFF")
                defer { try? db.execute(sql: "PRAGMA foreign_keys = ON") }
                var answer: Answer?
                try db.inTransaction(.immediate) {
                    answer = try body(db)
                    return .commit
                }
                guard let answer else { preconditionFailure("a transaction that commits has an answer") }
                return answer
            }
        }
    }
}

/// Turns SQLite's errors into the user's.
///
/// - Parameter place: the database, as the user knows it
package func translated<Answer>(
    as place: String = Catalog.fileName, _ body: () throws -> Answer
) throws(EchoError) -> Answer {
    do {
        return try body()
    } catch let error as EchoError {
        throw error
    } catch let error as DatabaseError {
        let (problem, remedy): (String, String?) =
            switch error.resultCode {
            case .SQLITE_FULL: ("the disk is full", "make space; the same command goes on")
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                ("another program is writing to it", "wait until that is done, then give the same command")
            case .SQLITE_NOTADB, .SQLITE_CORRUPT:
                (
                    "is damaged or not an SQLite database",
                    "restore it from a copy, or ingest into a new folder"
                )
            case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
                (
                    "cannot be opened or written",
                    "check the folder's permissions, the disk and the limit of open files (ulimit -n)"
                )
            case .SQLITE_IOERR:
                (
                    "cannot be read or written: an input/output error",
                    "check the disk and the limit of file sizes (ulimit -f); the same command goes on"
                )
            // What SQLite says names tables and columns, and no value of a row.
            default: (error.message ?? "error \(error.resultCode.rawValue)", nil)
            }
        throw EchoError(place, problem, try: remedy)
    } catch is RowDecodingError {
        throw unreadable(place)
    } catch is DecodingError {
        throw unreadable(place)
    } catch is Interrupted {
        throw EchoError(place, "was left in the middle of a transaction, which changed nothing")
    } catch {
        throw EchoError(place, "cannot be used: an error of the kind \(type(of: error))")
    }
}

/// Such an error would show the whole row.
private func unreadable(_ place: String) -> EchoError {
    EchoError(
        place, "holds a value that is of another kind than its column",
        try: "restore it from a copy, or make the dataset anew")
}
