// Memory that is used again from step to step, whatever the sizes: what one layer gives back, the next may take.

import EchoCore
import Compute
import Foundation
import Synchronization

/// Hands out aligned blocks of floats from a chunk of addresses, and joins those that come back with their free
/// neighbours.
///
/// A request takes the smallest free block that is large enough (best fit), so that activations, which go as gradients
/// come, make room for them. Addresses cost nothing until they are used, so one chunk is larger than any need.
final class MemoryPool: Sendable {
    /// A block of memory.
    struct Block: @unchecked Sendable {
        let start: UnsafeMutableRawPointer, bytes: Int
    }

    private let chunks = Mutex(Chunks())

    func take(_ count: Int) -> Block {
        let grains = (max(count, 1) * MemoryLayout<Float>.stride + Chunks.grain - 1) / Chunks.grain
        let address = chunks.withLock { $0.take(grains * Chunks.grain) }
        guard let start = UnsafeMutableRawPointer(bitPattern: address) else {
            preconditionFailure("a block has an address")
        }
        return Block(start: start, bytes: grains * Chunks.grain)
    }

    func giveBack(_ block: Block) {
        chunks.withLock { $0.giveBack(Chunks.Free(bytes: block.bytes, start: UInt(bitPattern: block.start))) }
    }

    /// Bytes up to the furthest block that was ever handed out: the memory that the pool takes.
    var reached: Int { chunks.withLock { $0.reached } }

    deinit { chunks.withLock { $0.unmap() } }
}

/// Free blocks in chunks of the system's addresses.
private struct Chunks {
    /// Blocks begin and end on a cache line.
    static let grain = 64
    /// Bytes of a chunk, and of one where the system does not lend more addresses than it has memory.
    private static let size = 64 << 30, smallSize = 256 << 20

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

    /// Bytes up to the furthest block of each chunk.
    private(set) var reached = 0
    private var furthest: UInt = 0

    mutating func take(_ bytes: Int) -> UInt {
        var place = position(of: Free(bytes: bytes, start: 0))
        if place == free.count {
            let chunk = map(atLeast: bytes)
            mapped.append(chunk)
            insert(chunk)
            furthest = chunk.start
            place = position(of: Free(bytes: bytes, start: 0))
        }
        let found = free[place]
        remove(found)
        let end = found.start + UInt(bytes)
        if found.bytes > bytes { insert(Free(bytes: found.bytes - bytes, start: end)) }
        if let chunk = mapped.last, (chunk.start..<chunk.end).contains(found.start), end > furthest {
            reached += Int(end - furthest)
            furthest = end
        }
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

    private func map(atLeast bytes: Int) -> Free {
        for size in [max(bytes, Chunks.size), max(bytes, Chunks.smallSize)] {
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
            guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), memory != MAP_FAILED
            else {
                continue
            }
            madvise(memory, size, MADV_HUGEPAGE)
            return Free(bytes: size, start: UInt(bitPattern: memory))
        }
        // Nothing that computes could go on without its result; the last checkpoint is whole.
        EngineFailure.endForWantOfMemory(
            "the system lends no \(bytes >> 20) MiB more, with \(reached >> 20) MiB in use")
    }

    mutating func unmap() {
        for chunk in mapped { munmap(UnsafeMutableRawPointer(bitPattern: chunk.start), chunk.bytes) }
        mapped = []
    }
}
