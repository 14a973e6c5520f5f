// Palette colour (PS3.3 C.7.9): tables from stored values to colours, plain or in segments.

import DICOM
import EchoCore

/// A palette's three tables.
struct Palette: Sendable {
    private let first: Int
    private let tables: [[UInt8]]
    /// Samples are signed numbers of this width, if at all.
    private let signedBits: Int?

    /// - Throws: `.malformed` for tables that are missing or shorter than said.
    init(_ dataset: DICOMDataset) throws(Rejection) {
        var tables: [[UInt16]] = []
        var first = 0
        var bits = 8
        for (descriptor, data, segments) in [
            (DICOMTag.redPaletteDescriptor, DICOMTag.redPaletteData, DICOMTag.redPaletteSegments),
            (.greenPaletteDescriptor, .greenPaletteData, .greenPaletteSegments),
            (.bluePaletteDescriptor, .bluePaletteData, .bluePaletteSegments),
        ] {
            let said = dataset.integers(descriptor)
            guard said.count == 3 else { throw Rejection(.malformed, "a palette without its three tables") }
            let count = said[0] & 0xFFFF == 0 ? 1 << 16 : said[0] & 0xFFFF
            first = said[1]
            bits = said[2]
            var words = dataset.integers(data).map { UInt16(truncatingIfNeeded: $0) }
            if words.isEmpty, bits > 8 {
                words = Palette.expand(dataset.integers(segments).map { $0 & 0xFFFF }, count: count) ?? []
            }
            if words.count >= count {
                tables.append(Array(words.prefix(count)))
            } else if words.count * 2 >= count, bits == 8 || words.count == (count + 1) / 2 {
                tables.append(Array(words.flatMap { [$0 & 0xFF, $0 >> 8] }.prefix(count)))
            } else {
                throw Rejection(.malformed, "a palette of \(words.count) words for \(count) colours")
            }
        }
        // Some machines say 16 bits and write 8, or the other way: the depth is what the words have.
        let highest = tables.reduce(0) { max($0, $1.max() ?? 0) }
        let depth = highest <= 255 ? 8 : (9...16).contains(bits) && highest >> bits == 0 ? bits : 16
        self.tables = tables.map { $0.map { UInt8(truncatingIfNeeded: $0 >> (depth - 8)) } }
        let isSigned = dataset.integer(.pixelRepresentation) == 1
        signedBits = isSigned ? dataset.integer(.bitsStored).map { min(max($0, 1), 16) } ?? 8 : nil
        self.first = isSigned ? Int(Int16(truncatingIfNeeded: first)) : first & 0xFFFF
    }

    /// A segmented table (PS3.3 C.7.9.2): runs of given entries, of entries in a straight line, and of repeated
    /// segments. nil if it breaks its own rules.
    private static func expand(_ words: [Int], count: Int) -> [UInt16]? {
        var table: [UInt16] = []
        func read(from start: Int, segments: Int, isRepeat: Bool) -> Bool {
            var position = start
            for _ in 0..<segments where position + 1 < words.count && table.count < count {
                let (code, length) = (words[position], words[position + 1])
                position += 2
                switch code {
                case 0:
                    guard position + length <= words.count else { return false }
                    table += words[position..<position + length].map { UInt16(truncatingIfNeeded: $0) }
                    position += length
                case 1:
                    guard position < words.count, let last = table.last.map(Int.init) else { return false }
                    let end = words[position]
                    position += 1
                    for step in stride(from: 1, through: length, by: 1) {
                        let value = Double(last) + Double(end - last) * Double(step) / Double(length)
                        table.append(UInt16(value.rounded()))
                    }
                case 2:
                    // The offset counts bytes from the beginning of the table, in two words.
                    guard position + 1 < words.count, !isRepeat else { return false }
                    let offset = (words[position] | words[position + 1] << 16) / 2
                    position += 2
                    guard read(from: offset, segments: length, isRepeat: true) else { return false }
                default: return false
                }
            }
            return true
        }
        return read(from: 0, segments: words.count, isRepeat: false) && table.count == count ? table : nil
    }

    /// The colour of a stored value; values outside of the table take its nearest end.
    func colour(of sample: UInt16) -> (Int32, Int32, Int32) {
        var value = Int(sample)
        if let signedBits, value >> (signedBits - 1) & 1 == 1 { value -= 1 << signedBits }
        func entry(_ table: [UInt8]) -> Int32 { Int32(table[min(max(value - first, 0), table.count - 1)]) }
        return (entry(tables[0]), entry(tables[1]), entry(tables[2]))
    }
}
