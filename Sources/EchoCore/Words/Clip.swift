// The pixels of one clip between decoding and cropping, as the file holds them: luma, and chroma at its own size.

/// A decoded clip in full-range Y, Cb, Cr without colour conversion.
///
/// Planes are kept apart, and chroma as coded, because most of what follows looks at luma alone.
package struct Clip: Sendable {
    /// Number of frames, rows and columns.
    package let frames: Int, height: Int, width: Int
    /// Y: U8 [frames, height, width].
    package let luma: [UInt8]
    /// Cb and Cr; nil for a gray clip, which means 128 everywhere.
    package let chroma: Chroma?
    /// What the frames leave on the picture.
    package let footprint: Footprint

    /// The two colour planes.
    package struct Chroma: Sendable {
        package let sampling: ChromaSampling
        /// U8 [frames, sampling.rows(height), sampling.columns(width)] each.
        package let cb: [UInt8], cr: [UInt8]

        package init(sampling: ChromaSampling, cb: [UInt8], cr: [UInt8]) {
            self.sampling = sampling
            self.cb = cb
            self.cr = cr
        }
    }

    /// - Parameter footprint: that of these planes, where the decoder gathered it on the way; nil to look at them
    package init(
        frames: Int, height: Int, width: Int, luma: [UInt8], chroma: Chroma?, footprint: Footprint? = nil
    ) {
        precondition(luma.count == frames * height * width, "luma fills its shape")
        if let chroma {
            let plane = chroma.sampling.rows(height) * chroma.sampling.columns(width)
            precondition(chroma.cb.count == frames * plane, "Cb fills its shape")
            precondition(chroma.cr.count == frames * plane, "Cr fills its shape")
        }
        self.frames = frames
        self.height = height
        self.width = width
        self.luma = luma
        self.chroma = chroma
        self.footprint =
            footprint ?? Footprint(frames: frames, height: height, width: width, luma: luma, chroma: chroma)
    }

    /// Samples in one luma frame.
    package var frameSize: Int { height * width }
}

/// How chroma is subsampled: 4:4:4, 4:2:2 (half the columns) or 4:2:0 (half the columns and rows).
package enum ChromaSampling: String, Sendable, CaseIterable {
    case full = "4:4:4"
    case half = "4:2:2"
    case quarter = "4:2:0"

    package func columns(_ width: Int) -> Int { self == .full ? width : (width + 1) / 2 }
    package func rows(_ height: Int) -> Int { self == .quarter ? (height + 1) / 2 : height }
}
