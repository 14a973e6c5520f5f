// Tells R, G, B from Y, Cb, Cr by the pixels themselves: ultrasound is gray on black, in one of the two readings.

import EchoCore

/// How many pixels of a picture have no colour if its components are R, G, B, and if they are Y, Cb, Cr.
///
/// In a real clip 98.7 % of the bright pixels are neutral in the right reading and 1.3 % in the wrong one. A black that is
/// coloured is a wrong reading, not a tint, so black pixels count as well.
struct NeutralPixels {
    private var asRGB = 0, asYCbCr = 0
    private let total: Int

    /// The distance of Cb or Cr from 128 below which a pixel is neutral.
    private static let neutralBelow = 6
    /// A tag is overruled by this share of neutral pixels, if that is so many times those of its own reading.
    private static let leastShare = 0.2, leastRatio = 4

    /// Counts over three components of full size.
    init(of samples: PixelSamples) {
        let (a, b, c) = (samples.planes[0], samples.planes[1], samples.planes[2])
        total = a.count
        let bound = NeutralPixels.neutralBelow
        for index in a.indices {
            let x = Int(samples.byte(a[index])), y = Int(samples.byte(b[index]))
            let z = Int(samples.byte(c[index]))
            // Cb and Cr by JPEG's matrix, times 65,536.
            let cb = 32768 * z - 11059 * x - 21709 * y
            let cr = 32768 * x - 27439 * y - 5329 * z
            if max(abs(cb), abs(cr)) < bound << 16 { asRGB += 1 }
            if max(abs(y - 128), abs(z - 128)) < bound { asYCbCr += 1 }
        }
    }

    /// Whether the components are R, G, B.
    /// - Parameter said: what the tag says, which holds where the pixels do not contradict it clearly
    func isRGB(unless said: Bool) -> Bool {
        let (mine, other) = said ? (asRGB, asYCbCr) : (asYCbCr, asRGB)
        let isOther =
            Double(other) >= NeutralPixels.leastShare * Double(total)
            && other >= NeutralPixels.leastRatio * max(mine, 1)
        return isOther != said
    }
}
