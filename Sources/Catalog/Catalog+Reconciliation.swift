// A source that changed: what earlier runs knew of its files, and the one transaction that brings the rows up to it.

package import EchoCore
import Foundation
import GRDB

/// What an earlier run knows of a file: as much of a row of `clip` as tells whether it changed.
package struct KnownFile: Sendable {
    package let id: Int64
    package let path: String, name: String
    package let studyKey: String
    package let studyID: Int64?, subjectID: Int64?
    /// nil where the file could not be read; `mtime` also before schema version 6.
    package let bytes: Int?, mtime: Int?, sha256: String?
    /// nil for a kept clip.
    package let reason: DropReason?
    package let flags: String
}

/// A file that a list named and then named no more.
package struct WithdrawnFile: Sendable {
    package let id: Int64
    package let path: String
    package let bytes: Int?, sha256: String?
    /// Whether it would be as it was if it came back: its clip still lies in a shard, or it was dropped.
    package let isWhole: Bool, isKept: Bool
    package let flags: String
}

/// What a source says of a file that a row stands for already.
package struct FileIdentity: Sendable, Equatable {
    package var path: String, name: String
    package var studyKey: String
    package var studyID: Int64?, subjectID: Int64?
    package var flags: String
    /// nil where the file is not there.
    package var mtime: Int?

    package init(
        path: String, name: String, studyKey: String, studyID: Int64?, subjectID: Int64?, flags: String,
        mtime: Int?
    ) {
        self.path = path
        self.name = name
        self.studyKey = studyKey
        self.studyID = studyID
        self.subjectID = subjectID
        self.flags = flags
        self.mtime = mtime
    }
}

/// What is to be done with the rows of a dataset whose source changed.
package struct Corrections: Sendable {
    /// Rows of `clip`, by their ids, that the source no longer has.
    package var withdrawn: [Int64] = []
    /// Rows of `clip` that are other files, or other people's, now.
    package var corrected: [(row: KnownFile, now: FileIdentity)] = []
    /// Rows of `withdrawn_clip`, by their ids, that are files again.
    package var returned: [(id: Int64, now: FileIdentity)] = []
    /// Rows of `clip`, by their ids, of files that were touched and have the same bytes.
    package var touched: [(id: Int64, mtime: Int)] = []
    package var counts = SourceChanges()

    package init() {}
}

extension Catalog {
    /// What earlier runs know of all files, in order of their ids.
    package func knownFiles() throws(EchoError) -> [KnownFile] {
        try read { db in
            let sql = """
                SELECT id, path, name, study_key, study_id, subject_id, bytes, mtime, sha256, reason, flags FROM clip
                ORDER BY id
                """
            var files: [KnownFile] = []
            let rows = try Row.fetchCursor(db, sql: sql)
            while let row = try rows.next() {
                let reason: String? = try row.value(9)
                files.append(
                    try KnownFile(
                        id: row.value(0), path: row.value(1), name: row.value(2), studyKey: row.value(3),
                        studyID: row.value(4), subjectID: row.value(5), bytes: row.value(6),
                        mtime: row.value(7), sha256: row.value(8), reason: reason.flatMap(DropReason.init),
                        flags: row.value(10)))
            }
            return files
        }
    }

    /// The files that lists named once and do not name now.
    package func withdrawnFiles() throws(EchoError) -> [WithdrawnFile] {
        try read { db in
            let sql = """
                SELECT id, path, bytes, sha256, shard IS NOT NULL, json_extract(record, '$.kept'),
                    json_extract(record, '$.flags')
                FROM withdrawn_clip WHERE why = 'gone' ORDER BY id
                """
            return try Row.fetchAll(db, sql: sql).map { row in
                let isStored: Bool = try row.value(4), isKept: Bool = try row.value(5)
                return try WithdrawnFile(
                    id: row.value(0), path: row.value(1), bytes: row.value(2), sha256: row.value(3),
                    isWhole: isStored || !isKept, isKept: isKept, flags: row.value(6))
            }
        }
    }

    /// The clips that are withdrawn and still lie in a shard, as their rows were, with the tensor's name; of one shard, or
    /// all of them.
    package func withdrawnClips(inShard shard: String? = nil) throws(EchoError) -> [ClipRecord] {
        try read { db in
            let filter = shard == nil ? "shard IS NOT NULL" : "shard = ?"
            let arguments: StatementArguments = shard.map { [$0] } ?? []
            let rows = try Row.fetchAll(
                db, sql: "SELECT record, shard, tensor FROM withdrawn_clip WHERE \(filter) ORDER BY id",
                arguments: arguments)
            return try rows.map { row in
                var clip = try Catalog.record(row.value(0))
                clip.shard = try row.fileName(1)
                clip.tensor = try row.value(2)
                return clip
            }
        }
    }

    /// Records that an ingest begins or goes on, and does all that is to be done with its rows, in one transaction; the
    /// counts are added to those of the run.
    ///
    /// Labels of clips follow their clips' names. What a source's own list says of studies that have no file any more goes.
    /// - Parameter going: the run that goes on; nil for a new one
    /// - Returns: the run
    package func beginIngest(
        going: Int64?, commandLine: String, rules: [String: String], _ corrections: Corrections
    ) throws(EchoError) -> Int64 {
        try write { db in
            if let going {
                try Catalog.willChange(db, "run", part: "\(going)")
                try db.execute(sql: "UPDATE run SET finished_at = NULL WHERE id = ?", arguments: [going])
            }
            let run =
                try going ?? Catalog.insertRun(db, "ingest", commandLine: commandLine, rules: rules)
            try Catalog.apply(corrections, run: run, db)
            return run
        }
    }

    private static func apply(_ corrections: Corrections, run: Int64, _ db: Database) throws {
        for table in ["clip", "withdrawn_clip", "listed_study"] { try willChange(db, table) }
        // Two rows may take each other's names and paths.
        for (row, _) in corrections.corrected {
            try db.execute(
                sql: "UPDATE clip SET name = char(10) || id, path = char(10) || id WHERE id = ?",
                arguments: [row.id])
        }
        var studies: Set<String> = []
        let kept = try corrections.withdrawn.map { id in
            (id: id, kept: try Bool.fetchOne(db, sql: "SELECT kept FROM clip WHERE id = ?", arguments: [id]))
        }
        // Those without a clip first: they are nobody's heirs.
        for id in kept.filter({ $0.kept == false }).map(\.id) + kept.filter({ $0.kept == true }).map(\.id) {
            if let clip = try Catalog.withdraw(db, id: id, why: "gone", run: run) { studies.insert(clip) }
        }
        for (row, now) in corrections.corrected {
            try Catalog.correct(db, row, now)
            if row.studyKey != now.studyKey { studies.insert(row.studyKey) }
        }
        for (id, now) in corrections.returned { try Catalog.bringBack(db, id, now) }
        for (id, mtime) in corrections.touched {
            try db.execute(sql: "UPDATE clip SET mtime = ? WHERE id = ?", arguments: [mtime, id])
        }
        try Catalog.renameLabels(db, corrections.corrected.map { (old: $0.row.name, new: $0.now.name) })
        for study in studies {
            try db.execute(
                sql: """
                    DELETE FROM listed_study WHERE study_key = ?1
                        AND NOT EXISTS (SELECT 1 FROM clip WHERE study_key = ?1)
                    """, arguments: [study])
        }
        try Catalog.note(db, corrections.counts, run: run)
    }

    /// Brings the rows of an ingest that is done into the order of the source, numbered from 1, and what they say of each
    /// other up to date.
    ///
    /// - Parameter order: the paths of all files
    package func settle(order: [String]) throws(EchoError) {
        try write { db in
            try Catalog.willChange(db, "clip")
            try db.execute(
                sql: """
                    UPDATE clip SET tensor = coalesce(tensor, name),
                        flags = trim(replace(' ' || flags || ' ', ' same-instance ', ' '))
                    WHERE kept = 1 AND ' ' || flags || ' ' LIKE '% same-instance %' AND NOT EXISTS (
                        SELECT 1 FROM clip o WHERE o.sop_key = clip.sop_key AND o.kept = 1 AND o.id <> clip.id);
                    UPDATE clip SET detail = 'the same bytes as ' || (
                        SELECT min(k.path) FROM clip k WHERE k.sha256 = clip.sha256 AND k.kept = 1)
                    WHERE reason = 'duplicate' AND sha256 IS NOT NULL
                        AND EXISTS (SELECT 1 FROM clip k WHERE k.sha256 = clip.sha256 AND k.kept = 1)
                        AND NOT EXISTS (
                            SELECT 1 FROM clip k WHERE k.sha256 = clip.sha256 AND k.kept = 1
                                AND clip.detail = 'the same bytes as ' || k.path);
                    """)
            let rows = try Row.fetchAll(db, sql: "SELECT id, path FROM clip ORDER BY id")
            let found: [(id: Int64, path: String)] = try rows.map { row in try (row.value(0), row.value(1)) }
            let places = Dictionary(zip(order.map(PathText.init), order.indices)) { first, _ in first }
            let placed = found.enumerated().map { number, row in
                (place: places[PathText(row.path)] ?? .max, number: number, id: row.id)
            }
            let sorted = placed.sorted { ($0.place, $0.number) < ($1.place, $1.number) }.map(\.id)
            let moved = zip(sorted, 1...).filter { $0.0 != Int64($0.1) }
            // First out of each other's way.
            for (id, _) in moved {
                try db.execute(sql: "UPDATE clip SET id = -id WHERE id = ?", arguments: [id])
            }
            for (id, place) in moved {
                try db.execute(sql: "UPDATE clip SET id = ? WHERE id = ?", arguments: [place, -id])
            }
        }
    }

    /// Takes a row out of `clip`. A dropped file with the same bytes takes its clip over; else what is known of it goes to
    /// `withdrawn_clip`.
    ///
    /// - Parameter sums: of clips that are about to be added
    /// - Returns: its study
    @discardableResult
    static func withdraw(
        _ db: Database, id: Int64, why: String, run: Int64, having sums: Set<String> = []
    ) throws -> String? {
        guard let found = try ClipRow.fetchOne(db, sql: "SELECT * FROM clip WHERE id = ?", arguments: [id])
        else { return nil }
        let clip = found.clip
        try db.execute(sql: "DELETE FROM clip WHERE id = ?", arguments: [id])
        if clip.kept, let sum = clip.sha256, !sums.contains(sum),
            let heir = try Int64.fetchOne(
                db,
                sql: """
                    SELECT min(id) FROM clip WHERE sha256 = ?1 AND reason = 'duplicate'
                        AND NOT EXISTS (SELECT 1 FROM clip WHERE sha256 = ?1 AND kept = 1)
                    """, arguments: [sum])
        {
            try db.execute(
                sql: """
                    UPDATE clip SET kept = 1, reason = NULL, detail = ?, shard = ?, tensor = ?, frames = ?, checksum = ?
                    WHERE id = ?
                    """,
                arguments: [
                    clip.detail, clip.shard, clip.tensor ?? clip.name, clip.frames, clip.checksum, heir,
                ])
            return clip.studyKey
        }
        try WithdrawnRow(clip, why: why, record: try json(clip)).insert(db, run: run, shard: clip.shard)
        return clip.studyKey
    }

    private static func correct(_ db: Database, _ row: KnownFile, _ now: FileIdentity) throws {
        // A subject is nothing that a shard knows.
        let isOther =
            now.isElsewhere(path: row.path, name: row.name, studyKey: row.studyKey) || row.flags != now.flags
        try db.execute(
            sql: """
                UPDATE clip SET path = ?, name = ?, study_key = ?, study_id = ?, subject_id = ?, flags = ?,
                    mtime = coalesce(?, mtime), tensor = CASE WHEN kept = 1 AND ? THEN coalesce(tensor, ?) ELSE tensor END
                WHERE id = ?
                """,
            arguments: [
                now.path, now.name, now.studyKey, now.studyID, now.subjectID, now.flags, now.mtime, isOther,
                row.name, row.id,
            ])
    }

    private static func bringBack(_ db: Database, _ id: Int64, _ now: FileIdentity) throws {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT record, shard, tensor FROM withdrawn_clip WHERE id = ?", arguments: [id])
        else { return }
        var clip = try record(row.value(0))
        let isOther = now.isElsewhere(path: clip.path, name: clip.name, studyKey: clip.studyKey)
        clip.id = (try Row.fetchOne(db, sql: "SELECT coalesce(max(id), 0) FROM clip")?.value(0) ?? 0) + 1
        clip.shard = try row.value(1)
        clip.tensor = try row.value(2)
        if clip.tensor == clip.name, !isOther, clip.flags == now.flags { clip.tensor = nil }
        clip.path = now.path
        clip.name = now.name
        clip.studyKey = now.studyKey
        clip.studyID = now.studyID
        clip.subjectID = now.subjectID
        clip.flags = now.flags
        clip.mtime = now.mtime ?? clip.mtime
        try ClipRow(clip: clip).insert(db)
        try db.execute(sql: "DELETE FROM withdrawn_clip WHERE id = ?", arguments: [id])
    }

    /// Labels of clips keep to their clips.
    private static func renameLabels(_ db: Database, _ names: [(old: String, new: String)]) throws {
        let renamed = names.filter { PathText($0.old) != PathText($0.new) }
        if try renamed.isEmpty
            || !Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM label WHERE unit = 'clip')")!
        {
            return
        }
        let targets = try Row.fetchAll(
            db, sql: "SELECT DISTINCT source, target FROM label WHERE unit = 'clip'")
        for row in targets { try willChange(db, "label", part: row.value(0)) }
        for (from, to) in renamed.map({ ($0.old, "\n" + $0.new) }) + renamed.map({ ("\n" + $0.new, $0.new) })
        {
            for row in targets {
                try db.execute(
                    sql: """
                        UPDATE OR REPLACE label SET key = ?
                        WHERE source = ? AND unit = 'clip' AND target = ? AND key = ?
                        """, arguments: [to, try row.value(0) as String, try row.value(1) as String, from])
            }
        }
    }

    /// Adds counts to those of a run, inside a transaction of the caller.
    static func note(_ db: Database, _ counts: SourceChanges, run: Int64) throws {
        if counts.isEmpty { return }
        try willChange(db, "run", part: "\(run)")
        var all = try changes(db, run: run)
        all.add(counts)
        try db.execute(sql: "UPDATE run SET changes = ? WHERE id = ?", arguments: [try json(all), run])
    }

    /// What a run added and found changed.
    package func changes(run: Int64) throws(EchoError) -> SourceChanges {
        try read { db in try Catalog.changes(db, run: run) }
    }

    private static func changes(_ db: Database, run: Int64) throws -> SourceChanges {
        let text = try String.fetchOne(db, sql: "SELECT changes FROM run WHERE id = ?", arguments: [run])
        return try text.map { try JSONDecoder().decode(SourceChanges.self, from: Data($0.utf8)) }
            ?? SourceChanges()
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func record(_ text: String) throws -> ClipRecord {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(ClipRecord.self, from: Data(text.utf8)).checked()
    }
}

extension FileIdentity {
    /// Whether a row has another path, name or study, by their bytes.
    fileprivate func isElsewhere(path: String, name: String, studyKey: String) -> Bool {
        PathText(self.path) != PathText(path) || PathText(self.name) != PathText(name)
            || PathText(self.studyKey) != PathText(studyKey)
    }
}
