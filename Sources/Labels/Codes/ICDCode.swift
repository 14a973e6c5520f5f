// A diagnosis code as text and version: ICD-9 and ICD-10 share spellings that mean different things.

/// A diagnosis code, always a pair: 493 spellings of MIMIC-IV's dictionary exist in both versions.
package struct ICDCode: Hashable, Sendable, Comparable {
    /// Trimmed, upper-cased, without dots.
    package let text: String
    /// 9 or 10.
    package let version: Int

    /// The code that `text` spells, whatever its case, its dots and the spaces around it.
    package init(_ text: some StringProtocol, version: Int) {
        self.text = Self.normalised(text)
        self.version = version
    }

    package static func < (a: ICDCode, b: ICDCode) -> Bool { (a.version, a.text) < (b.version, b.text) }

    /// `text` without the white space around it (no-break spaces too) and without dots, in upper case: " i50.20" is
    /// "I5020".
    package static func normalised(_ text: some StringProtocol) -> String {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
            // Rare: a spreadsheet's no-break spaces.
            let scalars = text.unicodeScalars
            let isBlank = { (scalar: Unicode.Scalar) in scalar.properties.isWhitespace }
            let first = scalars.firstIndex { !isBlank($0) } ?? scalars.endIndex
            let end = scalars.lastIndex { !isBlank($0) }.map { scalars.index(after: $0) } ?? first
            return String(String.UnicodeScalarView(scalars[first..<end])).filter { $0 != "." }.uppercased()
        }
        var bytes = Array(text.utf8)
        while let last = bytes.last, last == 0x20 || (0x09...0x0D).contains(last) { bytes.removeLast() }
        bytes.removeSubrange(
            ..<(bytes.firstIndex { $0 != 0x20 && !(0x09...0x0D).contains($0) } ?? bytes.count))
        bytes.removeAll { $0 == UInt8(ascii: ".") }
        return String(decoding: bytes, as: UTF8.self).uppercased()
    }
}

/// What the release of ICD-10-CM knows of a code.
package enum CodeStatus: String, Sendable, CaseIterable {
    /// A code that can be billed: nothing stands below it.
    case leaf
    /// A code with more specific ones below it.
    case notLeaf = "not_leaf"
    /// Not in the release, but its first three characters are a category of it.
    case retired
    /// Neither the code nor its first three characters are in the release, or it is no code at all.
    case unknown
    /// A code of ICD-10-PCS, which is no diagnosis and counts for nothing.
    case procedure
    /// Not a code of ICD-10.
    case icd9
}
