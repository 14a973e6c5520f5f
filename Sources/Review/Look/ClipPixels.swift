// The pixels that the page shows: frames out of the shards, pictures out of the source, small ones for sheets.

import Catalog
import Crop
import EchoCore
import Files
import Foundation
import Ingest
import Pictures
import Shards
import StudyData
import Video

/// Frames as the page draws them: U8 [count, height, width] or [count, height, width, 3], red, green and blue.
struct ShownFrames: Sendable {
    /// How many; a damaged file may have fewer.
    let count: Int
    let height: Int, width: Int, channels: Int
    /// Seconds from the first frame; empty where nothing is known of time.
    let times: [Double]
    /// Those that are there at once: all, or the first.
    let bytes: [UInt8]
    /// Makes the others.
    var others: (@Sendable () throws(Rejection) -> [UInt8])?
}

/// Reads what is looked at, on any thread.
final class ClipPixels: Sendable {
    private let catalog: Catalog
    private let shards: ShardPool
    private let layout: PixelLayout
    private let rules: IngestRules
    private let sources: [Int64: String]
    private let looked = RecentValues<String, ClipInspection>(4)
    private let sheets = RecentValues<Int, [UInt8]>(200)

    /// Frames of a dropped clip that are shown at most, and rows or columns of each.
    static let mostFrames = 96, mostSide = 512
    /// A sheet is that many tiles wide and high, of so many pixels each.
    static let sheetColumns = 10, tileSide = 96

    init(_ catalog: Catalog) throws(EchoError) {
        self.catalog = catalog
        shards = ShardPool(dataset: catalog.folder)
        let texts = try catalog.lastRun(of: "ingest")?.rules ?? [:]
        layout = texts["pixels"].flatMap(PixelLayout.init) ?? .luma
        var rules = IngestRules()
        rules.crop = texts["crop"].flatMap(CropRule.init) ?? rules.crop
        self.rules = rules
        sources = try catalog.sourceFolders()
    }

    /// Frames of a clip.
    ///
    /// - Parameter range: which ones; nil for all
    func frames(of clip: QueuedClip, _ range: Range<Int>?) throws(EchoError) -> ShownFrames {
        guard let row = try catalog.clip(clip.name) else { throw gone }
        guard let stored = row.stored else { return try sourceFrames(of: row, range) }
        let pixels = try shards.pixels(of: stored)
        let chosen = range?.clamped(to: 0..<pixels.frames) ?? 0..<pixels.frames
        var bytes: [UInt8] = []
        bytes.reserveCapacity(chosen.count * pixels.side * pixels.side * pixels.channels)
        for index in chosen { bytes += try pixels.frame(index) }
        return ShownFrames(
            count: chosen.count, height: pixels.side, width: pixels.side, channels: pixels.channels,
            times: times(of: row, count: pixels.frames, chosen), bytes: layout.picture(bytes))
    }

    /// When each frame was taken, in seconds from the first.
    private func times(of row: ClipRecord, count: Int, _ chosen: Range<Int>) -> [Double] {
        if let milliseconds = row.frameTimes, milliseconds.count >= count {
            return chosen.map { milliseconds[$0] / 1000 }
        }
        guard let rate = row.framesPerSecond, rate > 0 else { return [] }
        return chosen.map { Double($0) / rate }
    }

    /// Frames out of the source file; the first before all others are decoded, so that it is on its way.
    private func sourceFrames(of row: ClipRecord, _ range: Range<Int>?) throws(EchoError) -> ShownFrames {
        do throws(Rejection) {
            let source = try openClip(try sourceBytes(of: row), name: "")
            let all = 0..<max(1, min(source.header.frames, ClipPixels.mostFrames))
            let chosen = range?.clamped(to: all) ?? all
            let ready = chosen.prefix(1)
            let (bytes, height, width) = try ClipPixels.decoded(source, ready)
            var shown = ShownFrames(
                count: chosen.count, height: height, width: width, channels: 3,
                times: times(of: row, count: chosen.upperBound, chosen), bytes: bytes)
            if chosen.count > 1 {
                shown.others = { () throws(Rejection) in
                    try ClipPixels.decoded(source, chosen.dropFirst()).bytes
                }
            }
            return shown
        } catch {
            throw EchoError("source", error.description)
        }
    }

    private static func decoded(
        _ source: any ClipSource, _ chosen: Range<Int>
    ) throws(Rejection) -> (bytes: [UInt8], height: Int, width: Int) {
        let clip = try source.decode(maxFrames: max(1, chosen.upperBound)).clip
        defer { FrameMemory.recycle(clip) }
        // Whole squares of the source become one pixel, so that letters stay letters.
        let scale = max(1, (max(clip.height, clip.width) + mostSide - 1) / mostSide)
        let height = max(1, clip.height / scale), width = max(1, clip.width / scale)
        var bytes: [UInt8] = []
        for index in chosen.clamped(to: 0..<clip.frames) {
            bytes += smallFrame(of: clip, at: index, height: height, width: width)
        }
        return (bytes, height, width)
    }

    private func sourceBytes(of row: ClipRecord) throws(Rejection) -> [UInt8] {
        guard let folder = sources[row.runID], let bytes = try? readFile(folder + "/" + row.path) else {
            throw Rejection(.missing, "the source file is not there any more")
        }
        return bytes
    }

    /// Whether the source file of a clip is there.
    func hasSource(_ row: ClipRecord) -> Bool {
        sources[row.runID].flatMap { try? isReadable($0 + "/" + row.path) } ?? false
    }

    /// A frame of the source file as PNG.
    func source(of clip: QueuedClip, frame: Int, overlays: Bool) throws(EchoError) -> [UInt8] {
        guard let row = try catalog.clip(clip.name) else { throw gone }
        let inspection = try looked.value(clip.name) { () throws(EchoError) in
            guard let folder = sources[row.runID], hasSource(row) else {
                throw EchoError("source", "the source file is not there any more")
            }
            do throws(EchoError) {
                return try ClipInspection(folder + "/" + row.path, rules: rules)
            } catch {
                throw EchoError("source", error.problem)
            }
        }
        return try inspection.picture(frame: frame, overlays: overlays).png(fast: true)
    }

    /// One hundred middle frames as PNG, row by row; black where a clip was dropped.
    func sheet(_ number: Int, of queue: ReviewQueue) throws(EchoError) -> [UInt8] {
        try sheets.value(number) { () throws(EchoError) in
            let count = ClipPixels.sheetColumns * ClipPixels.sheetColumns, side = ClipPixels.tileSide
            var sheet = Picture(
                width: ClipPixels.sheetColumns * side, height: ClipPixels.sheetColumns * side,
                channels: layout.channels, level: 0)
            let places = min(number * count, queue.clips.count)..<min((number + 1) * count, queue.clips.count)
            for place in places where queue.clips[place].kept {
                let clip = queue.clips[place], middle = clip.frames / 2
                // A clip that cannot be read is told when it is opened.
                guard let shown = try? frames(of: clip, middle..<middle + 1), shown.count == 1 else {
                    continue
                }
                let tile = Picture(
                    width: shown.width, height: shown.height, channels: shown.channels, pixels: shown.bytes)
                let index = place - number * count
                sheet.paste(
                    tile.fitted(into: side), left: index % ClipPixels.sheetColumns * side,
                    top: index / ClipPixels.sheetColumns * side)
            }
            return try sheet.png(fast: true)
        }
    }

    private var gone: EchoError {
        EchoError("clip", "is not in the dataset any more", try: "start echoprep review again")
    }
}
