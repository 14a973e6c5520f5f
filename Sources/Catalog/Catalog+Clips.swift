// The rows of `clip`, as ingest writes them and inspect and verify read them.

package import EchoCore
import GRDB

extension Catalog {
    /// Adds rows in one transaction, after removing those of the paths in `replacing`.
    package func add(_ clips: [ClipRecord], replacing: [String] = []) throws(EchoError) {
        try write { db in
            for path in replacing {
                try db.execute(sql: "DELETE FROM clip WHERE path = ?", arguments: [path])
            }
            for clip in clips { try ClipRow(clip: clip).insert(db) }
        }
    }

    /// The paths of files that were dropped for one of these reasons.
    package func paths(droppedFor reasons: [DropReason]) throws(EchoError) -> Set<String> {
        try read { db in
            var paths: Set<String> = []
            for reason in reasons {
                paths.formUnion(
                    try String.fetchSet(
                        db, sql: "SELECT path FROM clip WHERE reason = ?", arguments: [reason.rawValue]))
            }
            return paths
        }
    }

    /// The paths of all files that have a row.
    package func finishedPaths() throws(EchoError) -> Set<String> {
        try read { db in try String.fetchSet(db, sql: "SELECT path FROM clip") }
    }

    /// The highest clip id, 0 if there is no clip.
    package func lastClipID() throws(EchoError) -> Int64 {
        try read { db in try Int64.fetchOne(db, sql: "SELECT max(id) FROM clip") ?? 0 }
    }

    /// The names of all committed shards, sorted.
    package func shards() throws(EchoError) -> [String] {
        try read { db in
            try String.fetchAll(db, sql: "SELECT DISTINCT shard FROM clip WHERE kept = 1 ORDER BY shard")
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

    /// The path of a kept file with this content.
    package func twin(sha256: String) throws(EchoError) -> String? {
        try read { db in
            try String.fetchOne(
                db, sql: "SELECT path FROM clip WHERE sha256 = ? AND kept = 1 LIMIT 1", arguments: [sha256])
        }
    }

    /// Whether a kept file is of this SOP instance.
    package func hasInstance(sopKey: String) throws(EchoError) -> Bool {
        try read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM clip WHERE sop_key = ? AND kept = 1)",
                arguments: [sopKey]) ?? false
        }
    }

    /// How many files ended how.
    package func outcomes() throws(EchoError) -> [Outcome] {
        try read { db in
            let sql = """
                SELECT kept, kind, reason, count(*), coalesce(sum(bytes), 0), coalesce(sum(frames), 0)
                FROM clip GROUP BY kept, kind, reason ORDER BY kept DESC, count(*) DESC, kind, reason
                """
            return try Row.fetchAll(db, sql: sql).map {
                Outcome(
                    kept: $0[0], kind: ($0[1] as String?).flatMap(ClipKind.init),
                    reason: ($0[2] as String?).flatMap(DropReason.init), files: $0[3], bytes: $0[4],
                    frames: $0[5])
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
private struct ClipRow: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "clip"
    static let databaseColumnDecodingStrategy = DatabaseColumnDecodingStrategy.convertFromSnakeCase
    static let databaseColumnEncodingStrategy = DatabaseColumnEncodingStrategy.convertToSnakeCase

    let clip: ClipRecord

    init(clip: ClipRecord) { self.clip = clip }
    init(from decoder: any Decoder) throws { clip = try ClipRecord(from: decoder) }
    func encode(to encoder: any Encoder) throws { try clip.encode(to: encoder) }
}
