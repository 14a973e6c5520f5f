// The pixels of a kept clip as shards hold them: masked, cropped and resized.

public import EchoCore

/// What a shard's samples are.
public enum PixelLayout: String, Sendable, CaseIterable, Codable {
    /// Y alone.
    case luma
    /// Blue, green, red as EchoPrime's encoder was fed.
    case echoprime
    /// Red, green, blue by JPEG's own matrix.
    case rgb

    /// Samples a pixel.
    public var channels: Int { self == .luma ? 1 : 3 }
}

/// Masks, crops and resizes every frame (specs/echoprime-crop.md, steps 10 to 12).
///
/// - Returns: U8 [frames, size, size], or [frames, size, size, 3] for the colour layouts.
public func croppedPixels(
    of clip: Clip, mask: SectorMask, box: CropBox, pixels: PixelLayout, size: Int
) -> [UInt8] {
    precondition(mask.height == clip.height && mask.width == clip.width, "the mask is the clip's")
    let channels = pixels.channels
    var result = [UInt8](repeating: 0, count: clip.frames * size * size * channels)
    var cutter = FrameCutter(clip, mask, box)
    var resizer = CubicResizer(height: box.rows.count, width: box.columns.count, size: size)
    for frame in 0..<clip.frames {
        let start = frame * size * size * channels
        for (channel, plane) in cutter.planes(of: frame, pixels).enumerated() {
            resizer.resize(plane) { index, value in result[start + index * channels + channel] = value }
        }
    }
    return result
}

/// One frame in red, green and blue by JPEG's own matrix, for pictures: U8 [height, width, 3].
public func rgbFrame(of clip: Clip, at index: Int) -> [UInt8] {
    let whole = CropBox(rows: 0..<clip.height, columns: 0..<clip.width)
    var cutter = FrameCutter(clip, .whole(height: clip.height, width: clip.width), whole)
    let planes = cutter.planes(of: index, .rgb)
    var result = [UInt8](repeating: 0, count: clip.frameSize * 3)
    for (channel, plane) in planes.enumerated() {
        for (i, value) in plane.enumerated() { result[3 * i + channel] = value }
    }
    return result
}

/// Cuts one box out of every frame, black outside of the mask and of the picture.
private struct FrameCutter {
    private let clip: Clip, mask: SectorMask, box: CropBox
    private let chroma: FullChroma?
    /// The part of the box that lies in the picture.
    private let rows: Range<Int>, columns: Range<Int>
    private var colour: ChromaRow

    init(_ clip: Clip, _ mask: SectorMask, _ box: CropBox) {
        self.clip = clip
        self.mask = mask
        self.box = box
        chroma = FullChroma(clip)
        rows = box.rows.clamped(to: 0..<clip.height)
        columns = box.columns.clamped(to: 0..<clip.width)
        colour = ChromaRow(width: clip.width)
    }

    /// The planes of the layout, U8 [box.rows.count, box.columns.count] each.
    mutating func planes(of frame: Int, _ layout: PixelLayout) -> [[UInt8]] {
        var planes = [[UInt8]](
            repeating: [UInt8](repeating: 0, count: box.rows.count * box.columns.count),
            count: layout.channels)
        for y in rows {
            let source = frame * clip.frameSize + y * clip.width
            let target = (y - box.rows.lowerBound) * box.columns.count - box.columns.lowerBound
            switch layout {
            case .luma:
                copyMasked(&planes[0], target: target, source: source, y: y)
            case .echoprime:
                chroma?.read(frame: frame, y: y, into: &colour)
                for x in columns where mask.inside[y * clip.width + x] != 0 {
                    let (r, g, b) = EchoPrimeColour.rgb(clip.luma[source + x], colour.cb[x], colour.cr[x])
                    planes[0][target + x] = b
                    planes[1][target + x] = g
                    planes[2][target + x] = r
                }
            case .rgb:
                chroma?.read(frame: frame, y: y, into: &colour)
                for x in columns where mask.inside[y * clip.width + x] != 0 {
                    let (r, g, b) = JPEGColour.rgb(clip.luma[source + x], colour.cb[x], colour.cr[x])
                    planes[0][target + x] = r
                    planes[1][target + x] = g
                    planes[2][target + x] = b
                }
            }
        }
        return planes
    }

    private func copyMasked(_ plane: inout [UInt8], target: Int, source: Int, y: Int) {
        let row = y * clip.width
        for x in columns { plane[target + x] = clip.luma[source + x] & mask.inside[row + x] }
    }
}
