// The frame headers of JPEG, JPEG-LS and JPEG 2000: enough to choose a decoder and to know the size undecoded.

/// What a start-of-frame marker says (ITU-T T.81 B.2.2, T.87 C.2.2).
struct JPEGHead: Sendable {
    /// The marker's second byte: C0 baseline, C1 extended, C2 progressive, C3 lossless, F7 JPEG-LS.
    let process: UInt8
    let bits: Int, height: Int, width: Int, components: Int

    /// Whether libjpeg-turbo decodes such pictures.
    var isPlain: Bool { bits == 8 && (0xC0...0xC2).contains(process) }

    /// Walks the segments of the picture in `bytes[range]` up to its frame header; nil if none comes.
    init?(_ bytes: [UInt8], _ range: Range<Int>) {
        var position = range.lowerBound + 2
        while position + 4 <= range.upperBound {
            guard bytes[position] == 0xFF else { return nil }
            let marker = bytes[position + 1]
            // Fill bytes, and markers that stand alone.
            if marker == 0xFF || marker == 0x01 || (0xD0...0xD8).contains(marker) {
                position += marker == 0xFF ? 1 : 2
                continue
            }
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            let isFrame =
                (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker) || marker == 0xF7
            guard isFrame else {
                // Entropy-coded data, or the end, before any frame header.
                if marker == 0xDA || marker == 0xD9 || length < 2 { return nil }
                position += 2 + length
                continue
            }
            guard length >= 8, position + 10 <= range.upperBound else { return nil }
            process = marker
            bits = Int(bytes[position + 4])
            height = Int(bytes[position + 5]) << 8 | Int(bytes[position + 6])
            width = Int(bytes[position + 7]) << 8 | Int(bytes[position + 8])
            components = Int(bytes[position + 9])
            return
        }
        return nil
    }
}

/// What the SIZ marker of a JPEG 2000 codestream says (ITU-T T.800 A.5.1).
struct JPEG2000Head: Sendable {
    let bits: Int, height: Int, width: Int
    /// Whether the first component's samples are signed: then decoders add half of their range.
    let isSigned: Bool
    /// Whether the code transforms three components into others, which its decoder takes back: they are R, G, B.
    let transformsComponents: Bool
    /// Whether blocks are coded as part 15 has it (HTJ2K).
    let isHighThroughput: Bool

    /// Finds the codestream in `bytes[range]`, which may lie in JP2 boxes; nil if none begins early.
    init?(_ bytes: [UInt8], _ range: Range<Int>) {
        let mark: [UInt8] = [0xFF, 0x4F, 0xFF, 0x51]
        let last = min(range.upperBound - 43, range.lowerBound + 4096)
        guard range.lowerBound <= last,
            let start = (range.lowerBound...last).first(where: { bytes[$0..<$0 + 4].elementsEqual(mark) })
        else { return nil }
        func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(bytes[start + at + $1]) } }
        // Behind SOC (2 bytes), SIZ (2), its length (2) and the profile (2): the grid's size and the picture's place.
        width = word(8) - word(16)
        height = word(12) - word(20)
        isSigned = bytes[start + 42] & 0x80 != 0
        bits = Int(bytes[start + 42] & 0x7F) + 1
        var transforms = false, isFast = false
        // The segments of the main header, behind SIZ and up to the first tile.
        var position = start + 2
        while position + 4 <= range.upperBound, bytes[position] == 0xFF, bytes[position + 1] != 0x90 {
            let marker = bytes[position + 1]
            let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
            guard length >= 2, position + 2 + length <= range.upperBound else { break }
            if marker == 0x50 { isFast = true }
            if marker == 0x52, length >= 12 {
                transforms = bytes[position + 8] == 1
                if bytes[position + 12] & 0x40 != 0 { isFast = true }
            }
            position += 2 + length
        }
        (transformsComponents, isHighThroughput) = (transforms, isFast)
        guard width > 0, height > 0 else { return nil }
    }
}
