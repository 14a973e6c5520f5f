// A picture in the making: three full-range planes, chroma at half the columns, and a pen.

import EchoCore

/// One frame in Y, Cb, Cr 4:2:2.
struct Frame: Sendable {
    let height: Int, width: Int
    var luma: [UInt8], cb: [UInt8], cr: [UInt8]

    /// What a pen leaves: luma, and chroma as differences from gray.
    struct Ink: Sendable {
        var luma: UInt8
        var cb: Int = 0, cr: Int = 0
        static let white = Ink(luma: 215), gray = Ink(luma: 130), dim = Ink(luma: 80)
        static let green = Ink(luma: 150, cb: -58, cr: -72), yellow = Ink(luma: 190, cb: -90, cr: 14)
    }

    init(height: Int, width: Int) {
        self.height = height
        self.width = width
        luma = [UInt8](repeating: 0, count: height * width)
        cb = [UInt8](repeating: 128, count: height * ((width + 1) / 2))
        cr = cb
    }

    /// As a clip of one frame.
    var clip: Clip {
        Clip(
            frames: 1, height: height, width: width, luma: luma,
            chroma: Clip.Chroma(sampling: .half, cb: cb, cr: cr))
    }

    mutating func set(_ row: Int, _ column: Int, _ ink: Ink) {
        guard row >= 0, row < height, column >= 0, column < width else { return }
        luma[row * width + column] = ink.luma
        let chroma = row * ((width + 1) / 2) + column / 2
        cb[chroma] = UInt8(128 + ink.cb)
        cr[chroma] = UInt8(128 + ink.cr)
    }

    mutating func fill(rows: Range<Int>, columns: Range<Int>, _ ink: Ink) {
        for row in rows { for column in columns { set(row, column, ink) } }
    }

    /// Writes capitals with their upper left corner at (row, column), each dot `scale` pixels wide.
    mutating func write(_ text: String, row: Int, column: Int, scale: Int, _ ink: Ink) {
        var left = column
        for character in text {
            for y in 0..<BitmapFont.height {
                for x in 0..<BitmapFont.width where BitmapFont.isLit(character, row: y, column: x) {
                    let top = row + y * scale, at = left + x * scale
                    fill(rows: top..<(top + scale), columns: at..<(at + scale), ink)
                }
            }
            left += (BitmapFont.width + 1) * scale
        }
    }

    /// A curve given by a row for each column, joined upright, `thickness` pixels strong.
    mutating func curve(_ rows: [Int], from column: Int, thickness: Int, _ ink: Ink) {
        for i in rows.indices {
            let before = i > 0 ? (rows[i - 1] + rows[i]) / 2 : rows[i]
            let after = i + 1 < rows.count ? (rows[i + 1] + rows[i]) / 2 : rows[i]
            let top = min(rows[i], before, after), bottom = max(rows[i], before, after)
            fill(rows: top..<(bottom + thickness), columns: (column + i)..<(column + i + 1), ink)
        }
    }
}
