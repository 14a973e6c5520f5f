// A few clips of a dataset as moving pictures: what the shards hold and, where asked for, the files they came from.

import Catalog
import Crop
import EchoCore
import Files
import Shards
import Video

/// Which clips a report shows, and how much of them.
struct ClipChoice {
    var count = 6
    /// Frames of each, spread over its length.
    var frames = 16
    /// Show the whole picture of the source file too, with all that is written in it.
    var showSource = false
    /// Name the clips.
    var showIDs = false
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
            let cropped = try Strip(frames: ClipFrames(stored.name, in: shard), layout, choice.frames)
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
        let sheets = try spread(count, over: frames.count).map { frame in
            Sheet(Array(try frames.frame(frame))[...], height: frames.height, width: frames.width, layout)
        }
        try self.init(sheets)
    }

    /// Frames of a source file, 224 rows high.
    init(file path: String, _ count: Int) throws {
        let clip = try openClip(readFile(path), name: path).decode(maxFrames: nil).clip
        let height = 224, width = (clip.width * height + clip.height / 2) / clip.height
        try self.init(
            spread(count, over: clip.frames).map {
                Sheet(rgbFrame(of: clip, at: $0)[...], height: clip.height, width: clip.width, .rgb)
                    .shrunk(height: height, width: width)
            })
    }

    /// Frames side by side in one JPEG picture.
    private init(_ sheets: [Sheet]) throws {
        let height = sheets[0].height, width = sheets[0].width
        func row(_ plane: KeyPath<Sheet, [UInt8]>) -> [UInt8] {
            (0..<height).flatMap { y in
                sheets.flatMap { $0[keyPath: plane][y * width..<(y + 1) * width] }
            }
        }
        let clip = Clip(
            frames: 1, height: height, width: width * sheets.count, luma: row(\.luma),
            chroma: sheets[0].cb.isEmpty ? nil : .init(sampling: .full, cb: row(\.cb), cr: row(\.cr)))
        let image = EncodedImage(try JPEGEncoder(quality: 80).encode(clip, frame: 0), .jpeg)
        self.init(image: image, frames: sheets.count, width: width, height: height)
    }
}

/// `count` frames at equal steps over a clip of `frames`, or all where it has fewer.
private func spread(_ count: Int, over frames: Int) -> [Int] {
    let count = min(count, frames)
    return (0..<count).map { $0 * frames / count }
}

/// One frame in planes; without chroma it is gray.
private struct Sheet {
    let height: Int, width: Int
    let luma: [UInt8], cb: [UInt8], cr: [UInt8]

    private init(height: Int, width: Int, luma: [UInt8], cb: [UInt8], cr: [UInt8]) {
        self.height = height
        self.width = width
        self.luma = luma
        self.cb = cb
        self.cr = cr
    }

    /// Y, Cb and Cr of JFIF.
    init(_ pixels: ArraySlice<UInt8>, height: Int, width: Int, _ layout: PixelLayout) {
        guard layout != .luma else {
            self.init(height: height, width: width, luma: Array(pixels), cb: [], cr: [])
            return
        }
        var luma: [UInt8] = [], cb: [UInt8] = [], cr: [UInt8] = []
        for at in stride(from: pixels.startIndex, to: pixels.endIndex, by: 3) {
            let three = (Double(pixels[at]), Double(pixels[at + 1]), Double(pixels[at + 2]))
            let (r, g, b) = layout == .rgb ? three : (three.2, three.1, three.0)
            let y = 0.299 * r + 0.587 * g + 0.114 * b
            luma.append(UInt8(y.rounded()))
            cb.append(UInt8((128 + (b - y) / 1.772).rounded().clamped(to: 0...255)))
            cr.append(UInt8((128 + (r - y) / 1.402).rounded().clamped(to: 0...255)))
        }
        self.init(height: height, width: width, luma: luma, cb: cb, cr: cr)
    }

    /// The mean over the source pixels under each target pixel.
    func shrunk(height: Int, width: Int) -> Sheet {
        func plane(_ source: [UInt8]) -> [UInt8] {
            guard !source.isEmpty else { return [] }
            return (0..<height).flatMap { y in
                let rows = range(y, of: height, over: self.height)
                return (0..<width).map { x in
                    let columns = range(x, of: width, over: self.width)
                    var sum = 0
                    for row in rows {
                        for column in columns { sum += Int(source[row * self.width + column]) }
                    }
                    return UInt8(sum / (rows.count * columns.count))
                }
            }
        }
        return Sheet(height: height, width: width, luma: plane(luma), cb: plane(cb), cr: plane(cr))
    }

    private func range(_ index: Int, of parts: Int, over whole: Int) -> Range<Int> {
        let start = index * whole / parts
        return start..<max(start + 1, (index + 1) * whole / parts)
    }
}

extension Double {
    fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
