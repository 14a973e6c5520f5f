// The rows of `clip`, as ingest writes them and inspect and verify read them.

package import EchoCore
import GRDB

extension Catalog {
    /// Adds rows of one run in one transaction, in place of those of the paths in `replacing`, and counts them.
    ///
    /// A clip that was kept and is replaced is withdrawn: its bytes were others.
    /// - Parameter withdrawn: of another dataset, whose shard is now that of the rows
    package func add(
        _ clips: [ClipRecord], replacing: [String] = [], withdrawn: [WithdrawnRow] = []
    ) throws(EchoError) {
        guard let run = clips.first?.runID else { return }
        let shard = clips.first(where: \.kept)?.shard
        try write { db in
            for table in ["clip", "withdrawn_clip"] { try Catalog.willChange(db, table) }
            for row in withdrawn { try row.insert(db, run: run, shard: shard) }
            var counts = SourceChanges()
            let sums = Set(clips.filter(\.kept).compactMap(\.sha256))
            for path in replacing {
                let found = try Row.fetchOne(
                    db, sql: "SELECT id, kept FROM clip WHERE path = ?", arguments: [path])
                guard let found else { continue }
                let id: Int64 = try found.value(0), kept: Bool = try found.value(1)
                if kept {
                    try Catalog.withdraw(db, id: id, why: "changed", run: run, having: sums)
                } else {
                    try db.execute(sql: "DELETE FROM clip WHERE id = ?", arguments: [id])
                }
                counts[kept ? .changed : .again] += 1
            }
            for clip in clips { try ClipRow(clip: clip).insert(db) }
            counts[.new] = clips.count - replacing.count
            try Catalog.note(db, counts, run: run)
        }
    }

    /// The paths of all files that have a row.
    package func finishedPaths() throws(EchoError) -> Set<PathText> {
        try read { db in Set(try String.fetchAll(db, sql: "SELECT path FROM clip").map(PathText.init)) }
    }

    /// The highest clip id, 0 if there is no clip.
    package func lastClipID() throws(EchoError) -> Int64 {
        try read { db in try Row.fetchOne(db, sql: "SELECT coalesce(max(id), 0) FROM clip")?.value(0) ?? 0 }
    }

    /// The names of all committed shards, sorted; also of those that hold nothing but withdrawn clips.
    package func shards() throws(EchoError) -> [String] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT shard FROM clip WHERE kept = 1
                    UNION SELECT shard FROM withdrawn_clip WHERE shard IS NOT NULL ORDER BY shard
                    """
            ).map { row in try row.fileName(0) }
        }
    }

    /// All rows in order of their ids, or only those of one shard.
    package func clips(inShard shard: String? = nil) throws(EchoError) -> [ClipRecord] {
        try read { db in
            let filter = shard == nil ? "" : "WHERE shard = ?"
            let arguments: StatementArguments = shard.map { [$0] } ?? []
            return try ClipRow.fetchAll(
                db, sql: "SELECT * FROM clip \(filter) ORDER BY id", arguments: arguments
            )
            .map(\.clip)
        }
    }

    /// The rows of one outcome, in order of their ids.
    package func clips(kept: Bool, kind: ClipKind, reason: DropReason?) throws(EchoError) -> [ClipRecord] {
        try read { db in
            try ClipRow.fetchAll(
                db, sql: "SELECT * FROM clip WHERE kept = ? AND kind = ? AND reason IS ? ORDER BY id",
                arguments: [kept, kind.rawValue, reason?.rawValue]
            ).map(\.clip)
        }
    }

    /// The row of a file by its path relative to the source, or of a clip by its name.
    package func clip(_ pathOrName: String) throws(EchoError) -> ClipRecord? {
        try read { db in
            try ClipRow.fetchOne(
                db, sql: "SELECT * FROM clip WHERE path = ? OR name = ?", arguments: [pathOrName, pathOrName]
            )?.clip
        }
    }

    /// The paths of kept files with this content.
    package func twins(sha256: String) throws(EchoError) -> [String] {
        try read { db in
            try String.fetchAll(
                db, sql: "SELECT path FROM clip WHERE sha256 = ? AND kept = 1", arguments: [sha256])
        }
    }

    /// The paths of kept files of this SOP instance.
    package func instances(sopKey: String) throws(EchoError) -> [String] {
        try read { db in
            try String.fetchAll(
                db, sql: "SELECT path FROM clip WHERE sop_key = ? AND kept = 1", arguments: [sopKey])
        }
    }

    /// How many files have a word among their flags.
    package func files(flagged word: String) throws(EchoError) -> Int {
        try read { db in
            try Int.fetchOne(
                db, sql: "SELECT count(*) FROM clip WHERE ' ' || flags || ' ' LIKE '% ' || ? || ' %'",
                arguments: [word]) ?? 0
        }
    }

    /// How many files ended how.
    package func outcomes() throws(EchoError) -> [Outcome] {
        try read { db in
            let sql = """
                SELECT kept, kind, reason, count(*), coalesce(sum(bytes), 0), coalesce(sum(frames), 0)
                FROM clip GROUP BY kept, kind, reason ORDER BY kept DESC, count(*) DESC, kind, reason
                """
            return try Row.fetchAll(db, sql: sql).map { row in
                let kind: String? = try row.value(1), reason: String? = try row.value(2)
                return try Outcome(
                    kept: row.value(0), kind: kind.flatMap(ClipKind.init),
                    reason: reason.flatMap(DropReason.init), files: row.count(3),
                    bytes: row.count(4, upTo: 1 << 60), frames: row.count(5, upTo: 1 << 60))
            }
        }
    }
}

/// Files that ended the same way.
package struct Outcome: Sendable, Equatable, Codable {
    package let kept: Bool
    package let kind: ClipKind?
    package let reason: DropReason?
    package let files: Int
    /// Bytes of the source files.
    package let bytes: Int
    /// Frames in shards.
    package let frames: Int
}

/// `ClipRecord` as GRDB reads and writes it.
struct ClipRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "clip"
    static let databaseColumnDecodingStrategy = DatabaseColumnDecodingStrategy.convertFromSnakeCase
    static let databaseColumnEncodingStrategy = DatabaseColumnEncodingStrategy.convertToSnakeCase

    let clip: ClipRecord

    init(clip: ClipRecord) { self.clip = clip }
    init(from decoder: any Decoder) throws { clip = try ClipRecord(from: decoder).checked() }
    func encode(to encoder: any Encoder) throws { try clip.encode(to: encoder) }
}
