// What a shard says of itself: names, metadata, and the facts of each clip that pixels alone do not tell.

import Catalog
import EchoCore
import Files
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
    sealed([
        "format": "echoprep-shard", "format_version": "1", "program": "echoprep \(programVersion)",
        "rules": try json(rules.texts), "clips": try clipsText(clips),
    ])
}

/// The metadata of a shard with other clips, by the same rules.
func shardMetadata(
    _ clips: [String: ShardedClip], like metadata: [String: String]
) throws(EchoError) -> [String: String] {
    sealed(try metadata.merging(["program": "echoprep \(programVersion)", "clips": clipsText(clips)]) { $1 })
}

/// Where a shard's metadata holds the XXH3-64 of all else in it.
private let sealKey = "metadata_xxh3"

private func sealed(_ metadata: [String: String]) -> [String: String] {
    metadata.merging([sealKey: seal(of: metadata)]) { $1 }
}

private func seal(of metadata: [String: String]) -> String {
    let entries = metadata.filter { $0.key != sealKey }.sorted { $0.key < $1.key }
    return xxh3(
        Array(
            entries.map { "\($0.key.utf8.count):\($0.key)\($0.value.utf8.count):\($0.value)" }.joined().utf8))
}

/// Whether a shard's metadata is as it was written, as far as it says so: that of earlier programs does not.
func isAsSealed(_ metadata: [String: String]) -> Bool {
    let own: Set = ["format", "format_version", "program", "rules", "clips"]
    if let wanted = metadata[sealKey] { return wanted == seal(of: metadata) }
    return Set(metadata.keys) == own
}

/// The clips that a shard's metadata describes; nil if it is not a shard.
func shardedClips(_ metadata: [String: String]) -> [String: ShardedClip]? {
    guard metadata["format"] == "echoprep-shard", let text = metadata["clips"] else { return nil }
    return try? JSONDecoder().decode([String: ShardedClip].self, from: Data(text.utf8))
}

/// A JSON object with each clip under its name, written clip by clip: of 45,000 at once the encoder takes 200 MB.
private func clipsText(_ clips: [String: ShardedClip]) throws(EchoError) -> String {
    var text = "{"
    for (name, clip) in clips.sorted(by: { $0.key < $1.key }) {
        text += try (text.utf8.count > 1 ? "," : "") + json([name: clip]).dropFirst().dropLast()
    }
    return text + "}"
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
