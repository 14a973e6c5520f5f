// Walks the elements of a data set in the file's bytes; no length is believed before it is checked.

import EchoCore

/// How numbers and headers are written.
struct Encoding: Sendable, Hashable {
    var isImplicit: Bool
    var isBigEndian: Bool
}

/// The head of one data element, and where its value lies.
struct ElementHead: Sendable {
    let tag: DICOMTag
    let vr: VR
    /// Whether the file says UN: then a sequence is written in implicit little endian (PS3.5 6.2.2), or should be.
    let isUnknown: Bool
    /// Whether the letters of its representation, and so the width of its length, are none that anybody knows.
    let isUnlettered: Bool
    /// Position of the element, and of its value's first byte.
    let start: Int, valueStart: Int
    /// nil for an undefined length.
    let length: Int?

    /// The same element with its value elsewhere.
    func laidOut(valueStart: Int, length: Int) -> ElementHead {
        ElementHead(
            tag: tag, vr: vr, isUnknown: isUnknown, isUnlettered: isUnlettered, start: start,
            valueStart: valueStart, length: length)
    }
}

/// A cursor over bytes that reads element heads and skips values, sequences in any depth included.
struct ElementReader: Sendable {
    let bytes: [UInt8]
    var position: Int
    /// One past the last byte that may be read.
    let end: Int
    var encoding: Encoding

    init(_ bytes: [UInt8], _ range: Range<Int>, _ encoding: Encoding) {
        self.bytes = bytes
        self.position = range.lowerBound
        self.end = range.upperBound
        self.encoding = encoding
    }

    var remaining: Int { end - position }

    func u16(_ at: Int) -> UInt16 {
        let a = UInt16(bytes[at])
        let b = UInt16(bytes[at + 1])
        return encoding.isBigEndian ? a << 8 | b : b << 8 | a
    }

    func u32(_ at: Int) -> UInt32 {
        let a = UInt32(u16(at))
        let b = UInt32(u16(at + 2))
        return encoding.isBigEndian ? a << 16 | b : b << 16 | a
    }

    /// Reads the head at the cursor and moves to its value.
    mutating func head() throws(Rejection) -> ElementHead {
        guard remaining >= 8 else { throw truncated("an element's head") }
        let start = position
        let tag = DICOMTag(u16(start), u16(start + 2))
        var vr = VR.UN
        var isUnknown = false, isUnlettered = false
        var length = u32(start + 4)
        position += 8
        if tag.group == 0xFFFE {
            // Items and delimiters have no value representation in any syntax.
        } else if encoding.isImplicit || !hasLetters(at: start + 4) {
            vr = impliedVR(tag)
            isUnlettered = !encoding.isImplicit
        } else {
            let known = VR(letters: bytes[start + 4], bytes[start + 5])
            isUnknown = known == .UN
            isUnlettered = known == nil
            vr = isUnknown ? impliedVR(tag) : known ?? .UN
            if known?.hasLongLength ?? true {
                guard remaining >= 4 else { throw truncated("a length") }
                length = u32(position)
                position += 4
            } else {
                length = UInt32(u16(start + 6))
            }
        }
        return ElementHead(
            tag: tag, vr: vr, isUnknown: isUnknown, isUnlettered: isUnlettered, start: start,
            valueStart: position, length: length == .max ? nil : Int(length))
    }

    /// Moves behind the value of `head`; false if the bytes end before it does.
    ///
    /// Values of undefined length are walked without recursion, so that the depth of nesting costs nothing.
    mutating func skip(_ head: ElementHead) throws(Rejection) -> Bool {
        if let length = head.length {
            guard length <= remaining else { return false }
            position += length
            return true
        }
        // The open sequences and items of undefined length, outermost first, with the encoding outside of each.
        var open = [(isItem: head.tag == .item, outside: encoding)]
        encoding = valueEncoding(head)
        defer { encoding = open[0].outside }
        while let level = open.last {
            guard remaining >= 8 else { return false }
            let inner = try self.head()
            switch inner.tag {
            case .itemEnd where level.isItem, .sequenceEnd where !level.isItem:
                if open.count == 1 { return true }
                open.removeLast()
                encoding = level.outside
            case .item where !level.isItem:
                guard let length = inner.length else {
                    open.append((isItem: true, outside: encoding))
                    continue
                }
                guard length <= remaining else { return false }
                position += length
            case _ where level.isItem && inner.tag.group != 0xFFFE:
                guard let length = inner.length else {
                    open.append((isItem: false, outside: encoding))
                    encoding = valueEncoding(inner)
                    continue
                }
                guard length <= remaining else { return false }
                position += length
            default:
                throw Rejection(
                    .malformed, "\(inner.tag) where an item or its end was expected, at byte \(inner.start)")
            }
        }
        return true
    }

    /// How the value of `head` is written: as what is around it, and implicit where the file says UN; but a sequence's
    /// first item tells whether its elements have letters, since files exist that have it the other way.
    func valueEncoding(_ head: ElementHead) -> Encoding {
        var inside = head.isUnknown ? Encoding(isImplicit: true, isBigEndian: false) : encoding
        guard head.isUnknown || head.vr == .SQ || head.length == nil, head.tag.group != 0xFFFE,
            end - head.valueStart >= 16
        else { return inside }
        var value = self
        value.encoding = inside
        let first = head.valueStart + 8
        guard DICOMTag(value.u16(head.valueStart), value.u16(head.valueStart + 2)) == .item,
            value.u16(first) != 0xFFFE
        else { return inside }
        if hasKnownLetters(at: first + 4) {
            inside.isImplicit = false
        } else if Int(value.u32(first + 4)) <= end - first - 8 {
            inside.isImplicit = true
        }
        return inside
    }

    func truncated(_ what: String) -> Rejection {
        Rejection(.truncated, "the file ends within \(what), at byte \(position)")
    }

    /// Whether two letters stand there that are a representation.
    func hasKnownLetters(at position: Int) -> Bool { VR(textAt: position, of: bytes) != nil }

    private func hasLetters(at position: Int) -> Bool {
        (65...90).contains(bytes[position]) && (65...90).contains(bytes[position + 1])
    }

    /// The representation of a tag where the syntax leaves it to the dictionary: only tags that are read need one.
    private func impliedVR(_ tag: DICOMTag) -> VR { ElementReader.dictionary[tag] ?? .UN }

    private static let dictionary: [DICOMTag: VR] = [
        .frameIncrementPointer: .AT, .ultrasoundColorDataPresent: .US,
        .ultrasoundRegions: .SQ, .regionSpatialFormat: .US, .regionDataType: .US, .regionMinX: .UL,
        .regionMinY: .UL, .regionMaxX: .UL, .regionMaxY: .UL, .samplesPerPixel: .US,
        .planarConfiguration: .US,
        .rows: .US, .columns: .US, .bitsAllocated: .US, .bitsStored: .US, .highBit: .US,
        .pixelRepresentation: .US, .redPaletteDescriptor: .US, .greenPaletteDescriptor: .US,
        .bluePaletteDescriptor: .US, .redPaletteData: .OW, .greenPaletteData: .OW, .bluePaletteData: .OW,
        .redPaletteSegments: .OW, .greenPaletteSegments: .OW, .bluePaletteSegments: .OW, .pixelData: .OW,
    ]
}

extension VR {
    /// The representation with these two letters, nil for one that nobody knows.
    init?(letters first: UInt8, _ second: UInt8) {
        let found = VR.table[Int(first &- 65) &* 26 &+ Int(second &- 65)]
        guard let found else { return nil }
        self = found
    }

    private static let table: [VR?] = {
        var table = [VR?](repeating: nil, count: 26 * 26)
        for vr in VR.allCases {
            let letters = Array(vr.rawValue.utf8)
            table[Int(letters[0] - 65) * 26 + Int(letters[1] - 65)] = vr
        }
        return table
    }()
}
