// The index at the end of an AVI file, which libavformat believes: one that points nowhere is taken away.

/// Checks the chunk `idx1` of an AVI file against the chunks that it points at.
enum AVIIndex {
    /// The file without its index, if that is wrong; nil for one that is right or not there. Without it packets are found
    /// one behind the other, in the same order.
    static func withoutWrongIndex(_ bytes: [UInt8]) -> [UInt8]? {
        func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
        func isName(_ name: String, _ at: Int) -> Bool { bytes[at..<at + 4].elementsEqual(name.utf8) }
        var frames: Int?
        var position = 12
        while position + 12 <= bytes.count {
            let size = word(position + 4)
            if isName("LIST", position), isName("movi", position + 8) { frames = position + 8 }
            if isName("idx1", position) {
                let end = min(position + 8 + size, bytes.count)
                let entries = stride(from: position + 8, through: end - 16, by: 16)
                // Offsets count from the list of frames, or from the beginning of the file.
                let isRight = [frames ?? 0, 0].contains { base in
                    entries.allSatisfy { entry in
                        let chunk = base + word(entry + 8)
                        return chunk + 8 <= bytes.count
                            && bytes[chunk..<chunk + 4] == bytes[entry..<entry + 4]
                            && word(chunk + 4) == word(entry + 12)
                    }
                }
                if isRight { return nil }
                var copy = bytes
                copy.replaceSubrange(position..<position + 4, with: "JUNK".utf8)
                return copy
            }
            position += 8 + size + size % 2
        }
        return nil
    }
}
