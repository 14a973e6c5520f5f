// From Y, Cb, Cr to the colours and grays that EchoPrime's program saw, and to JPEG's own.

/// EchoPrime's conversion: OpenCV's YUV2RGB, whose weights are those of analogue YUV, in its fixed point.
package enum EchoPrimeColour {
    /// Red, green and blue of one sample.
    package static func rgb(_ y: UInt8, _ cb: UInt8, _ cr: UInt8) -> (r: UInt8, g: UInt8, b: UInt8) {
        let luma = Int32(y), u = Int32(cb) - 128, v = Int32(cr) - 128
        return (
            clamped(luma + (18_678 * v + 8192) >> 14),
            clamped(luma + (-6472 * u - 9519 * v + 8192) >> 14),
            clamped(luma + (33_292 * u + 8192) >> 14)
        )
    }

    /// The gray value of those colours, as OpenCV's RGB2GRAY.
    package static func gray(_ y: UInt8, _ cb: UInt8, _ cr: UInt8) -> UInt8 {
        let (r, g, b) = rgb(y, cb, cr)
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

/// JPEG's conversion (JFIF 1.02, full range), in libjpeg's fixed point.
package enum JPEGColour {
    /// Red, green and blue of one sample.
    package static func rgb(_ y: UInt8, _ cb: UInt8, _ cr: UInt8) -> (r: UInt8, g: UInt8, b: UInt8) {
        let luma = Int32(y), u = Int32(cb) - 128, v = Int32(cr) - 128
        return (
            clamped(luma + (91_881 * v + 32_768) >> 16),
            clamped(luma + (-22_554 * u - 46_802 * v + 32_768) >> 16),
            clamped(luma + (116_130 * u + 32_768) >> 16)
        )
    }
}

private func clamped(_ value: Int32) -> UInt8 { UInt8(truncatingIfNeeded: max(0, min(255, value))) }
