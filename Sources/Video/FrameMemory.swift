// Memory of decoded clips, used again: a fresh 100 MB for every clip costs the system as long as half its decoding.

public import EchoCore

/// Planes that nobody needs any more, waiting for the next clip.
///
/// No more memory waits than clips were decoded at the same time, and no plane longer than 256 MiB.
public final class FrameMemory: Sendable {
    public static let shared = FrameMemory()

    private let free = Locked<[[UInt8]]>([])

    /// Gives back the planes of a clip; the caller lets go of it.
    public func recycle(_ clip: consuming Clip) {
        let planes = [clip.luma, clip.chroma?.cb ?? [], clip.chroma?.cr ?? []]
        free.withLock { free in
            free += planes.filter { (1 << 16...1 << 28).contains($0.capacity) }
        }
    }

    /// An empty array with room for `count` samples: the smallest that waits and is large enough, or a new one in
    /// place of the largest that waits.
    func take(_ count: Int) -> [UInt8] {
        guard count >= 1 << 16 else { return [] }
        var plane = free.withLock { free -> [UInt8] in
            let bySize = free.indices.sorted { free[$0].capacity < free[$1].capacity }
            guard let chosen = bySize.first(where: { free[$0].capacity >= count }) ?? bySize.last else {
                return []
            }
            let plane = free.remove(at: chosen)
            return plane.capacity >= count ? plane : []
        }
        plane.removeAll(keepingCapacity: true)
        plane.reserveCapacity(count)
        return plane
    }
}
