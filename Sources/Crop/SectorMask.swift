// The sector of an ultrasound picture: where the moving image is, without text, scales and the ECG trace.

package import EchoCore

/// What EchoPrime's own program would have done differently with this clip.
package enum MaskFlag: String, Sendable, CaseIterable, Codable {
    /// The first and the last frame are equal in the picture: the mask comes from the lit pixels alone; the
    /// original blacks the clip out.
    case countAlone = "count-alone"
    /// 255 frames or more: the original's counts wrap and may black the clip out.
    case manyFrames = "many-frames"
    /// No chroma: read as Cb = Cr = 128; the original loses the clip.
    case gray
    /// Width and height differ by 1: the original's crop is empty.
    case almostSquare = "almost-square"
}

/// Which pixels of a clip belong to the sector.
package struct SectorMask: Sendable, Equatable {
    package let height: Int, width: Int
    /// U8 [height, width]: 255 inside, 0 outside.
    package let inside: [UInt8]
    package let flags: [MaskFlag]

    package init(height: Int, width: Int, inside: [UInt8], flags: [MaskFlag] = []) {
        precondition(inside.count == height * width, "a mask fills its shape")
        self.height = height
        self.width = width
        self.inside = inside
        self.flags = flags
    }

    /// A mask that keeps everything.
    package static func whole(height: Int, width: Int) -> SectorMask {
        SectorMask(height: height, width: width, inside: [UInt8](repeating: 255, count: height * width))
    }

    /// The share of the picture that is inside, 0…1.
    package var share: Double { inside.isEmpty ? 0 : Double(bitmap.area) / Double(inside.count) }

    /// The pixels inside with a neighbour that is not: U8 [height, width], 255 on the outline.
    package var outline: [UInt8] {
        zip(inside, bitmap.eroded(by: 1).pixels).map { $0 & ~$1 }
    }

    /// The smallest ranges of rows and columns that hold the mask; nil if it is empty.
    package var bounds: (rows: Range<Int>, columns: Range<Int>)? {
        let spans = (0..<height).map(columns(ofRow:))
        guard let top = spans.firstIndex(where: { !$0.isEmpty }),
            let bottom = spans.lastIndex(where: { !$0.isEmpty }),
            let left = spans[top...bottom].filter({ !$0.isEmpty }).map(\.lowerBound).min(),
            let right = spans[top...bottom].map(\.upperBound).max()
        else { return nil }
        return (top..<bottom + 1, left..<right)
    }

    /// The columns from the first to the last pixel inside of a row.
    package func columns(ofRow y: Int) -> Range<Int> { bitmap.columns(ofRow: y) }

    package var bitmap: Bitmap { Bitmap(height: height, width: width, pixels: inside) }
}

/// Half the side, less one half, of the squares that erosion and dilation look at.
private let reach = 10
/// Differences in the top left square of this side say nothing: a clock or a heart symbol blinks there.
private let blindCorner = 20

/// Finds the sector as EchoPrime's published program does (docs/crop.md, "How the sector is found").
///
/// - Throws: a rejection `noSector` if no pixel is left.
package func sectorMask(of clip: Clip) throws(Rejection) -> SectorMask {
    guard clip.frames > 0, clip.frameSize > 0 else { throw Rejection(.noSector, "the clip has no pixels") }
    var flags: [MaskFlag] = []
    if clip.chroma == nil { flags.append(.gray) }
    if clip.frames >= 255 { flags.append(.manyFrames) }
    if abs(clip.height - clip.width) == 1 { flags.append(.almostSquare) }

    // Lit in a frame is all that a count > 0 says, and a trace that is thinner than the square goes.
    let lit = everLit(in: clip).eroded(by: reach)
    guard !lit.isEmpty else { throw Rejection(.noSector, "no square of 21 by 21 pixels is lit") }

    var seed = changed(in: clip, within: lit).withoutCorner(blindCorner)
    if seed.isEmpty {
        flags.append(.countAlone)
        seed = lit.withoutCorner(blindCorner)
    }
    guard !seed.isEmpty else { throw Rejection(.noSector, "only the top left corner is lit") }

    let shape = seed.dilated(by: reach).beyondFillFromCorner
    var outlines = Bitmap(height: clip.height, width: clip.width)
    for hull in shape.hulls { outlines.drawOutline(of: hull) }
    let inside = outlines.beyondFillFromCorner.pixels
    return SectorMask(height: clip.height, width: clip.width, inside: inside, flags: flags)
}
