// A few clips of a dataset as moving pictures: what the shards hold and, where asked for, the files they came from.

import Catalog
import Crop
import EchoCore
import Files
import Pictures
import Scoring
import Shards
import Video

/// Which clips a report shows, and how much of them.
package struct ClipChoice {
    var count = 6
    /// Frames of each, spread over its length.
    var frames = 16
    /// Show the whole picture of the source file too, with all that is written in it.
    var showSource = false
    /// Name the clips.
    var showIDs = false

    package init(showSource: Bool = false, showIDs: Bool = false) {
        self.showSource = showSource
        self.showIDs = showIDs
    }
}

extension SampleClip {
    /// Clips of studies spread over the dataset, of each another view; none where there are no shards.
    static func samples(_ catalog: Catalog, _ choice: ClipChoice) throws -> [SampleClip] {
        let studies = try catalog.studies()
        let rules = try catalog.lastRun(of: "ingest")?.rules ?? [:]
        let layout = rules["pixels"].flatMap(PixelLayout.init) ?? .luma
        let source = choice.showSource ? rules["source"] : nil
        let count = min(choice.count, studies.count)
        return try (0..<count).compactMap { index in
            let study = studies[index * studies.count / count]
            let stored = study.clips[index % study.clips.count]
            guard let record = try catalog.clip(stored.name) else { return nil }
            let shard = try SafetensorsFile(path: "\(catalog.folder)/shards/\(stored.shard)")
            let cropped = try Strip(frames: ClipFrames(stored.tensor, in: shard), layout, choice.frames)
            let name = choice.showIDs ? stored.name : "Clip \(index + 1)"
            let rate = stored.framesPerSecond ?? 30
            return SampleClip(
                caption: "\(name), \(stored.frames) frames", cropped: cropped,
                source: source.flatMap { try? Strip(file: "\($0)/\(record.path)", choice.frames) },
                seconds: Double(stored.frames) / rate, facts: facts(name, record))
        }
    }

    private static func facts(_ name: String, _ record: ClipRecord) -> [String] {
        func text(_ numbers: Int?..., separator: String) -> String {
            let known = numbers.compactMap(\.self)
            return known.count == numbers.count
                ? known.map { "\($0)" }.joined(separator: separator) : "–"
        }
        return [
            name, record.frames.map { "\($0)" } ?? "–", record.framesPerSecond.map { fixed($0, 1) } ?? "–",
            text(record.height, record.width, separator: " × "),
            text(record.boxTop, record.boxLeft, record.boxHeight, record.boxWidth, separator: ", "),
            record.maskShare.map { fixed(100 * $0, 1) } ?? "–",
        ]
    }
}

extension SampleClip.Strip {
    /// Frames as a shard holds them.
    init(frames: ClipFrames, _ layout: PixelLayout, _ count: Int) throws {
        try self.init(
            spread(count, over: frames.count).map { frame in
                Picture(
                    width: frames.width, height: frames.height, channels: frames.channels,
                    pixels: layout.picture(Array(try frames.frame(frame))))
            })
    }

    /// Frames of a source file, 224 rows high.
    init(file path: String, _ count: Int) throws {
        let clip = try openClip(readFile(path), name: path).decode(maxFrames: nil).clip
        let height = 224, width = (clip.width * height + clip.height / 2) / clip.height
        try self.init(
            spread(count, over: clip.frames).map { frame in
                Picture(
                    width: clip.width, height: clip.height, channels: 3, pixels: rgbFrame(of: clip, at: frame)
                ).resized(width: width, height: height)
            })
    }

    /// Frames side by side in one JPEG picture.
    private init(_ frames: [Picture]) throws {
        let strip = Picture.montage(frames, columns: frames.count, gap: 0)
        let bytes = try JPEGEncoder(quality: 80).encode(
            strip.pixels, height: strip.height, width: strip.width, channels: strip.channels)
        self.init(
            image: EncodedImage(bytes, .jpeg), frames: frames.count, width: frames[0].width,
            height: frames[0].height)
    }
}

/// `count` frames at equal steps over a clip of `frames`, or all where it has fewer.
private func spread(_ count: Int, over frames: Int) -> [Int] {
    let count = min(count, frames)
    return (0..<count).map { $0 * frames / count }
}
