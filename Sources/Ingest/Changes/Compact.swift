// `echoprep merge --compact`: shards without the clips that were withdrawn, and with the names that clips have now.

import Catalog
import EchoCore
import Files
import Shards

/// What a compaction did.
package struct CompactSummary: Sendable, Codable {
    /// Shards that were written anew, or removed whole.
    package let shards: Int
    /// Withdrawn clips whose bytes are gone.
    package let clips: Int
    /// Bytes that the shards take less.
    package let bytes: Int

    /// One line for people.
    package var text: String {
        "\(grouped(clips)) withdrawn clips and \(grouped(bytes)) bytes less, \(grouped(shards)) shards written anew"
    }
}

/// Writes every shard that holds withdrawn clips, or clips under former names, anew under another number.
///
/// The new shard first, then its rows and the note that the former one is to be removed, in one transaction, then its
/// removal: what is stopped goes on with the same command. A clip that was withdrawn can then only come back from its file.
/// - Throws: `EchoError` where a clip's bytes are not those that were written
package func compact(dataset: String) throws -> CompactSummary {
    let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
    guard let lock = try FileLock.take(dataset + "/.ingest.lock") else {
        throw EchoError("DATASET", "an echoprep ingest is writing to it", try: "wait for it")
    }
    try removeRetiredShards(of: catalog)
    let shards = try catalog.shardsToCompact()
    let progress = Progress("compact", total: shards.count, unit: "shards")
    var clips = 0, bytes = 0
    for (index, shard) in shards.enumerated() {
        try Interruption.check()
        clips += try catalog.withdrawnRows(inShard: shard).count
        bytes += try rewrite(shard, of: catalog)
        try removeRetiredShards(of: catalog)
        progress.update(index + 1)
    }
    try catalog.addSums()
    if !shards.isEmpty { progress.finish(shards.count) }
    _ = consume lock
    return CompactSummary(shards: shards.count, clips: clips, bytes: bytes)
}

/// Removes the files of shards that are written anew under other names.
func removeRetiredShards(of catalog: Catalog) throws(EchoError) {
    for shard in try catalog.retiredShards() {
        try removeFile("\(catalog.folder)/\(shardsFolder)/\(shard)")
        try catalog.forgetRetired(shard)
    }
}

/// Writes the clips of a shard to a new one.
///
/// - Returns: the bytes that it takes less
private func rewrite(_ shard: String, of catalog: Catalog) throws(EchoError) -> Int {
    let folder = "\(catalog.folder)/\(shardsFolder)/"
    let former = try SafetensorsFile(path: folder + shard)
    let before = former.tensors.values.reduce(0) { $0 + $1.byteRange.count }
    let rows = try catalog.clips(inShard: shard)
    if rows.isEmpty {
        try catalog.retire(shard, for: nil)
        return before
    }
    let tensors = try rows.map { row throws(EchoError) in
        let tensor = try former.info(row.tensor ?? row.name)
        return (name: row.name, dtype: tensor.dtype, shape: tensor.shape)
    }
    let facts = Dictionary(rows.map { ($0.name, ShardedClip($0)) }) { first, _ in first }
    let name = try catalog.shards().last.flatMap(shardNumber).map { shardName($0 + 1) } ?? shardName(0)
    var writer = try SafetensorsWriter(
        folder + name, metadata: shardMetadata(facts, like: former.metadata), tensors: tensors)
    for (row, tensor) in zip(rows, tensors) {
        let data = try former.bytes(row.tensor ?? row.name)
        guard xxh3(data) == row.checksum else {
            throw EchoError(
                "\(shardsFolder)/\(shard)", "the bytes of \(row.name) are not those that were written",
                try: "run echoprep verify, and restore the shard from a copy")
        }
        try writer.add(tensor.name, tensor.dtype, shape: tensor.shape, bytes: data)
    }
    let after = tensors.reduce(0) { $0 + $1.shape.reduce($1.dtype.size, *) }
    try writer.finish()
    try catalog.retire(shard, for: name)
    return before - after
}
