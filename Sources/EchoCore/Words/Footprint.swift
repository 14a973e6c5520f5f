// What a clip leaves on the picture over all of its frames, gathered while a frame is still near the processor.

/// Which samples of a clip are not black, or not without colour, in at least one frame: one bit a sample, so that it
/// stays in the cache beside a frame that is being decoded.
package struct Footprint: Sendable, Equatable {
    /// U8 [⌈height / 8⌉, width]: bit y % 8 of [y / 8, x] is set where Y is not 0 in some frame.
    package let lit: [UInt8]
    /// U8 [⌈rows / 8⌉, columns] of the chroma planes: the same where Cb or Cr is not 128; empty for a gray clip.
    package let coloured: [UInt8]

    package init(lit: [UInt8], coloured: [UInt8]) {
        self.lit = lit
        self.coloured = coloured
    }

    /// The bytes that the bits of a plane take.
    package static func size(rows: Int, columns: Int) -> Int { (rows + 7) / 8 * columns }

    /// Looks at all frames of a clip.
    init(frames: Int, height: Int, width: Int, luma: [UInt8], chroma: Clip.Chroma?) {
        lit = Footprint.marks([luma], of: frames, rows: height, columns: width, neutral: 0)
        coloured =
            chroma.map { chroma in
                Footprint.marks(
                    [chroma.cb, chroma.cr], of: frames, rows: chroma.sampling.rows(height),
                    columns: chroma.sampling.columns(width), neutral: 128)
            } ?? []
    }

    private static func marks(
        _ planes: [[UInt8]], of frames: Int, rows: Int, columns: Int, neutral: UInt8
    ) -> [UInt8] {
        var marks = [UInt8](repeating: 0, count: size(rows: rows, columns: columns))
        for frame in 0..<frames {
            for y in 0..<rows {
                let start = (frame * rows + y) * columns
                for plane in planes {
                    mark(
                        &marks, at: y / 8 * columns, plane.span.extracting(start..<start + columns), neutral,
                        1 << UInt8(y % 8))
                }
            }
        }
        return marks
    }
}

/// Sets `bit` from `start` on where samples are not `neutral`.
@inline(never)
private func mark(
    _ marks: inout [UInt8], at start: Int, _ samples: Span<UInt8>, _ neutral: UInt8, _ bit: UInt8
) {
    var marks = marks.mutableSpan
    let count = samples.count
    precondition(start >= 0 && start + count <= marks.count, "the marks have room")
    for i in 0..<count { marks[unchecked: start &+ i] |= samples[unchecked: i] != neutral ? bit : 0 }
}
