// The pixels of a kept clip as shards hold them: masked, cropped and resized.

package import EchoCore

/// What a shard's samples are.
package enum PixelLayout: String, Sendable, CaseIterable, Codable {
    /// Y alone.
    case luma
    /// Blue, green, red as EchoPrime's encoder was fed.
    case echoprime
    /// Red, green, blue by JPEG's own matrix.
    case rgb

    /// Samples a pixel.
    package var channels: Int { self == .luma ? 1 : 3 }

    /// Samples as a picture has them, which are red, green and blue where they are not luma.
    package func picture(_ pixels: [UInt8]) -> [UInt8] {
        guard self == .echoprime else { return pixels }
        var pixels = pixels
        for place in stride(from: 0, to: pixels.count, by: 3) { pixels.swapAt(place, place + 2) }
        return pixels
    }

    /// The conversion to colours, and the weights of the channels in their order.
    fileprivate var colours: (matrix: ColourMatrix, channels: [SIMD2<Int32>]) {
        let matrix = self == .rgb ? ColourMatrix.jpeg : .echoPrime
        return (
            matrix,
            self == .rgb ? [matrix.red, matrix.green, matrix.blue] : [matrix.blue, matrix.green, matrix.red]
        )
    }
}

/// Masks, crops and resizes every frame (docs/crop.md, "What is cut out").
///
/// - Parameter memory: bytes that nobody needs any more, to be written over instead of new memory
/// - Returns: U8 [frames, size, size], or [frames, size, size, 3] for the colour layouts.
package func croppedPixels(
    of clip: Clip, mask: SectorMask, box: CropBox, pixels: PixelLayout, size: Int,
    into memory: consuming [UInt8] = []
) -> [UInt8] {
    precondition(mask.height == clip.height && mask.width == clip.width, "the mask is the clip's")
    let channels = pixels.channels, frameSize = size * size * channels
    var result = memory
    result.resize(to: clip.frames * frameSize)
    var resizer = CubicResizer(
        height: clip.height, width: clip.width, box: box, inside: mask.inside, size: size)
    var painter = pixels == .luma ? nil : FramePainter(clip, mask, box, pixels)
    for frame in 0..<clip.frames {
        let start = frame * frameSize, luma = frame * clip.frameSize
        clear(&result, start..<start + frameSize)
        resizer.resize(
            clip.luma.span.extracting(luma..<luma + clip.frameSize), into: &result, at: start,
            stride: channels)
        guard channels > 1 else { continue }
        // Where a frame has no colour all channels are Y.
        for i in stride(from: start, to: start + frameSize, by: channels) {
            for channel in 1..<channels { result[i + channel] = result[i] }
        }
        guard let coloured = painter?.paint(frame), let planes = painter?.planes else { continue }
        for (channel, plane) in planes.enumerated() {
            resizer.resize(
                plane.span, into: &result, at: start + channel, stride: channels, seeing: coloured)
        }
    }
    return result
}

/// One frame in red, green and blue by JPEG's own matrix, for pictures: U8 [height, width, 3].
package func rgbFrame(of clip: Clip, at index: Int) -> [UInt8] {
    let whole = CropBox(rows: 0..<clip.height, columns: 0..<clip.width)
    var painter = FramePainter(clip, .whole(height: clip.height, width: clip.width), whole, .rgb)
    let coloured = painter?.paint(index) ?? 0..<0
    var result = [UInt8](repeating: 0, count: clip.frameSize * 3)
    for i in 0..<clip.frameSize {
        let luma = clip.luma[index * clip.frameSize + i]
        for channel in 0..<3 {
            let painted = coloured.contains(i / clip.width) ? painter?.planes[channel][i] : nil
            result[3 * i + channel] = painted ?? luma
        }
    }
    return result
}

/// Brings the rows of a frame that have colour in the sector to the channels of a layout.
private struct FramePainter {
    private let clip: Clip, layout: PixelLayout, chroma: FullChroma
    /// The row of the picture that the box begins with.
    private let top: Int
    /// Of each row of the box, the columns of the picture from the first to the last pixel of the mask.
    private let lit: [Range<Int>]
    private var colour: ChromaRow
    /// The channels of the layout, U8 [height, width] each.
    private(set) var planes: [[UInt8]]

    /// Nil for a gray clip.
    init?(_ clip: Clip, _ mask: SectorMask, _ box: CropBox, _ layout: PixelLayout) {
        guard let chroma = FullChroma(clip) else { return nil }
        self.clip = clip
        self.layout = layout
        self.chroma = chroma
        top = box.rows.lowerBound
        let picture = box.columns.clamped(to: 0..<clip.width)
        lit = box.rows.map { y in
            (0..<clip.height).contains(y) ? mask.columns(ofRow: y).clamped(to: picture) : 0..<0
        }
        colour = ChromaRow(width: clip.width)
        let black = [UInt8](repeating: 0, count: clip.frameSize)
        planes = [[UInt8]](repeating: black, count: layout.channels)
    }

    /// Fills the planes in and near the rows that have colour, and says which of the box those are; nil if none.
    mutating func paint(_ frame: Int) -> Range<Int>? {
        guard let first = lit.indices.first(where: { hasColour(frame, $0) }),
            let last = lit.indices.last(where: { hasColour(frame, $0) })
        else { return nil }
        let coloured = first..<last + 1, reach = 3
        for row in (first - reach..<last + 1 + reach).clamped(to: 0..<lit.count) where !lit[row].isEmpty {
            paint(frame, row, inColour: coloured.contains(row))
        }
        return coloured
    }

    private func hasColour(_ frame: Int, _ row: Int) -> Bool {
        !lit[row].isEmpty && chroma.deviation(frame: frame, y: row + top, columns: lit[row]) > 0
    }

    private mutating func paint(_ frame: Int, _ row: Int, inColour: Bool) {
        let columns = lit[row], start = (row + top) * clip.width + columns.lowerBound
        let first = frame * clip.frameSize + start
        let plane = clip.luma, colours = layout.colours
        let luma = plane.span.extracting(first..<first + columns.count)
        guard inColour else {
            for channel in planes.indices { copy(luma, into: &planes[channel], at: start) }
            return
        }
        chroma.read(frame: frame, y: row + top, into: &colour)
        let (cb, cr) = (colour.cb, colour.cr)
        for (channel, weights) in colours.channels.enumerated() {
            convert(
                luma, cb.span.extracting(columns), cr.span.extracting(columns), colours.matrix, weights,
                into: &planes[channel], at: start)
        }
    }
}
