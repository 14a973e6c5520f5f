// Reading and inflating on a thread of their own, a few blocks before the one that is looked at.

import EchoCore

/// The blocks of a file in order, produced by another thread.
final class ReadAhead: Sendable {
    /// The most bytes that come at once.
    static let blockSize = 1 << 17
    private static let blocks = 4
    /// On their way to the reader, and on their way from it.
    private let empty = Conveyor<Block>(capacity: blocks)
    private let full = Conveyor<Result<Block, EchoError>>(capacity: blocks)

    private struct Block {
        var bytes: [UInt8]
        var count = 0
    }

    /// The file itself where the system has no thread to give: it is read when a block is asked for.
    nonisolated(unsafe) private let unaided: GzipReader?

    /// Takes over `reader`, which nobody else may use from now on.
    init(_ reader: GzipReader) {
        let (empty, full) = (empty, full)
        for _ in 0..<Self.blocks { empty.put(Block(bytes: [UInt8](repeating: 0, count: Self.blockSize))) }
        nonisolated(unsafe) let reader = reader
        let thread = Background.beside {
            while var block = empty.take() {
                let result = Result { () throws(EchoError) in
                    block.count = try reader.read(into: &block.bytes)
                    return block
                }
                full.put(result)
            }
        }
        unaided = thread == nil ? reader : nil
    }

    deinit { empty.finish() }

    /// Copies the next block to `bytes`, which has room for `blockSize`, and returns its length; 0 at the end.
    func next(into bytes: UnsafeMutableRawBufferPointer) throws(EchoError) -> Int {
        if let unaided {
            var block = [UInt8](repeating: 0, count: Self.blockSize)
            let count = try unaided.read(into: &block)
            bytes.copyBytes(from: block[..<count])
            return count
        }
        guard let result = full.take() else { preconditionFailure("a block follows while they go round") }
        let block = try result.get()
        bytes.copyBytes(from: block.bytes[..<block.count])
        defer { empty.put(block) }
        return block.count
    }
}
