// From Y, Cb, Cr to the colours and grays that EchoPrime's program saw, and to JPEG's own.

/// A conversion to red, green and blue in fixed point: Y + (weights · (Cb − 128, Cr − 128) + half) >> shift, 0…255.
package struct ColourMatrix: Sendable {
    /// Weights of Cb and Cr.
    let red: SIMD2<Int32>, green: SIMD2<Int32>, blue: SIMD2<Int32>
    let shift: Int32

    /// OpenCV's YUV2RGB, which is what EchoPrime's program calls; its weights are those of analogue YUV.
    package static let echoPrime = ColourMatrix(
        red: [0, 18_678], green: [-6472, -9519], blue: [33_292, 0], shift: 14)
    /// JPEG's own (JFIF 1.02, full range), as libjpeg has it.
    package static let jpeg = ColourMatrix(
        red: [0, 91_881], green: [-22_554, -46_802], blue: [116_130, 0], shift: 16)

    /// Red, green and blue of one sample.
    package func rgb(_ y: UInt8, _ cb: UInt8, _ cr: UInt8) -> (r: UInt8, g: UInt8, b: UInt8) {
        (channel(y, cb, cr, red), channel(y, cb, cr, green), channel(y, cb, cr, blue))
    }

    @inline(__always)
    func channel(_ y: UInt8, _ cb: UInt8, _ cr: UInt8, _ weights: SIMD2<Int32>) -> UInt8 {
        let u = Int32(cb) &- 128, v = Int32(cr) &- 128
        let colour = (weights[0] &* u &+ weights[1] &* v &+ 1 &<< (shift &- 1)) &>> shift
        return UInt8(truncatingIfNeeded: max(0, min(255, Int32(y) &+ colour)))
    }
}

/// The grays that EchoPrime's program sees.
package enum EchoPrimeGray {
    /// The gray of one sample: OpenCV's RGB2GRAY of its colours, which without colour is Y.
    package static func gray(_ y: UInt8, _ cb: UInt8, _ cr: UInt8) -> UInt8 {
        if cb == 128, cr == 128 { return y }
        let (r, g, b) = ColourMatrix.echoPrime.rgb(y, cb, cr)
        return UInt8((3735 * Int32(b) + 19_235 * Int32(g) + 9798 * Int32(r) + 16_384) >> 15)
    }

    /// Whether a sample with Y = 0 is lit, that is: its gray is not 0. With Y ≥ 1 every sample is.
    package static func isLitWithoutLuma(_ cb: UInt8, _ cr: UInt8) -> Bool {
        switch (cb, cr) {
        case (126, 129), (127, 128), (127, 129), (128, 128), (128, 129), (129, 127), (129, 128), (130, 126),
            (130, 127), (130, 128):
            false
        default: true
        }
    }
}
