// Pixels on their way from the loader's threads to an engine, and what of them a model is to see.

/// Memory of the host for pixels as shards hold them, 0 … 255; an engine that copies beside its work pins it.
///
/// One thread writes at a time, and none while `Engine.resample` may still read: it does until the next one, from other
/// memory, has returned.
open class HostPixels: @unchecked Sendable {
    package let count: Int

    package init(count: Int) { self.count = count }

    /// Writes pixels from `place` on.
    open func write(_ pixels: some Collection<UInt8>, at place: Int) {
        preconditionFailure("an engine's own memory writes")
    }
}

/// Memory of the program's own, for engines that compute where it runs.
package final class HostArray: HostPixels, @unchecked Sendable {
    package private(set) var bytes: [UInt8]

    package override init(count: Int) {
        bytes = Array(repeating: 0, count: count)
        super.init(count: count)
    }

    package override func write(_ pixels: some Collection<UInt8>, at place: Int) {
        precondition(place >= 0 && place + pixels.count <= count, "pixels lie within their memory")
        bytes.withUnsafeMutableBytes { $0[place..<place + pixels.count].copyBytes(from: pixels) }
    }
}

extension HostPixels {
    /// The pixels of an engine that keeps them in the program's own memory.
    package var host: [UInt8] {
        guard let array = self as? HostArray else { preconditionFailure("memory of another engine") }
        return array.bytes
    }
}

/// A clip's frames in memory of the host, and where an image of them looks, the same for all.
///
/// A pixel of the image is the sum of rows × columns samples, bilinear between the four source pixels around each and black
/// outside of the picture. Sample (c, r) of an image of columns · image × rows · image lies at (x, y) + c · (acrossX, acrossY)
/// + r · (downX, downY), in pixels of the source; the centre of its first pixel is (0, 0).
package struct ClipSamples: Sendable, Equatable {
    /// Where the first of its frames begins, how many follow each other there, U8 [side, side, channels] each, and their side.
    package let start: Int, frames: Int, side: Int
    package let x: Double, y: Double, acrossX: Double, acrossY: Double, downX: Double, downY: Double
    package let rows: Int, columns: Int
    /// What a channel's sums are multiplied by, and what is added then.
    package let scale: [Float], shift: [Float]

    package init(
        start: Int, frames: Int, side: Int, x: Double, y: Double, acrossX: Double, acrossY: Double,
        downX: Double, downY: Double, rows: Int, columns: Int, scale: [Float], shift: [Float]
    ) {
        precondition(scale.count == shift.count && !scale.isEmpty, "one scale and one shift a channel")
        precondition(side > 0 && rows > 0 && columns > 0, "a picture has pixels, and an image samples")
        (self.start, self.frames, self.side) = (start, frames, side)
        (self.x, self.y) = (x, y)
        (self.acrossX, self.acrossY, self.downX, self.downY) = (acrossX, acrossY, downX, downY)
        (self.rows, self.columns) = (rows, columns)
        (self.scale, self.shift) = (scale, shift)
    }

    package var channels: Int { scale.count }
    /// Bytes of its frames.
    package var bytes: Int { frames * side * side * channels }
    /// Planes of its images: every channel of every frame.
    package var planes: Int { frames * channels }
}
