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
    var cutter = FrameCutter(clip, mask, box, pixels)
    var resizer = CubicResizer(
        height: box.rows.count, width: box.columns.count, size: size, lit: cutter.lit)
    for frame in 0..<clip.frames {
        let start = frame * size * size * channels
        let planes = cutter.cut(frame)
        for channel in 0..<planes {
            let plane = cutter.planes[channel]
            resizer.resize(plane.span, into: &result, at: start + channel, stride: channels)
        }
        if planes < channels {
            for i in stride(from: start, to: start + size * size * channels, by: channels) {
                for channel in 1..<channels { result[i + channel] = result[i] }
            }
        }
    }
    return result
}

/// One frame in red, green and blue by JPEG's own matrix, for pictures: U8 [height, width, 3].
public func rgbFrame(of clip: Clip, at index: Int) -> [UInt8] {
    let whole = CropBox(rows: 0..<clip.height, columns: 0..<clip.width)
    var cutter = FrameCutter(clip, .whole(height: clip.height, width: clip.width), whole, .rgb)
    let planes = cutter.cut(index)
    var result = [UInt8](repeating: 0, count: clip.frameSize * 3)
    for channel in 0..<3 {
        let plane = cutter.planes[min(channel, planes - 1)]
        for i in 0..<clip.frameSize { result[3 * i + channel] = plane[i] }
    }
    return result
}

/// Cuts one box out of every frame, black outside of the mask and of the picture.
private struct FrameCutter {
    private let clip: Clip, mask: SectorMask, box: CropBox, layout: PixelLayout
    private let chroma: FullChroma?
    /// The rows of the box that lie in the picture.
    private let rows: Range<Int>
    /// Of each row of the box, the columns from the first to the last pixel of the mask, counted in the box.
    let lit: [Range<Int>]
    private var colour: ChromaRow
    /// The channels of the layout, U8 [box.rows.count, box.columns.count] each.
    private(set) var planes: [[UInt8]]

    init(_ clip: Clip, _ mask: SectorMask, _ box: CropBox, _ layout: PixelLayout) {
        self.clip = clip
        self.mask = mask
        self.box = box
        self.layout = layout
        chroma = layout == .luma ? nil : FullChroma(clip)
        rows = box.rows.clamped(to: 0..<clip.height)
        let (picture, left) = (box.columns.clamped(to: 0..<clip.width), box.columns.lowerBound)
        lit = box.rows.map { y in
            guard (0..<clip.height).contains(y) else { return 0..<0 }
            let inside = mask.columns(ofRow: y).clamped(to: picture)
            return inside.lowerBound - left..<inside.upperBound - left
        }
        colour = ChromaRow(width: clip.width)
        let black = [UInt8](repeating: 0, count: box.rows.count * box.columns.count)
        planes = [[UInt8]](repeating: black, count: layout.channels)
    }

    /// Fills the planes and says how many differ: 1 for a frame without colour, whose channels all equal Y.
    mutating func cut(_ frame: Int) -> Int {
        guard let chroma else {
            for y in rows { copyLuma(frame, y, plane: 0) }
            return 1
        }
        var distinct = 1
        for y in rows {
            let inside = lit[y - box.rows.lowerBound]
            if inside.isEmpty { continue }
            let columns =
                inside.lowerBound + box.columns.lowerBound..<inside.upperBound + box.columns.lowerBound
            if chroma.deviation(frame: frame, y: y, columns: columns) == 0 {
                for plane in planes.indices { copyLuma(frame, y, plane: plane) }
            } else {
                distinct = planes.count
                chroma.read(frame: frame, y: y, into: &colour)
                convert(frame, y)
            }
        }
        return distinct
    }

    private mutating func copyLuma(_ frame: Int, _ y: Int, plane: Int) {
        let columns = lit[y - box.rows.lowerBound]
        let row = y * clip.width + columns.lowerBound + box.columns.lowerBound
        let source = frame * clip.frameSize + row
        let luma = clip.luma, inside = mask.inside
        intersect(
            luma.span.extracting(source..<source + columns.count),
            inside.span.extracting(row..<row + columns.count), into: &planes[plane],
            at: (y - box.rows.lowerBound) * box.columns.count + columns.lowerBound)
    }

    private mutating func convert(_ frame: Int, _ y: Int) {
        let row = y * clip.width + box.columns.lowerBound
        let source = frame * clip.frameSize + row
        let target = (y - box.rows.lowerBound) * box.columns.count
        for x in lit[y - box.rows.lowerBound] {
            let inside = mask.inside[row + x], luma = clip.luma[source + x]
            let cb = colour.cb[box.columns.lowerBound + x], cr = colour.cr[box.columns.lowerBound + x]
            if layout == .rgb {
                let (r, g, b) = JPEGColour.rgb(luma, cb, cr)
                planes[0][target + x] = r & inside
                planes[1][target + x] = g & inside
                planes[2][target + x] = b & inside
            } else {
                let (r, g, b) = EchoPrimeColour.rgb(luma, cb, cr)
                planes[0][target + x] = b & inside
                planes[1][target + x] = g & inside
                planes[2][target + x] = r & inside
            }
        }
    }
}
