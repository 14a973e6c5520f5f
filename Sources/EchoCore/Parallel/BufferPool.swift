// Memory used again: what the system must clear and map for every clip, a fresh 100 MB, costs as long as half its
// decoding, and more where several threads ask for it.

import Synchronization

/// Buffers that nobody needs any more, waiting for the next clip.
///
/// No more memory waits than was in use at the same time, and no buffer longer than 256 MiB.
package final class BufferPool: Sendable {
    private let free = Mutex<[[UInt8]]>([])

    package init() {}

    /// Gives back a buffer that was taken; the caller lets go of it.
    package func recycle(_ buffer: consuming [UInt8]) {
        let buffer = buffer
        guard (1 << 16...1 << 28).contains(buffer.capacity) else { return }
        free.withLock { $0.append(buffer) }
    }

    /// A buffer with room for `count` bytes, holding anything: the smallest that waits and is large enough, or a new
    /// one in place of the largest that waits.
    package func take(_ count: Int) -> [UInt8] {
        guard count >= 1 << 16 else { return [] }
        var buffer = free.withLock { free -> [UInt8] in
            let bySize = free.indices.sorted { free[$0].capacity < free[$1].capacity }
            guard let chosen = bySize.first(where: { free[$0].capacity >= count }) ?? bySize.last else {
                return []
            }
            let buffer = free.remove(at: chosen)
            return buffer.capacity >= count ? buffer : []
        }
        buffer.reserveCapacity(count)
        return buffer
    }
}

extension [UInt8] {
    /// Makes it `count` bytes long. Those it had stay what they were; new ones are 0.
    package mutating func resize(to count: Int) {
        if count < self.count { removeLast(self.count - count) }
        append(contentsOf: repeatElement(0, count: count - self.count))
    }
}
