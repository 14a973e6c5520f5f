// How a container wants its pictures shown: turned by right angles and mirrored, as phones and exports write it.

import EchoCore

/// The part of a display matrix that moves whole pixels: (p, q) · [a b; c d], p to the right and q down.
struct DisplayMatrix: Sendable, Equatable {
    /// Each −1, 0 or 1; either a and d or b and c are 0.
    private let a: Int, b: Int, c: Int, d: Int

    static let identity = DisplayMatrix(a: 1, b: 0, c: 0, d: 1)

    private init(a: Int, b: Int, c: Int, d: Int) { (self.a, self.b, self.c, self.d) = (a, b, c, d) }

    /// - Parameter entries: nine, in rows; nil if they do anything but turn by right angles and mirror.
    init?(_ entries: [Int32]) {
        precondition(entries.count == 9, "a matrix has nine entries")
        let sizes = [entries[0], entries[1], entries[3], entries[4]].map { Int($0).magnitude }
        let isStraight = sizes[0] > 0 && sizes[0] == sizes[3] && sizes[1] == 0 && sizes[2] == 0
        let isTurned = sizes[1] > 0 && sizes[1] == sizes[2] && sizes[0] == 0 && sizes[3] == 0
        guard isStraight || isTurned, entries[2] == 0, entries[5] == 0 else { return nil }
        let signs = entries.map { Int($0.signum()) }
        self.init(a: signs[0], b: signs[1], c: signs[3], d: signs[4])
    }

    /// Whether rows become columns.
    var isTurned: Bool { a == 0 }

    /// The clip as it is shown. Chroma that is halved in one direction, or whose halves would move, becomes whole.
    func shown(_ clip: Clip) -> Clip {
        if self == .identity { return clip }
        let height = isTurned ? clip.width : clip.height, width = isTurned ? clip.height : clip.width
        let luma = turned(clip.luma, frames: clip.frames, height: clip.height, width: clip.width)
        let chroma = clip.chroma.map { chroma -> Clip.Chroma in
            let isEven = clip.height % 2 == 0 && clip.width % 2 == 0
            let keeps = chroma.sampling == .full || isEven && (chroma.sampling == .quarter || !isTurned)
            let planes = [chroma.cb, chroma.cr].map { plane in
                keeps
                    ? turned(
                        plane, frames: clip.frames, height: chroma.sampling.rows(clip.height),
                        width: chroma.sampling.columns(clip.width))
                    : turned(
                        whole(plane, chroma.sampling, of: clip), frames: clip.frames, height: clip.height,
                        width: clip.width)
            }
            return Clip.Chroma(sampling: keeps ? chroma.sampling : .full, cb: planes[0], cr: planes[1])
        }
        return Clip(frames: clip.frames, height: height, width: width, luma: luma, chroma: chroma)
    }

    private func turned(_ plane: [UInt8], frames: Int, height: Int, width: Int) -> [UInt8] {
        let (rows, columns) = isTurned ? (width, height) : (height, width)
        var out: [UInt8] = []
        out.reserveCapacity(plane.count)
        for frame in 0..<frames {
            for row in 0..<rows {
                for column in 0..<columns {
                    let y = isTurned ? place(column, c, height) : place(row, d, height)
                    let x = isTurned ? place(row, b, width) : place(column, a, width)
                    out.append(plane[(frame * height + y) * width + x])
                }
            }
        }
        return out
    }

    private func place(_ index: Int, _ sign: Int, _ count: Int) -> Int {
        sign > 0 ? index : count - 1 - index
    }

    /// A chroma plane at the picture's size, each sample where it was coded for.
    private func whole(_ plane: [UInt8], _ sampling: ChromaSampling, of clip: Clip) -> [UInt8] {
        let rows = sampling.rows(clip.height), columns = sampling.columns(clip.width)
        var out: [UInt8] = []
        out.reserveCapacity(clip.luma.count)
        for frame in 0..<clip.frames {
            for y in 0..<clip.height {
                let row = (frame * rows + (rows == clip.height ? y : y / 2)) * columns
                for x in 0..<clip.width { out.append(plane[row + (columns == clip.width ? x : x / 2)]) }
            }
        }
        return out
    }
}
