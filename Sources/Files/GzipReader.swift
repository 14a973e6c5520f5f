// The bytes of a table, inflated by ISA-L where it is gzipped.

private import CISAL
package import EchoCore

#if canImport(Glibc)
    import Glibc
#endif

/// The decompressed bytes of a `.gz` file, or the bytes of a plain one; which it is shows in its first two bytes.
package final class GzipReader {
    /// The file's size on disk.
    let size: Int
    private let path: String
    private let file: Descriptor
    private let state: UnsafeMutablePointer<inflate_state>
    private var input = [UInt8](repeating: 0, count: 1 << 17)
    /// What of `input` is still to be inflated.
    private var pending = 0..<0
    private var isGzipped = false, isStarted = false, isBetweenMembers = false

    package init(_ path: String) throws(EchoError) {
        // Looked at first, so that a missing file or a folder is told as such.
        try checkReadable(path)
        self.path = path
        file = try Descriptor(path, flags: O_RDONLY)
        size = Int(try file.status().st_size)
        state = .allocate(capacity: 1)
        isal_inflate_init(state)
        state.pointee.crc_flag = UInt32(ISAL_GZIP)
    }

    deinit { state.deallocate() }

    /// Fills `bytes` as far as the file goes and returns the count; 0 at the end.
    ///
    /// - Throws: `EchoError` where the compressed data are corrupt or end too early.
    package func read(into bytes: inout [UInt8]) throws(EchoError) -> Int {
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(EchoError) in try read(into: buffer) }
        }
        return try result.get()
    }

    private func read(into bytes: UnsafeMutableRawBufferPointer) throws(EchoError) -> Int {
        if !isStarted {
            try refill()
            isStarted = true
            isGzipped = pending.count >= 2 && input[0] == 0x1F && input[1] == 0x8B
        }
        var filled = 0
        while filled < bytes.count {
            if pending.isEmpty { try refill() }
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
            let count = isGzipped ? try inflate(into: rest) : copy(into: rest)
            guard let count else { break }
            filled += count
        }
        return filled
    }

    private func refill() throws(EchoError) { pending = 0..<(try file.read(into: &input)) }

    /// nil at the end of the file.
    private func copy(into bytes: UnsafeMutableRawBufferPointer) -> Int? {
        if pending.isEmpty { return nil }
        let count = min(bytes.count, pending.count)
        bytes.copyBytes(from: input[pending.prefix(count)])
        pending.removeFirst(count)
        return count
    }

    /// nil at the end of the last member.
    private func inflate(into bytes: UnsafeMutableRawBufferPointer) throws(EchoError) -> Int? {
        if isBetweenMembers {
            // Members may follow each other, and zeros the last one.
            while let first = pending.first, input[first] == 0 { pending.removeFirst() }
            if pending.isEmpty { return try file.isAtEnd() ? nil : 0 }
            isal_inflate_reset(state)
            state.pointee.crc_flag = UInt32(ISAL_GZIP)
            isBetweenMembers = false
        } else if pending.isEmpty {
            throw EchoError(path, "its compressed data end too early", try: "download the file again")
        }
        let capacity = UInt32(min(bytes.count, 1 << 30))
        let status = input.withUnsafeMutableBufferPointer { input in
            state.pointee.next_in = input.baseAddress! + pending.lowerBound
            state.pointee.avail_in = UInt32(pending.count)
            state.pointee.next_out = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            state.pointee.avail_out = capacity
            return isal_inflate(state)
        }
        pending = (pending.upperBound - Int(state.pointee.avail_in))..<pending.upperBound
        if status != ISAL_DECOMP_OK && status != ISAL_END_INPUT {
            throw EchoError(path, "its compressed data are corrupt", try: "download the file again")
        }
        isBetweenMembers = state.pointee.block_state == ISAL_BLOCK_FINISH
        return Int(capacity - state.pointee.avail_out)
    }
}
