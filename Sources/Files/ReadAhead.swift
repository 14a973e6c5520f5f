// Reading and inflating on a thread of their own, a few blocks before the one that is looked at.

import EchoCore
import Foundation

/// The blocks of a file in order, produced by another thread.
final class ReadAhead: Sendable {
    /// The most bytes that come at once.
    static let blockSize = 1 << 17
    private static let blocks = 4
    private let line = Line()

    /// Takes over `reader`, which nobody else may use from now on.
    init(_ reader: GzipReader) {
        let line = line
        nonisolated(unsafe) let reader = reader
        let thread = Thread {
            while var block = line.takeEmpty() {
                let result = Result { () throws(EchoError) in
                    block.count = try reader.read(into: &block.bytes)
                    return block
                }
                line.putFull(result)
            }
        }
        for _ in 0..<Self.blocks { line.putEmpty(Block(bytes: [UInt8](repeating: 0, count: Self.blockSize))) }
        thread.start()
    }

    deinit { line.stop() }

    /// Copies the next block to `bytes`, which has room for `blockSize`, and returns its length; 0 at the end.
    func next(into bytes: UnsafeMutableRawBufferPointer) throws(EchoError) -> Int {
        let block = try line.takeFull().get()
        bytes.copyBytes(from: block.bytes[..<block.count])
        defer { line.putEmpty(block) }
        return block.count
    }

    private struct Block {
        var bytes: [UInt8]
        var count = 0
    }

    /// Empty blocks on their way to the reader, full ones on their way from it.
    private final class Line: Sendable {
        private struct State {
            var empty: [Block] = [], full: [Result<Block, EchoError>] = []
            var stopped = false
        }

        private let state = Monitor(State())

        func takeEmpty() -> Block? {
            state.change(when: { $0.stopped || !$0.empty.isEmpty }) {
                $0.stopped ? nil : $0.empty.removeLast()
            }
        }

        func takeFull() -> Result<Block, EchoError> {
            state.change(when: { !$0.full.isEmpty }) { $0.full.removeFirst() }
        }

        func putEmpty(_ block: Block) { state.change { $0.empty.append(block) } }
        func putFull(_ block: Result<Block, EchoError>) { state.change { $0.full.append(block) } }
        func stop() { state.change { $0.stopped = true } }
    }
}
