// Withdrawn clips in their shards: who they are, and shards that are written anew without them.

package import EchoCore
import GRDB

/// What a row of `withdrawn_clip` says of a clip, wherever its bytes lie.
package struct WithdrawnRow: Sendable {
    private let why: String, path: String, name: String, record: String
    private let bytes: Int?
    private let sha256: String?, tensor: String?

    /// - Parameter record: the clip's row, as JSON
    init(_ clip: ClipRecord, why: String, record: String) {
        self.why = why
        self.record = record
        path = clip.path
        name = clip.name
        bytes = clip.bytes
        sha256 = clip.sha256
        tensor = clip.kept ? clip.tensor ?? clip.name : nil
    }

    fileprivate init(_ row: Row) throws {
        why = try row.value("why")
        path = try row.value("path")
        name = try row.value("name")
        record = try row.value("record")
        bytes = try row.value("bytes")
        sha256 = try row.value("sha256")
        tensor = try row.value("tensor")
    }

    func insert(_ db: Database, run: Int64, shard: String?) throws {
        try db.execute(
            sql: """
                INSERT INTO withdrawn_clip (run_id, why, path, bytes, sha256, name, shard, tensor, record)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """, arguments: [run, why, path, bytes, sha256, name, shard, tensor, record])
    }
}

extension Catalog {
    /// The withdrawn clips of a shard.
    package func withdrawnRows(inShard shard: String) throws(EchoError) -> [WithdrawnRow] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM withdrawn_clip WHERE shard = ? ORDER BY id", arguments: [shard]
            ).map(WithdrawnRow.init)
        }
    }

    /// The shards that hold withdrawn clips, or clips under former names.
    package func shardsToCompact() throws(EchoError) -> [String] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT shard FROM withdrawn_clip WHERE shard IS NOT NULL
                    UNION SELECT shard FROM clip WHERE tensor IS NOT NULL ORDER BY shard
                    """
            ).map { row in try row.fileName(0) }
        }
    }

    /// Records that a shard's clips lie in another one now, under their own names, and that it is to be removed.
    ///
    /// - Parameter new: nil where it had none but withdrawn ones
    package func retire(_ shard: String, for new: String?) throws(EchoError) {
        try write { db in
            for table in ["clip", "withdrawn_clip", "retired_shard"] { try Catalog.willChange(db, table) }
            if let new {
                try db.execute(
                    sql: "UPDATE clip SET shard = ?, tensor = NULL WHERE shard = ?", arguments: [new, shard])
            }
            try db.execute(
                sql: "UPDATE withdrawn_clip SET shard = NULL, tensor = NULL WHERE shard = ?",
                arguments: [shard])
            try db.execute(sql: "INSERT OR IGNORE INTO retired_shard VALUES (?)", arguments: [shard])
        }
    }

    /// The shards that are to be removed.
    package func retiredShards() throws(EchoError) -> [String] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT shard FROM retired_shard ORDER BY shard").map { row in
                try row.fileName(0)
            }
        }
    }

    /// Records that a shard is removed.
    package func forgetRetired(_ shard: String) throws(EchoError) {
        try write { db in
            try Catalog.willChange(db, "retired_shard")
            try db.execute(sql: "DELETE FROM retired_shard WHERE shard = ?", arguments: [shard])
        }
    }
}
