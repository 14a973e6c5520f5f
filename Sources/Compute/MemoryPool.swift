// Memory that is used again from step to step: a training step allocates the same sizes as the one before it.

import EchoCore
import Foundation

/// Hands out aligned blocks of floats and keeps those that come back for the next who asks for that size.
final class MemoryPool: Sendable {
    /// A block and how many floats it has room for.
    struct Block: @unchecked Sendable {
        let start: UnsafeMutablePointer<Float>
        let capacity: Int
    }

    private let free: Locked<[Int: [Block]]> = Locked([:])

    func take(_ count: Int) -> Block {
        let capacity = MemoryPool.capacity(for: count)
        if let block = free.withLock({ $0[capacity]?.popLast() }) { return block }
        var memory: UnsafeMutableRawPointer?
        // Large blocks begin on a huge page, so that the system may give them huge pages.
        let bytes = capacity * MemoryLayout<Float>.stride
        let alignment = bytes >= 4 << 20 ? 2 << 20 : 64
        guard posix_memalign(&memory, alignment, bytes) == 0, let memory else {
            fatalError("no memory for \(bytes) bytes")
        }
        if alignment > 64 { madvise(memory, bytes, MADV_HUGEPAGE) }
        return Block(start: memory.bindMemory(to: Float.self, capacity: capacity), capacity: capacity)
    }

    func giveBack(_ block: Block) { free.withLock { $0[block.capacity, default: []].append(block) } }

    deinit {
        for block in free.withLock({ $0.values.joined() }) { Foundation.free(block.start) }
    }

    /// The next of eight sizes between two powers of two, so that batches of nearly one size share their memory.
    static func capacity(for count: Int) -> Int {
        let granule = max(16, (1 << (Int.bitWidth - 1 - max(count, 1).leadingZeroBitCount)) / 8)
        return max(16, (count + granule - 1) / granule * granule)
    }
}
