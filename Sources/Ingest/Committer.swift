// Clips into shards and rows into the database, in the order of the plan: a shard first, then its rows, at once.

import Catalog
import EchoCore
import Files
import Foundation
import Shards

/// Writes what the workers prepared.
///
/// A shard is written under a temporary name, brought to the disk and renamed; then the rows of all files up to it
/// are committed. Whatever is killed, the database never names a clip that is not in a shard, and a shard that no row
/// names is written again with the same bytes. A shard ends with a study, so what follows depends on nothing before.
final class Committer {
    private let catalog: Catalog
    private let folder: String
    private let rules: IngestRules
    private let greatestHeader: Int
    private var nextShard: Int
    private var nextID: Int64
    private var shard: OpenShard?
    /// The paths of files whose rows are others' or old: theirs are replaced when they are read.
    private let replacing: Set<PathText>
    /// Rows that are not committed yet, and the paths of rows that they replace.
    private var rows: [ClipRecord] = []
    private var replaced: [String] = []
    /// Those of `replacing` whose new rows are committed.
    private var done: Set<PathText> = []
    /// The kept ones among them: paths by the sums of their bytes, and SOP instances.
    private var pending: [String: String] = [:]
    private var pendingInstances: Set<String> = []
    /// The files of the current study that follow, and the bytes of the header of a shard that holds nothing else.
    private var study: ArraySlice<SourceFile> = []
    private var roomForStudy = 0

    /// A shard that clips are being written to.
    private struct OpenShard: ~Copyable {
        let name: String
        var writer: SafetensorsWriter
        let headerRoom: Int
        /// Bytes that the header will take at most.
        var header = Committer.headerBase
        var clips: [String: ShardedClip] = [:]

        /// Whether another study, which takes at most `bound` bytes in the header, goes into the next shard.
        func isFull(_ size: Int, before bound: Int) -> Bool {
            writer.size - headerRoom >= size || header + bound > headerRoom
        }
    }

    /// Opens the shards' folder of a dataset that nobody else writes to.
    ///
    /// - Parameter greatestHeader: bytes of a shard's header, a multiple of eight
    init(catalog: Catalog, rules: IngestRules, replacing: Set<PathText>, greatestHeader: Int)
        throws(EchoError)
    {
        self.greatestHeader = greatestHeader
        self.catalog = catalog
        self.rules = rules
        self.replacing = replacing
        folder = catalog.folder + "/" + shardsFolder
        nextID = try catalog.lastClipID() + 1
        let committed = try catalog.shards()
        nextShard = committed.last.flatMap(shardNumber).map { $0 + 1 } ?? 0
        try makeFolder(folder)
        try removeRetiredShards(of: catalog)
        try clean(committed: Set(committed))
    }

    /// Removes what a killed run left open, or named and did not commit; all other files must be the database's.
    private func clean(committed: Set<String>) throws(EchoError) {
        let found = Set(try entries(ofFolder: folder).map(\.name))
        if let gone = committed.subtracting(found).min() {
            throw EchoError(
                "\(shardsFolder)/\(gone)", "is gone", try: "restore it, or ingest into another folder")
        }
        for name in found where name.hasPrefix(".shard-") { try removeFile(folder + "/" + name) }
        let unknown = found.subtracting(committed).filter { shardNumber($0) != nil }
        if let stranger = unknown.subtracting([shardName(nextShard)]).min() {
            throw EchoError(
                "\(shardsFolder)/\(stranger)", "is in no row of \(Catalog.fileName)",
                try: "restore the database that belongs to these shards, or ingest into another folder")
        }
        for name in unknown { try removeFile(folder + "/" + name) }
    }

    /// Says that the files of another study follow.
    func begin(_ study: ArraySlice<SourceFile>) throws(EchoError) {
        self.study = study
        let bound = makeRoom()
        let isFull = shard?.isFull(rules.shardSize, before: bound)
        if isFull == true {
            try closeShard()
        } else if isFull == nil, rows.count >= 4096 {
            try commitRows()
        }
    }

    /// Plans a header for what is left of the study; returns the bytes that its files add to one.
    private func makeRoom() -> Int {
        let bound = study.reduce(0) { $0 + Committer.headerBound($1) }
        roomForStudy = (Committer.headerBase + bound + 7) / 8 * 8
        return bound
    }

    /// Takes a file's row, and its pixels if it is kept.
    ///
    /// - Returns: the row as it will be in the database
    func add(_ prepared: PreparedClip) throws(EchoError) -> ClipRecord {
        var row = prepared.record
        row.id = nextID
        nextID += 1
        if replacing.contains(PathText(row.path)) { replaced.append(row.path) }
        try findTwins(&row)
        if row.reason == nil {
            // Times are known too late to keep room for them; the header moves the tensors where they do not fit.
            let bound =
                Committer.headerBound(row.name, row.studyKey, row.path) + 24 * (row.frameTimes?.count ?? 0)
            if let header = shard?.header, header + bound > greatestHeader {
                // A study whose facts are more than a header may hold goes on in another shard.
                try closeShard()
                _ = makeRoom()
                note(row)
            }
            let name = try openShard()
            row.kept = true
            row.shard = name
            try shard?.writer.add(row.name, .u8, shape: prepared.shape, bytes: prepared.bytes)
            shard?.clips[row.name] = ShardedClip(row)
            shard?.header += bound
        } else {
            row.frames = nil
            row.checksum = nil
        }
        rows.append(row)
        study = study.dropFirst()
        return row
    }

    /// Drops a clip whose bytes are in the dataset, and flags one of whose instance another version is.
    private func findTwins(_ row: inout ClipRecord) throws(EchoError) {
        guard row.reason == nil, let sum = row.sha256 else { return }
        var twin = pending[sum]
        // What is about to be replaced is no twin: its file has other bytes now.
        if twin == nil {
            twin = try catalog.twins(sha256: sum).first { isUnchanged($0) }
        }
        if let twin {
            row.reason = .duplicate
            row.detail = "the same bytes as \(twin)"
            return
        }
        if let key = row.sopKey {
            var isKnown = pendingInstances.contains(key)
            if !isKnown {
                isKnown = try catalog.instances(sopKey: key).contains {
                    isUnchanged($0)
                }
            }
            if isKnown { row.add(flag: "same-instance") }
        }
        note(row)
    }

    /// Remembers a kept clip until its row is in the database.
    private func note(_ row: ClipRecord) {
        if let sum = row.sha256 { pending[sum] = row.path }
        if let key = row.sopKey { pendingInstances.insert(key) }
    }

    /// Whether the row of a file is that of the bytes that it has now.
    private func isUnchanged(_ path: String) -> Bool {
        !replacing.contains(PathText(path)) || done.contains(PathText(path))
    }

    private func openShard() throws(EchoError) -> String {
        if let name = shard?.name { return name }
        let name = shardName(nextShard)
        // A thousandth of the shard holds the headers of its clips; a huge study gets what it needs.
        let room = min(
            max(64 << 10, rules.shardSize / 1024 / 8 * 8, roomForStudy), greatestHeader)
        shard = OpenShard(
            name: name, writer: try SafetensorsWriter(folder + "/" + name, headerRoom: room), headerRoom: room
        )
        return name
    }

    private func closeShard() throws(EchoError) {
        if var shard = shard.take() {
            shard.writer.metadata = try shardMetadata(shard.clips, rules: rules)
            try shard.writer.finish()
            nextShard += 1
        }
        try commitRows()
    }

    private func commitRows() throws(EchoError) {
        try catalog.add(rows, replacing: replaced)
        done.formUnion(replaced.map(PathText.init))
        rows.removeAll()
        replaced.removeAll()
        pending.removeAll()
        pendingInstances.removeAll()
    }

    /// Closes the last shard and commits the last rows.
    func finish() throws(EchoError) { try closeShard() }

    /// What the header needs without any clip.
    private static let headerBase = 4096

    private static func headerBound(_ file: SourceFile) -> Int {
        headerBound(file.name, file.study, file.path)
    }

    /// More than a clip takes in the header: numbers and checksums, and texts in which every byte may become seven.
    private static func headerBound(_ name: String, _ study: String, _ path: String) -> Int {
        1024 + 8 * (2 * name.utf8.count + study.utf8.count + path.utf8.count)
    }
}
