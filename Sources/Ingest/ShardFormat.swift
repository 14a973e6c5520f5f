// What a shard says of itself: names, metadata, and the facts of each clip that pixels alone do not tell.

import Catalog
import EchoCore
import Foundation

/// The folder of a dataset in which shards lie.
let shardsFolder = "shards"

/// `shard-00007.safetensors`
func shardName(_ number: Int) -> String { "shard-\(zeroPadded(number, 5)).safetensors" }

/// The number in a shard's name, nil for other names.
func shardNumber(_ name: String) -> Int? {
    guard name.hasPrefix("shard-"), name.hasSuffix(".safetensors") else { return nil }
    return Int(name.dropFirst(6).dropLast(12))
}

/// A clip in a shard's metadata.
struct ShardedClip: Codable, Equatable {
    let study: String
    /// Relative to the source, and the sum of its bytes.
    let path: String, sha256: String?
    /// The mean where steps differ, and then the milliseconds of each frame from the first.
    let framesPerSecond: Double?, frameTimes: [Double]?
    /// Rows and columns of the source's pictures.
    let height: Int?, width: Int?
    /// Top, left, height and width of the part that was kept.
    let box: [Int]
    let kind: ClipKind?
    let flags: String
    /// XXH3-64 of the tensor's bytes.
    let xxh3: String?

    init(_ row: ClipRecord) {
        study = row.studyKey
        path = row.path
        sha256 = row.sha256
        framesPerSecond = row.framesPerSecond
        frameTimes = row.frameTimes
        height = row.height
        width = row.width
        box = [row.boxTop, row.boxLeft, row.boxHeight, row.boxWidth].compactMap { $0 }
        kind = row.kind
        flags = row.flags
        xxh3 = row.checksum
    }

    /// Whether these are the pixels of a row, whatever it is called.
    func isSameClip(_ row: ClipRecord) -> Bool {
        let other = ShardedClip(row)
        return sha256 == other.sha256 && framesPerSecond == other.framesPerSecond
            && frameTimes == other.frameTimes && height == other.height && width == other.width
            && box == other.box && kind == other.kind && xxh3 == other.xxh3
    }

    private enum CodingKeys: String, CodingKey {
        case study, path, sha256, height, width, box, kind, flags, xxh3
        case framesPerSecond = "frames_per_second"
        case frameTimes = "frame_times"
    }
}

/// The metadata of a shard; `clips` holds a JSON object with a `ShardedClip` under each tensor's name.
func shardMetadata(_ clips: [String: ShardedClip], rules: IngestRules) throws(EchoError) -> [String: String] {
    [
        "format": "echoprep-shard", "format_version": "1", "program": "echoprep \(programVersion)",
        "rules": try json(rules.texts), "clips": try json(clips),
    ]
}

/// The metadata of a shard with other clips, by the same rules.
func shardMetadata(
    _ clips: [String: ShardedClip], like metadata: [String: String]
) throws(EchoError) -> [String: String] {
    try metadata.merging(["program": "echoprep \(programVersion)", "clips": json(clips)]) { $1 }
}

/// The clips that a shard's metadata describes; nil if it is not a shard.
func shardedClips(_ metadata: [String: String]) -> [String: ShardedClip]? {
    guard metadata["format"] == "echoprep-shard", let text = metadata["clips"] else { return nil }
    return try? JSONDecoder().decode([String: ShardedClip].self, from: Data(text.utf8))
}

private func json(_ value: some Encodable) throws(EchoError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    } catch {
        throw EchoError(shardsFolder, "a clip's facts cannot be written: \(error)")
    }
}
