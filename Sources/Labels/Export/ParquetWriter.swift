// Parquet files of plain columns: one row group, one gzipped page a column; format of apache/parquet-format 2.10.

import Files

/// Collects columns and gives the bytes of a Parquet file.
struct ParquetWriter {
    enum Values {
        case int64([Int64?]), double([Double?]), boolean([Bool?]), string([String?])
        /// Microseconds since 1970, without a time zone.
        case timestamp([Int64?])
    }

    /// What the end of the file says of a column.
    private struct Chunk {
        let name: String
        let type: Int
        let logical: Logical
        let optional: Bool
        let offset: Int
        let stored: Int, plain: Int
    }

    private enum Logical { case none, string, timestamp }

    private let rows: Int
    private var bytes = Array("PAR1".utf8)
    private var chunks: [Chunk] = []

    init(rows: Int) { self.rows = rows }

    /// Adds a column; a value may be missing only in an optional one.
    mutating func add(_ name: String, _ values: Values, optional: Bool = false) {
        switch values {
        case .boolean(let values):
            let present = values.compactMap(\.self)
            var packed = [UInt8](repeating: 0, count: (present.count + 7) / 8)
            for (index, value) in present.enumerated() where value { packed[index / 8] |= 1 << (index % 8) }
            page(name, type: 0, .none, present: values.map { $0 != nil }, optional, packed)
        case .int64(let values): page(name, type: 2, .none, values, optional) { $0.littleEndianBytes }
        case .timestamp(let values):
            page(name, type: 2, .timestamp, values, optional) { $0.littleEndianBytes }
        case .double(let values):
            page(name, type: 5, .none, values, optional) { $0.bitPattern.littleEndianBytes }
        case .string(let values):
            page(name, type: 6, .string, values, optional) {
                UInt32($0.utf8.count).littleEndianBytes + $0.utf8
            }
        }
    }

    /// The whole file.
    consuming func finish() -> [UInt8] {
        let footer = metadata()
        return bytes + footer + UInt32(footer.count).littleEndianBytes + Array("PAR1".utf8)
    }

    private mutating func page<Value>(
        _ name: String, type: Int, _ logical: Logical, _ values: [Value?], _ optional: Bool,
        _ encode: (Value) -> [UInt8]
    ) {
        page(
            name, type: type, logical, present: values.map { $0 != nil }, optional,
            values.compactMap(\.self).flatMap(encode))
    }

    private mutating func page(
        _ name: String, type: Int, _ logical: Logical, present: [Bool], _ optional: Bool, _ values: [UInt8]
    ) {
        precondition(optional || !present.contains(false), "a required column has every value")
        precondition(present.count == rows, "a column has a value for every row")
        var plain: [UInt8] = []
        if optional {
            let levels = Self.runs(present)
            plain = UInt32(levels.count).littleEndianBytes + levels
        }
        plain += values
        let stored = gzip(plain)
        var header = ThriftWriter()
        header.field(1, int: 0)  // a data page
        header.field(2, int: plain.count)
        header.field(3, int: stored.count)
        header.field(5) {
            $0.field(1, int: rows)
            $0.field(2, int: 0)  // plain
            $0.field(3, int: 3)  // levels in runs
            $0.field(4, int: 3)
        }
        let head = header.finish()
        chunks.append(
            Chunk(
                name: name, type: type, logical: logical, optional: optional, offset: bytes.count,
                stored: head.count + stored.count, plain: head.count + plain.count))
        bytes += head + stored
    }

    /// Definition levels 0 and 1 as run lengths.
    private static func runs(_ present: [Bool]) -> [UInt8] {
        var bytes: [UInt8] = []
        var start = 0
        while start < present.count {
            let end = present[start...].firstIndex { $0 != present[start] } ?? present.count
            bytes += ThriftWriter.varint(UInt64(end - start) << 1) + [present[start] ? 1 : 0]
            start = end
        }
        return bytes
    }

    private func metadata() -> [UInt8] {
        var file = ThriftWriter()
        file.field(1, int: 2)
        file.field(2, structs: chunks.count + 1) { element, index in
            guard index > 0 else {
                element.field(4, text: "schema")
                element.field(5, int: chunks.count)
                return
            }
            let chunk = chunks[index - 1]
            element.field(1, int: chunk.type)
            element.field(3, int: chunk.optional ? 1 : 0)
            element.field(4, text: chunk.name)
            switch chunk.logical {
            case .none: break
            case .string:
                element.field(6, int: 0)
                element.field(10) { $0.field(1) { _ in } }
            case .timestamp:
                element.field(10) {
                    $0.field(8) {
                        $0.field(1, bool: false)
                        $0.field(2) { $0.field(2) { _ in } }
                    }
                }
            }
        }
        file.field(3, long: rows)
        file.field(4, structs: 1) { group, _ in
            group.field(1, structs: chunks.count) { column, index in
                let chunk = chunks[index]
                column.field(2, long: chunk.offset)
                column.field(3) {
                    $0.field(1, int: chunk.type)
                    $0.field(2, ints: [0, 3])
                    $0.field(3, texts: [chunk.name])
                    $0.field(4, int: 2)  // gzip
                    $0.field(5, long: rows)
                    $0.field(6, long: chunk.plain)
                    $0.field(7, long: chunk.stored)
                    $0.field(9, long: chunk.offset)
                }
            }
            group.field(2, long: chunks.reduce(0) { $0 + $1.plain })
            group.field(3, long: rows)
        }
        file.field(6, text: "echoprep")
        return file.finish()
    }
}

extension FixedWidthInteger {
    fileprivate var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * Self($0))) }
    }
}
