// Memory that is used again from step to step, whatever the sizes: what one layer gives back, the next may take.

import EchoCore
import Foundation

/// Hands out aligned blocks of floats from large chunks, and joins those that come back with their free neighbours.
///
/// A request takes the smallest free block that is large enough (best fit), so that activations, which go as gradients
/// come, make room for them. Chunks stay with the pool until it goes.
final class MemoryPool: Sendable {
    /// A block of `count` floats.
    struct Block: @unchecked Sendable {
        let start: UnsafeMutablePointer<Float>
        fileprivate let bytes: Int
    }

    private let chunks = Locked(Chunks())

    func take(_ count: Int) -> Block {
        let grains = (max(count, 1) * MemoryLayout<Float>.stride + Chunks.grain - 1) / Chunks.grain
        let address = chunks.withLock { $0.take(grains * Chunks.grain) }
        guard let start = UnsafeMutablePointer<Float>(bitPattern: address) else {
            preconditionFailure("a block has an address")
        }
        return Block(start: start, bytes: grains * Chunks.grain)
    }

    func giveBack(_ block: Block) {
        chunks.withLock { $0.giveBack(Chunks.Free(bytes: block.bytes, start: UInt(bitPattern: block.start))) }
    }

    /// Bytes of all chunks; what was never handed out of them takes no memory.
    var reserved: Int { chunks.withLock { $0.reserved } }

    deinit { chunks.withLock { $0.unmap() } }
}

/// Free blocks in chunks of the system's memory.
private struct Chunks {
    /// Blocks begin and end on a cache line.
    static let grain = 64
    /// Bytes of a chunk, unless more are asked for at once: many huge pages.
    private static let size = 256 << 20

    struct Free: Comparable {
        let bytes: Int
        let start: UInt

        var end: UInt { start + UInt(bytes) }

        static func < (a: Free, b: Free) -> Bool { (a.bytes, a.start) < (b.bytes, b.start) }
    }

    private var mapped: [Free] = []
    /// By size, then by place.
    private var free: [Free] = []
    private var byStart: [UInt: Free] = [:]
    private var byEnd: [UInt: Free] = [:]

    var reserved: Int { mapped.reduce(0) { $0 + $1.bytes } }

    mutating func take(_ bytes: Int) -> UInt {
        var place = position(of: Free(bytes: bytes, start: 0))
        if place == free.count {
            insert(Chunks.map(max(bytes, Chunks.size), into: &mapped))
            place = position(of: Free(bytes: bytes, start: 0))
        }
        let found = free[place]
        remove(found)
        if found.bytes > bytes { insert(Free(bytes: found.bytes - bytes, start: found.start + UInt(bytes))) }
        return found.start
    }

    mutating func giveBack(_ block: Free) {
        var block = block
        if let before = byEnd[block.start] {
            remove(before)
            block = Free(bytes: before.bytes + block.bytes, start: before.start)
        }
        if let after = byStart[block.end] {
            remove(after)
            block = Free(bytes: block.bytes + after.bytes, start: block.start)
        }
        insert(block)
    }

    /// The index of the first free block that is not less than `block`.
    private func position(of block: Free) -> Int {
        var (low, high) = (0, free.count)
        while low < high {
            let middle = (low + high) / 2
            if free[middle] < block { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func insert(_ block: Free) {
        free.insert(block, at: position(of: block))
        byStart[block.start] = block
        byEnd[block.end] = block
    }

    private mutating func remove(_ block: Free) {
        free.remove(at: position(of: block))
        byStart[block.start] = nil
        byEnd[block.end] = nil
    }

    private static func map(_ bytes: Int, into mapped: inout [Free]) -> Free {
        let page = 2 << 20
        let bytes = (bytes + page - 1) / page * page
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else {
            fatalError("the system has no \(bytes) bytes of memory left")
        }
        madvise(memory, bytes, MADV_HUGEPAGE)
        let chunk = Free(bytes: bytes, start: UInt(bitPattern: memory))
        mapped.append(chunk)
        return chunk
    }

    mutating func unmap() {
        for chunk in mapped { munmap(UnsafeMutableRawPointer(bitPattern: chunk.start), chunk.bytes) }
        mapped = []
    }
}
