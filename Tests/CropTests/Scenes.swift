// Small pictures and clips that the tests look at.

import Crop
import EchoCore

/// A bitmap drawn in text: `#` is set.
func bitmap(_ rows: String...) -> Bitmap {
    var result = Bitmap(height: rows.count, width: rows[0].count)
    for (y, row) in rows.enumerated() {
        for (x, character) in row.enumerated() { result[y, x] = character == "#" }
    }
    return result
}

/// A random picture in which about `share` of the pixels are set.
func noise(_ random: inout SeededRandom, height: Int, width: Int, share: Double) -> Bitmap {
    var result = Bitmap(height: height, width: width)
    for i in result.pixels.indices where random.uniform() < share { result.pixels[i] = 255 }
    return result
}

/// Speckle that differs from frame to frame inside of a shape, black around it.
func speckle(
    seed: UInt64, frames: Int = 4, height: Int, width: Int, inside: (_ y: Int, _ x: Int) -> Bool
) -> [[UInt8]] {
    var random = SeededRandom(seed: seed, "speckle")
    return (0..<frames).map { _ in
        (0..<height * width).map { i in
            let value = UInt8(1 + random.below(200))
            return inside(i / width, i % width) ? value : 0
        }
    }
}

func clip(_ frames: [[UInt8]], height: Int, width: Int, chroma: Clip.Chroma? = nil) -> Clip {
    Clip(frames: frames.count, height: height, width: width, luma: frames.flatMap { $0 }, chroma: chroma)
}

/// A sector with its apex at the top, 120 × 160.
struct Sector {
    static let height = 120, width = 160

    static func contains(_ y: Int, _ x: Int) -> Bool {
        let dy = y - 8, dx = x - 80
        return dy >= 0 && abs(dx) <= dy && dy * dy + dx * dx <= 100 * 100
    }

    static func clip(seed: UInt64, frames: Int = 4, chroma: Clip.Chroma? = nil) -> Clip {
        CropTests.clip(
            speckle(seed: seed, frames: frames, height: height, width: width, inside: contains),
            height: height,
            width: width, chroma: chroma)
    }

    /// Cb and Cr at full size, by a rule.
    static func chroma(frames: Int, _ rule: (_ frame: Int, _ y: Int, _ x: Int) -> (UInt8, UInt8))
        -> Clip.Chroma
    {
        var cb: [UInt8] = [], cr: [UInt8] = []
        for frame in 0..<frames {
            for i in 0..<height * width {
                let (b, r) = rule(frame, i / width, i % width)
                cb.append(b)
                cr.append(r)
            }
        }
        return Clip.Chroma(sampling: .full, cb: cb, cr: cr)
    }
}
