// Writes JPEG Baseline frames as ultrasound machines do: YCbCr planes, standard tables, no JFIF marker.

package import EchoCore

/// Encodes the frames of clips as JPEG Baseline; the same planes give the same bytes.
package struct JPEGEncoder: Sendable {
    /// 1 … 100, as libjpeg counts.
    package let quality: Int

    package init(quality: Int = 90) {
        precondition((1...100).contains(quality), "quality is 1 to 100")
        self.quality = quality
    }

    /// Encodes one frame of `clip`, with the clip's own chroma subsampling; a gray clip gives a gray picture.
    package func encode(_ clip: Clip, frame: Int) throws(EchoError) -> [UInt8] {
        let shape = FrameShape(height: clip.height, width: clip.width, sampling: clip.chroma?.sampling)
        let luma = clip.luma[frame * clip.frameSize..<(frame + 1) * clip.frameSize]
        let chroma = frame * shape.chromaSize..<(frame + 1) * shape.chromaSize
        let cb = clip.chroma?.cb[chroma] ?? []
        let cr = clip.chroma?.cr[chroma] ?? []
        return try encodeJPEG(shape, luma: luma, cb: cb, cr: cr, quality: quality)
    }

    /// Encodes a picture U8 [height, width, channels] of gray or of red, green and blue, the latter without
    /// subsampling.
    package func encode(
        _ pixels: [UInt8], height: Int, width: Int, channels: Int
    ) throws(EchoError) -> [UInt8] {
        precondition(channels == 1 || channels == 3, "a picture is gray or RGB")
        precondition(pixels.count == height * width * channels, "pixels fill their shape")
        let shape = FrameShape(height: height, width: width, sampling: channels == 1 ? nil : .full)
        if channels == 1 {
            return try encodeJPEG(shape, luma: pixels[...], cb: [], cr: [], quality: quality)
        }
        let planes: PlaneStack
        do throws(Rejection) {
            var stack = try PlaneStack(shape, frames: 1)
            stack.appendRGB {
                (Int32(pixels[3 * $0]), Int32(pixels[3 * $0 + 1]), Int32(pixels[3 * $0 + 2]))
            }
            planes = stack
        } catch {
            throw EchoError("a JPEG picture", error.detail)
        }
        return try encodeJPEG(
            shape, luma: planes.luma[...], cb: planes.cb[...], cr: planes.cr[...], quality: quality)
    }

    /// Encodes all frames of `clip`, in order.
    package func encode(_ clip: Clip) throws(EchoError) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        for frame in 0..<clip.frames { frames.append(try encode(clip, frame: frame)) }
        return frames
    }
}
