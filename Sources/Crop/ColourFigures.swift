// How much of the sector is coloured, and whether the whole map is tinted.

import EchoCore

/// The figures of specs/ingest.md, "Which clips stay", 4.
struct ColourFigures {
    private(set) var frames = 0
    private(set) var colourShare = 0.0
    private(set) var neutralShare = 1.0
    private(set) var residualShare: Double?
    private let isGray: Bool

    /// At most this many frames are looked at, spread over the clip.
    private static let most = 16
    /// A map is tinted if fewer than this share of its bright pixels are neutral.
    private static let tintedBelow = 0.2

    init(_ clip: Clip, _ mask: SectorMask) {
        let chroma = FullChroma(clip)
        isGray = chroma == nil
        let chosen = spread(min(ColourFigures.most, clip.frames), over: clip.frames)
        frames = chosen.count
        guard let chroma, let bounds = mask.bounds else { return }
        let scanner = SectorScanner(clip, mask, chroma, rows: bounds.rows)

        var bright = 0, neutral = 0
        for frame in chosen {
            let share = scanner.share(of: frame) { y, cb, cr in
                let deviation = max(abs(Int(cb) - 128), abs(Int(cr) - 128))
                if y >= 64 {
                    bright += 1
                    if deviation < 6 { neutral += 1 }
                }
                return deviation >= 20
            }
            colourShare = max(colourShare, share)
        }
        neutralShare = bright > 0 ? Double(neutral) / Double(bright) : 1
        guard neutralShare < ColourFigures.tintedBelow else { return }

        var usual = UsualChroma()
        for frame in chosen {
            _ = scanner.share(of: frame) { y, cb, cr in
                usual.add(y, cb, cr)
                return false
            }
        }
        let medians = usual.medians
        residualShare =
            chosen.map { frame in
                scanner.share(of: frame) { y, cb, cr in
                    let (b, r) = medians[Int(y)]
                    return max(abs(Int(cb) - b), abs(Int(cr) - r)) >= 20
                }
            }.max() ?? 0
    }

    /// What the figures say, and the name of the rule that says it.
    ///
    /// Real B-mode clips measured 0 to 0.24 % of coloured pixels, real colour Doppler 8 to 31 %.
    var verdict: (kind: ClipKind, rule: String) {
        if isGray { return (.bmode, "gray") }
        if let residualShare { return (ColourFigures.kind(residualShare, doppler: 0.03), "tint") }
        return (ColourFigures.kind(colourShare, doppler: 0.02), "colour")
    }

    private static func kind(_ share: Double, doppler: Double) -> ClipKind {
        share >= doppler ? .doppler : share >= 0.005 ? .uncertain : .bmode
    }
}

/// `count` indices of 0 ..< `total`, the first and the last among them, evenly spread.
private func spread(_ count: Int, over total: Int) -> [Int] {
    guard count > 1 else { return Array(0..<count) }
    return (0..<count).map { $0 * (total - 1) / (count - 1) }
}

/// Looks at the lit pixels inside the sector, frame by frame.
private struct SectorScanner {
    private let clip: Clip, mask: SectorMask, chroma: FullChroma, rows: Range<Int>

    init(_ clip: Clip, _ mask: SectorMask, _ chroma: FullChroma, rows: Range<Int>) {
        self.clip = clip
        self.mask = mask
        self.chroma = chroma
        self.rows = rows
    }

    /// The share of the pixels with Y ≥ 16 that `isColoured` holds for, once single specks are opened away.
    func share(of frame: Int, where isColoured: (UInt8, UInt8, UInt8) -> Bool) -> Double {
        var coloured = Bitmap(height: rows.count, width: clip.width)
        var colour = ChromaRow(width: clip.width)
        var lit = 0, any = 0
        for y in rows {
            chroma.read(frame: frame, y: y, into: &colour)
            let row = y * clip.width
            for x in 0..<clip.width where mask.inside[row + x] != 0 {
                let luma = clip.luma[frame * clip.frameSize + row + x]
                guard luma >= 16 else { continue }
                lit += 1
                if isColoured(luma, colour.cb[x], colour.cr[x]) {
                    coloured[y - rows.lowerBound, x] = true
                    any += 1
                }
            }
        }
        // The smallest thing that a 5×5 opening leaves has 25 pixels.
        guard any >= 25 else { return 0 }
        return Double(coloured.opened(by: 2).area) / Double(lit)
    }
}

/// The usual chroma of each luma: medians over all pixels seen.
private struct UsualChroma {
    private var cb = [Int32](repeating: 0, count: 256 * 256)
    private var cr = [Int32](repeating: 0, count: 256 * 256)

    mutating func add(_ y: UInt8, _ b: UInt8, _ r: UInt8) {
        cb[Int(y) << 8 | Int(b)] += 1
        cr[Int(y) << 8 | Int(r)] += 1
    }

    /// Cb and Cr for each luma.
    var medians: [(Int, Int)] {
        func median(_ counts: ArraySlice<Int32>) -> Int {
            let total = counts.reduce(0, +)
            var seen: Int32 = 0
            for (value, count) in counts.enumerated() {
                seen += count
                if 2 * seen >= total, seen > 0 { return value }
            }
            return 128
        }
        return (0..<256).map { y in
            (median(cb[y << 8..<(y + 1) << 8]), median(cr[y << 8..<(y + 1) << 8]))
        }
    }
}
