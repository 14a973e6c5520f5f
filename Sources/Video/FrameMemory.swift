// The planes of decoded clips, used again.

package import EchoCore

/// Gives and takes the planes of clips.
package enum FrameMemory {
    private static let pool = BufferPool()

    /// Gives back the planes of a clip; the caller lets go of it.
    package static func recycle(_ clip: consuming Clip) {
        for plane in [clip.luma, clip.chroma?.cb ?? [], clip.chroma?.cr ?? []] { pool.recycle(plane) }
    }

    /// An empty array with room for `count` samples.
    static func take(_ count: Int) -> [UInt8] {
        var plane = pool.take(count)
        plane.removeAll(keepingCapacity: true)
        return plane
    }
}
