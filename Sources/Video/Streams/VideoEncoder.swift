// Writes AVI and MP4 files: other ways that clips come, for the synthetic cohort and for tests.

package import EchoCore

/// Encodes whole clips into a container; the same clip gives the same bytes.
package struct VideoEncoder: Sendable {
    /// A container with the code that is usual in it.
    package enum Format: Sendable {
        /// Motion JPEG in AVI, full range, with the clip's own chroma subsampling.
        case avi
        /// MPEG-4 part 2 in MP4, limited range, 4:2:0.
        case mp4
    }

    private let container: String, codec: String
    private let framesPerSecond: Int
    /// Of libavcodec: 1 is best, 31 worst.
    private let quantiser: Int

    package init(_ format: Format, framesPerSecond: Int = 30, quantiser: Int = 3) {
        switch format {
        case .avi: self.init("avi", "mjpeg", framesPerSecond, quantiser)
        case .mp4: self.init("mp4", "mpeg4", framesPerSecond, quantiser)
        }
    }

    /// A muxer and an encoder of libav by their names.
    package init(_ container: String, _ codec: String, _ framesPerSecond: Int = 30, _ quantiser: Int = 3) {
        self.container = container
        self.codec = codec
        self.framesPerSecond = framesPerSecond
        self.quantiser = quantiser
    }

    /// The bytes of a file with all frames of `clip`.
    ///
    /// - Throws: if this libav lacks the encoder, or the encoder does not take the clip: codes other than Motion JPEG
    ///   take 4:2:0 clips only.
    package func encode(_ clip: Clip) throws(EchoError) -> [UInt8] {
        let sampling = clip.chroma?.sampling ?? .quarter
        let size = sampling.rows(clip.height) * sampling.columns(clip.width)
        let gray = [UInt8](repeating: 128, count: size)
        let output = LibAVOutput(
            container: container, codec: codec,
            shape: FrameShape(height: clip.height, width: clip.width, sampling: sampling), samples: .planes,
            isFullRange: codec == "mjpeg", ticksPerSecond: framesPerSecond, ticksPerPicture: 1,
            quantiser: quantiser)
        return try output.encode(frames: clip.frames) { index in
            let luma = clip.luma[index * clip.frameSize..<(index + 1) * clip.frameSize]
            guard let chroma = clip.chroma else { return ([luma, gray[...], gray[...]], index) }
            let range = index * size..<(index + 1) * size
            return ([luma, chroma.cb[range], chroma.cr[range]], index)
        }
    }
}
