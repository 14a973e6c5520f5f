// JPEG's entropy-coded data (ITU-T T.81 C.2, F.2.2): Huffman tables, and the bits that are read with them.

import EchoCore

/// A Huffman table, looked up by sixteen bits at once.
struct JPEGHuffmanTable: Sendable {
    /// For any sixteen bits, the length of the code that they begin with in the high byte and what it stands for in
    /// the low one; 0 where they begin none.
    fileprivate let codes: [UInt16]

    /// - Parameter coded: how many codes there are of each length from 1 to 16, then what they stand for, in order.
    /// nil if there are more codes than fit, or fewer values.
    init?(_ coded: ArraySlice<UInt8>) {
        guard coded.count >= 16 else { return nil }
        var codes: [UInt16] = []
        codes.reserveCapacity(1 << 16)
        var rest = coded.dropFirst(16)
        for (length, count) in zip(1..., coded.prefix(16)) {
            for _ in 0..<count {
                guard let value = rest.popFirst(), codes.count + 1 << (16 - length) <= 1 << 16 else {
                    return nil
                }
                codes += repeatElement(UInt16(length) << 8 | UInt16(value), count: 1 << (16 - length))
            }
        }
        codes += repeatElement(0, count: 1 << 16 - codes.count)
        self.codes = codes
    }
}

/// The bits of a scan, up to the next marker.
struct JPEGBits {
    private let bytes: [UInt8]
    private let end: Int
    /// Where the next byte is taken from; a marker is never passed.
    private(set) var position: Int
    /// The last `count` bits are unread; of these the last `absent` are not in the data.
    private var held: UInt64 = 0
    private var count = 0, absent = 0

    /// The bits in `bytes[range]`.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// Decodes one value.
    mutating func next(_ table: JPEGHuffmanTable) throws(Rejection) -> Int {
        fill()
        let code = table.codes[Int(truncatingIfNeeded: held >> UInt64(count - 16)) & 0xFFFF]
        guard code != 0 else { throw Rejection(.undecodable, "bits that are no code of their table") }
        try drop(Int(code >> 8))
        return Int(code & 0xFF)
    }

    /// Reads a difference of `size` bits, 0 to 16, as F.2.2.1 extends it.
    mutating func difference(_ size: Int) throws(Rejection) -> Int {
        guard size > 0 else { return 0 }
        fill()
        let bits = Int(truncatingIfNeeded: held >> UInt64(count - size)) & (1 << size - 1)
        try drop(size)
        return bits >> (size - 1) == 1 ? bits : bits - (1 << size - 1)
    }

    /// Goes on behind the restart marker that must come next.
    mutating func restart() throws(Rejection) {
        (held, count, absent) = (0, 0, 0)
        guard position + 1 < end, bytes[position] == 0xFF, (0xD0...0xD7).contains(bytes[position + 1]) else {
            throw Rejection(.undecodable, "no restart marker where one belongs")
        }
        position += 2
    }

    private mutating func fill() {
        while count <= 48 {
            var byte: UInt8 = 0
            if position < end, bytes[position] != 0xFF {
                byte = bytes[position]
                position += 1
            } else if position + 1 < end, bytes[position + 1] == 0 {
                byte = 0xFF
                position += 2
            } else {
                absent += 8
            }
            held = held << 8 | UInt64(byte)
            count += 8
        }
    }

    private mutating func drop(_ bits: Int) throws(Rejection) {
        count -= bits
        guard count >= absent else { throw Rejection(.undecodable, "entropy-coded data that ends early") }
    }
}
