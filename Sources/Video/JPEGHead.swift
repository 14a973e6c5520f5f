// The frame header of a JPEG or JPEG-LS picture: enough to choose its decoder and to know its size undecoded.

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
            let isFrame = (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker) || marker == 0xF7
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
