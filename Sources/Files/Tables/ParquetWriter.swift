// Parquet files of plain columns: one row group, one gzipped page a column; format of apache/parquet-format 2.10.

/// Collects columns and gives the bytes of a Parquet file.
package struct ParquetWriter {
    package enum Values {
        case int64([Int64?]), double([Double?]), boolean([Bool?]), string([String?])
        /// Microseconds since 1970, without a time zone.
        case timestamp([Int64?])
        /// A list of `width` numbers a row, row after row.
        case vectors([Float], width: Int)
    }

    /// What the end of the file says of a column.
    private struct Chunk {
        let name: String
        let type: Int
        let logical: Logical
        let optional: Bool
        let offset: Int
        /// Numbers in it, and its bytes with page headers, compressed and plain.
        var values = 0, stored = 0, plain = 0

        /// A list's numbers lie two levels below it.
        var path: [String] { logical == .list ? [name, "list", "element"] : [name] }
    }

    private enum Logical { case none, string, timestamp, list }

    private let rows: Int
    private var bytes = Array("PAR1".utf8)
    private var chunks: [Chunk] = []

    package init(rows: Int) { self.rows = rows }

    /// Adds a column; a value may be missing only in an optional one.
    package mutating func add(_ name: String, _ values: Values, optional: Bool = false) {
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
        case .vectors(let values, let width): lists(name, values, width: width)
        }
    }

    /// The whole file.
    package consuming func finish() -> [UInt8] {
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
        chunks.append(
            Chunk(name: name, type: type, logical: logical, optional: optional, offset: bytes.count))
        write(plain + values, count: rows)
    }

    /// A column of lists, all of one length and none missing, in pages of about 16 MiB.
    private mutating func lists(_ name: String, _ values: [Float], width: Int) {
        precondition(width > 0 && values.count == rows * width, "a column has a vector for every row")
        chunks.append(Chunk(name: name, type: 4, logical: .list, optional: false, offset: bytes.count))
        let pageRows = max(1, (4 << 20) / width)
        for first in stride(from: 0, to: rows, by: pageRows) {
            let here = first..<min(first + pageRows, rows)
            // A list begins at level 0 and goes on at level 1; every number is there.
            let repetition = Self.runs(here.flatMap { _ in [(false, 1), (true, width - 1)] })
            let definition = Self.runs([(true, here.count * width)])
            var plain = UInt32(repetition.count).littleEndianBytes + repetition
            plain += UInt32(definition.count).littleEndianBytes + definition
            plain.reserveCapacity(plain.count + 4 * here.count * width)
            for value in values[here.lowerBound * width..<here.upperBound * width] {
                plain += value.bitPattern.littleEndianBytes
            }
            write(plain, count: here.count * width)
        }
    }

    /// Appends a page of `count` values to the last chunk.
    private mutating func write(_ plain: [UInt8], count: Int) {
        let stored = gzip(plain)
        var header = ThriftWriter()
        header.field(1, int: 0)  // a data page
        header.field(2, int: plain.count)
        header.field(3, int: stored.count)
        header.field(5) {
            $0.field(1, int: count)
            $0.field(2, int: 0)  // plain
            $0.field(3, int: 3)  // levels in runs
            $0.field(4, int: 3)
        }
        let head = header.finish()
        bytes += head + stored
        chunks[chunks.count - 1].values += count
        chunks[chunks.count - 1].stored += head.count + stored.count
        chunks[chunks.count - 1].plain += head.count + plain.count
    }

    /// Levels 0 and 1 as run lengths: each value and how often it follows itself.
    private static func runs(_ runs: [(value: Bool, count: Int)]) -> [UInt8] {
        runs.filter { $0.count > 0 }.flatMap {
            ThriftWriter.varint(UInt64($0.count) << 1) + [$0.value ? 1 : 0]
        }
    }

    private static func runs(_ present: [Bool]) -> [UInt8] {
        var found: [(value: Bool, count: Int)] = []
        for value in present {
            if found.last?.value == value {
                found[found.count - 1].count += 1
            } else {
                found.append((value, 1))
            }
        }
        return runs(found)
    }

    private func metadata() -> [UInt8] {
        var file = ThriftWriter()
        file.field(1, int: 2)
        let elements = chunks.flatMap(schema)
        file.field(2, structs: elements.count + 1) { element, index in
            guard index > 0 else {
                element.field(4, text: "schema")
                element.field(5, int: chunks.count)
                return
            }
            elements[index - 1](&element)
        }
        file.field(3, long: rows)
        file.field(4, structs: 1) { group, _ in
            group.field(1, structs: chunks.count) { column, index in
                let chunk = chunks[index]
                column.field(2, long: chunk.offset)
                column.field(3) {
                    $0.field(1, int: chunk.type)
                    $0.field(2, ints: [0, 3])
                    $0.field(3, texts: chunk.path)
                    $0.field(4, int: 2)  // gzip
                    $0.field(5, long: chunk.values)
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

    /// The elements of the schema that a column takes, outermost first.
    private func schema(_ chunk: Chunk) -> [(inout ThriftWriter) -> Void] {
        guard chunk.logical == .list else { return [{ Self.leaf(chunk, &$0) }] }
        return [
            {
                $0.field(3, int: 0)
                $0.field(4, text: chunk.name)
                $0.field(5, int: 1)
                $0.field(6, int: 3)  // a list
                $0.field(10) { $0.field(3) { _ in } }
            },
            {
                $0.field(3, int: 2)  // repeated
                $0.field(4, text: "list")
                $0.field(5, int: 1)
            },
            {
                $0.field(1, int: chunk.type)
                $0.field(3, int: 0)
                $0.field(4, text: "element")
            },
        ]
    }

    private static func leaf(_ chunk: Chunk, _ element: inout ThriftWriter) {
        element.field(1, int: chunk.type)
        element.field(3, int: chunk.optional ? 1 : 0)
        element.field(4, text: chunk.name)
        switch chunk.logical {
        case .none, .list: break
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
}

extension FixedWidthInteger {
    fileprivate var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * Self($0))) }
    }
}
