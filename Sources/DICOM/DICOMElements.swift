// Builds a data set element by element and writes it in any of the four plain encodings.

import Foundation

/// A data set to be written: elements with their values, sorted by tag when written.
package struct DICOMElements: Sendable {
    enum Value: Sendable {
        /// Numbers are kept as bits with their width, so that the byte order is chosen when they are written.
        case bytes([UInt8])
        case words([UInt64], width: Int)
        case items([DICOMElements])
        /// Encapsulated pixel data: the basic offset table and the fragments.
        case fragments(table: [UInt32], [[UInt8]])
    }

    private var elements: [DICOMTag: (vr: VR, value: Value)] = [:]

    package init() {}

    /// Adds or replaces a text element; several values stand apart by backslashes.
    package mutating func add(_ tag: DICOMTag, _ vr: VR, _ text: String) {
        elements[tag] = (vr, .bytes(Array(text.utf8)))
    }

    /// Adds or replaces an element of whole numbers: US, SS, UL, SL, AT in binary, IS and others in decimal text.
    package mutating func add(_ tag: DICOMTag, _ vr: VR, _ numbers: Int...) {
        switch vr {
        case .US, .SS, .UL, .SL, .UV, .SV, .OW, .OL:
            elements[tag] = (vr, .words(numbers.map { UInt64(truncatingIfNeeded: $0) }, width: vr.width))
        default:
            add(tag, vr, numbers.map(String.init).joined(separator: "\\"))
        }
    }

    /// Adds or replaces an element of fractions: FD and FL in binary, DS and others in decimal text.
    package mutating func add(_ tag: DICOMTag, _ vr: VR, _ numbers: [Double]) {
        switch vr {
        case .FD: elements[tag] = (vr, .words(numbers.map(\.bitPattern), width: 8))
        case .FL: elements[tag] = (vr, .words(numbers.map { UInt64(Float($0).bitPattern) }, width: 4))
        default: add(tag, vr, numbers.map { decimal($0) }.joined(separator: "\\"))
        }
    }

    /// Adds or replaces an element of one fraction.
    package mutating func add(_ tag: DICOMTag, _ vr: VR, _ number: Double) { add(tag, vr, [number]) }

    /// Adds or replaces an element by its bytes as they are; no byte order is applied.
    package mutating func add(_ tag: DICOMTag, _ vr: VR, bytes: [UInt8]) {
        elements[tag] = (vr, .bytes(bytes))
    }

    /// Adds or replaces an AT element, which points at another.
    package mutating func add(_ tag: DICOMTag, pointingAt other: DICOMTag) {
        elements[tag] = (.AT, .words([UInt64(other.group), UInt64(other.element)], width: 2))
    }

    /// Adds or replaces a sequence.
    package mutating func add(_ tag: DICOMTag, items: [DICOMElements]) {
        elements[tag] = (.SQ, .items(items))
    }

    mutating func addFragments(table: [UInt32], _ fragments: [[UInt8]]) {
        elements[.pixelData] = (.OB, .fragments(table: table, fragments))
    }

    /// A decimal string of at most 16 bytes.
    private func decimal(_ number: Double) -> String {
        String(format: "%.10g", number)
    }

    /// The elements of this data set in the order of their tags.
    func write(isImplicit: Bool, isBigEndian: Bool, to out: inout [UInt8]) {
        for (tag, element) in elements.sorted(by: { $0.key < $1.key }) {
            var value: [UInt8] = []
            var isUndefined = false
            switch element.value {
            case .bytes(let bytes):
                value = bytes
                if !value.count.isMultiple(of: 2) { value.append(element.vr.padding) }
            case .words(let words, let width):
                for word in words { value.append(word, width: width, isBigEndian) }
            case .items(let items):
                for item in items {
                    var inside: [UInt8] = []
                    item.write(isImplicit: isImplicit, isBigEndian: isBigEndian, to: &inside)
                    value.append(.item, length: UInt32(inside.count), isBigEndian)
                    value += inside
                }
            case .fragments(let table, let fragments):
                isUndefined = true
                value.append(.item, length: UInt32(4 * table.count), isBigEndian)
                for offset in table { value.append(UInt64(offset), width: 4, isBigEndian) }
                for fragment in fragments {
                    let padding = fragment.count % 2
                    value.append(.item, length: UInt32(fragment.count + padding), isBigEndian)
                    value += fragment
                    if padding == 1 { value.append(0) }
                }
                value.append(.sequenceEnd, length: 0, isBigEndian)
            }
            let length = isUndefined ? UInt32.max : UInt32(value.count)
            out.append(UInt64(tag.group), width: 2, isBigEndian)
            out.append(UInt64(tag.element), width: 2, isBigEndian)
            if isImplicit {
                out.append(UInt64(length), width: 4, isBigEndian)
            } else {
                out += Array(element.vr.rawValue.utf8)
                if element.vr.hasLongLength { out += [0, 0] }
                out.append(UInt64(length), width: element.vr.hasLongLength ? 4 : 2, isBigEndian)
            }
            out += value
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ word: UInt64, width: Int, _ isBigEndian: Bool) {
        for index in 0..<width {
            append(UInt8(truncatingIfNeeded: word >> (8 * UInt64(isBigEndian ? width - 1 - index : index))))
        }
    }

    fileprivate mutating func append(_ tag: DICOMTag, length: UInt32, _ isBigEndian: Bool) {
        append(UInt64(tag.group), width: 2, isBigEndian)
        append(UInt64(tag.element), width: 2, isBigEndian)
        append(UInt64(length), width: 4, isBigEndian)
    }
}
