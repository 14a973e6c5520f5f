// Thrift's compact protocol, as far as the metadata of Parquet need it.

/// Writes one struct, field by field in ascending order.
struct ThriftWriter {
    private enum Kind: UInt8 {
        case yes = 1, no, int32 = 5, int64, binary = 8, list, structure = 12
    }

    private var bytes: [UInt8] = []
    private var last = 0

    /// The bytes of the struct.
    consuming func finish() -> [UInt8] { bytes + [0] }

    mutating func field(_ id: Int, int value: Int) {
        begin(id, .int32)
        bytes += Self.zigzag(value)
    }

    mutating func field(_ id: Int, long value: Int) {
        begin(id, .int64)
        bytes += Self.zigzag(value)
    }

    mutating func field(_ id: Int, bool value: Bool) { begin(id, value ? .yes : .no) }

    mutating func field(_ id: Int, text: String) {
        begin(id, .binary)
        append(text)
    }

    mutating func field(_ id: Int, ints values: [Int]) {
        list(id, .int32, count: values.count)
        for value in values { bytes += Self.zigzag(value) }
    }

    mutating func field(_ id: Int, texts: [String]) {
        list(id, .binary, count: texts.count)
        for text in texts { append(text) }
    }

    mutating func field(_ id: Int, structs count: Int, _ body: (inout ThriftWriter, Int) -> Void) {
        list(id, .structure, count: count)
        for index in 0..<count { append { body(&$0, index) } }
    }

    mutating func field(_ id: Int, _ body: (inout ThriftWriter) -> Void) {
        begin(id, .structure)
        append(body)
    }

    /// Seven bits a byte, the lowest first.
    static func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func zigzag(_ value: Int) -> [UInt8] {
        varint(UInt64(bitPattern: Int64((value << 1) ^ (value >> 63))))
    }

    private mutating func begin(_ id: Int, _ kind: Kind) {
        precondition(id > last && id - last < 16, "fields ascend by less than sixteen")
        bytes.append(UInt8(id - last) << 4 | kind.rawValue)
        last = id
    }

    private mutating func list(_ id: Int, _ kind: Kind, count: Int) {
        begin(id, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | kind.rawValue)
        } else {
            bytes += [0xF0 | kind.rawValue] + Self.varint(UInt64(count))
        }
    }

    private mutating func append(_ text: String) { bytes += Self.varint(UInt64(text.utf8.count)) + text.utf8 }

    private mutating func append(_ body: (inout ThriftWriter) -> Void) {
        var inner = ThriftWriter()
        body(&inner)
        bytes += inner.finish()
    }
}
