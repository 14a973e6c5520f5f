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

    /// The conversion to colours, and the weights of the channels in their order.
    fileprivate var colours: (matrix: ColourMatrix, channels: [SIMD2<Int32>]) {
        let matrix = self == .rgb ? ColourMatrix.jpeg : .echoPrime
        return (
            matrix,
            self == .rgb ? [matrix.red, matrix.green, matrix.blue] : [matrix.blue, matrix.green, matrix.red]
        )
    }
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
        let coloured = cutter.cut(frame)
        let first = cutter.planes[0]
        resizer.resize(first.span, into: &result, at: start, stride: channels)
        // Where a frame has no colour all channels are Y.
        if channels > 1 {
            for i in stride(from: start, to: start + size * size * channels, by: channels) {
                for channel in 1..<channels { result[i + channel] = result[i] }
            }
        }
        for channel in 1..<channels where !coloured.isEmpty {
            let plane = cutter.planes[channel]
            resizer.resize(
                plane.span, into: &result, at: start + channel, stride: channels, seeing: coloured)
        }
    }
    return result
}

/// One frame in red, green and blue by JPEG's own matrix, for pictures: U8 [height, width, 3].
public func rgbFrame(of clip: Clip, at index: Int) -> [UInt8] {
    let whole = CropBox(rows: 0..<clip.height, columns: 0..<clip.width)
    var cutter = FrameCutter(clip, .whole(height: clip.height, width: clip.width), whole, .rgb)
    let coloured = cutter.cut(index)
    var result = [UInt8](repeating: 0, count: clip.frameSize * 3)
    for channel in 0..<3 {
        for i in 0..<clip.frameSize {
            let plane = coloured.contains(i / clip.width) ? channel : 0
            result[3 * i + channel] = cutter.planes[plane][i]
        }
    }
    return result
}

/// Cuts one box out of every frame, black outside of the mask and of the picture.
private struct FrameCutter {
    private let clip: Clip, mask: SectorMask, box: CropBox, layout: PixelLayout
    private let chroma: FullChroma?
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

    /// Fills the planes and says which rows of the box have colour.
    ///
    /// In the others all channels are Y, which the first plane has; the further planes have it only near the colour.
    mutating func cut(_ frame: Int) -> Range<Int> {
        let coloured = colouredRows(of: frame)
        for row in lit.indices { copyLuma(frame, row, plane: 0) }
        guard let chroma, !coloured.isEmpty else { return coloured }
        let reach = 3
        let near = (coloured.lowerBound - reach..<coloured.upperBound + reach).clamped(to: 0..<lit.count)
        for plane in planes.indices.dropFirst() { for row in near { copyLuma(frame, row, plane: plane) } }
        for row in coloured where !lit[row].isEmpty {
            chroma.read(frame: frame, y: row + box.rows.lowerBound, into: &colour)
            convert(frame, row)
        }
        return coloured
    }

    /// The rows of the box from the first to the last with colour in the sector.
    private func colouredRows(of frame: Int) -> Range<Int> {
        guard let chroma else { return 0..<0 }
        func hasColour(_ row: Int) -> Bool {
            guard !lit[row].isEmpty else { return false }
            let columns = picture(lit[row])
            return chroma.deviation(frame: frame, y: row + box.rows.lowerBound, columns: columns) > 0
        }
        guard let first = lit.indices.first(where: hasColour), let last = lit.indices.last(where: hasColour)
        else { return 0..<0 }
        return first..<last + 1
    }

    /// Columns of the box as columns of the picture.
    private func picture(_ columns: Range<Int>) -> Range<Int> {
        columns.lowerBound + box.columns.lowerBound..<columns.upperBound + box.columns.lowerBound
    }

    /// Where a row of the box lies in the picture and in a plane, from the first to the last pixel of the mask.
    private func place(of row: Int) -> (picture: Range<Int>, plane: Int) {
        let columns = picture(lit[row])
        let start = (row + box.rows.lowerBound) * clip.width
        return (
            start + columns.lowerBound..<start + columns.upperBound,
            row * box.columns.count + lit[row].lowerBound
        )
    }

    private mutating func copyLuma(_ frame: Int, _ row: Int, plane: Int) {
        if lit[row].isEmpty { return }
        let place = place(of: row), first = frame * clip.frameSize
        let luma = clip.luma, inside = mask.inside
        intersect(
            luma.span.extracting(first + place.picture.lowerBound..<first + place.picture.upperBound),
            inside.span.extracting(place.picture), into: &planes[plane], at: place.plane)
    }

    private mutating func convert(_ frame: Int, _ row: Int) {
        let place = place(of: row), first = frame * clip.frameSize, columns = picture(lit[row])
        let (luma, inside, colour, colours) = (clip.luma, mask.inside, colour, layout.colours)
        for (plane, weights) in colours.channels.enumerated() {
            Crop.convert(
                luma.span.extracting(first + place.picture.lowerBound..<first + place.picture.upperBound),
                colour.cb.span.extracting(columns), colour.cr.span.extracting(columns),
                where: inside.span.extracting(place.picture), colours.matrix, weights, into: &planes[plane],
                at: place.plane)
        }
    }
}
