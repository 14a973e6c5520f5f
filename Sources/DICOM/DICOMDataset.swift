// A data set as a table from tags to places in the file's bytes; values are read when they are asked for.

import EchoCore

/// The elements of a data set or of a sequence's item.
///
/// Nothing of a value is copied before it is asked for, and a sequence is only walked when its items are. Where a tag
/// is repeated the last one counts.
package struct DICOMDataset: Sendable {
    /// The file's bytes, inflated if it was deflated; positions count from here.
    package let bytes: [UInt8]
    private(set) var elements: [DICOMTag: Element] = [:]

    struct Element: Sendable {
        let head: ElementHead
        /// Bytes of the value, clipped to the end of the file.
        let value: Range<Int>
        let encoding: Encoding
    }

    /// Far more than any real file has; a bound for the table's memory.
    private static let mostElements = 100_000

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func insert(_ head: ElementHead, value: Range<Int>, _ encoding: Encoding) throws(Rejection) {
        elements[head.tag] = Element(head: head, value: value, encoding: encoding)
        guard elements.count <= DICOMDataset.mostElements else {
            throw Rejection(.malformed, "more than \(grouped(DICOMDataset.mostElements)) elements")
        }
    }

    /// The tags that are present, in ascending order.
    package var tags: [DICOMTag] { elements.keys.sorted() }

    package func contains(_ tag: DICOMTag) -> Bool { elements[tag] != nil }

    /// Bytes of a value as they stand in the file.
    package func value(_ tag: DICOMTag) -> ArraySlice<UInt8>? { elements[tag].map { bytes[$0.value] } }

    /// The representation of a value, and whether its numbers are big endian.
    package func encoding(_ tag: DICOMTag) -> (vr: VR, isBigEndian: Bool)? {
        elements[tag].map { ($0.head.vr, $0.encoding.isBigEndian) }
    }

    /// A text value without its padding, several values apart by backslashes; bytes are taken as Latin-1.
    package func text(_ tag: DICOMTag) -> String? { value(tag).map(DICOMDataset.text) }

    /// The values of a text element; none for an empty one.
    package func texts(_ tag: DICOMTag) -> [String] {
        guard let value = value(tag), !DICOMDataset.text(value).isEmpty else { return [] }
        let backslash = UInt8(ascii: "\\")
        return value.split(separator: backslash, omittingEmptySubsequences: false).map(DICOMDataset.text)
    }

    /// Latin-1 without the spaces and zeros around it.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        func isPadding(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0 }
        guard let first = bytes.firstIndex(where: { !isPadding($0) }),
            let last = bytes.lastIndex(where: { !isPadding($0) })
        else { return "" }
        return String(String.UnicodeScalarView(bytes[first...last].map { Unicode.Scalar($0) }))
    }

    /// The numbers of a binary or text element; a part that is no finite number ends the list.
    package func numbers(_ tag: DICOMTag) -> [Double] { Array(rawNumbers(tag).prefix(while: \.isFinite)) }

    private func rawNumbers(_ tag: DICOMTag) -> [Double] {
        guard let element = elements[tag] else { return [] }
        let reader = ElementReader(bytes, element.value, element.encoding)
        func each(_ width: Int, _ number: (Int) -> Double) -> [Double] {
            stride(from: element.value.lowerBound, through: element.value.upperBound - width, by: width)
                .map(number)
        }
        func u64(_ at: Int) -> UInt64 {
            let (a, b) = (UInt64(reader.u32(at)), UInt64(reader.u32(at + 4)))
            return element.encoding.isBigEndian ? a << 32 | b : b << 32 | a
        }
        switch element.head.vr {
        case .US, .OW, .AT: return each(2) { Double(reader.u16($0)) }
        case .SS: return each(2) { Double(Int16(bitPattern: reader.u16($0))) }
        case .UL, .OL: return each(4) { Double(reader.u32($0)) }
        case .SL: return each(4) { Double(Int32(bitPattern: reader.u32($0))) }
        case .FL, .OF: return each(4) { Double(Float(bitPattern: reader.u32($0))) }
        case .FD, .OD: return each(8) { Double(bitPattern: u64($0)) }
        case .UV, .OV: return each(8) { Double(u64($0)) }
        case .SV: return each(8) { Double(Int64(bitPattern: u64($0))) }
        default:
            var numbers: [Double] = []
            for part in texts(tag) {
                guard let number = Double(part) else { break }
                numbers.append(number)
            }
            return numbers
        }
    }

    /// The first number of an element.
    package func number(_ tag: DICOMTag) -> Double? { numbers(tag).first }

    /// The whole numbers of an element; a part that is none ends the list.
    package func integers(_ tag: DICOMTag) -> [Int] {
        var integers: [Int] = []
        for number in numbers(tag) {
            guard let integer = Int(exactly: number) else { break }
            integers.append(integer)
        }
        return integers
    }

    /// The first whole number of an element.
    package func integer(_ tag: DICOMTag) -> Int? { integers(tag).first }

    /// The items of a sequence, as far as they can be read, and no more than 10,000.
    package func items(_ tag: DICOMTag) -> [DICOMDataset] {
        guard let element = elements[tag] else { return [] }
        var reader = ElementReader(bytes, element.value, element.encoding)
        var items: [DICOMDataset] = []
        while items.count < 10_000, reader.remaining >= 8, let head = try? reader.head(), head.tag == .item {
            guard let whole = try? reader.skip(head) else { break }
            let end = whole ? reader.position : reader.end
            var inside = ElementReader(bytes, head.valueStart..<end, element.encoding)
            items.append(DICOMDataset(reading: &inside))
            if !whole { break }
        }
        return items
    }

    /// Reads elements until an item ends, or as far as they can be read.
    private init(reading reader: inout ElementReader) {
        self.init(bytes: reader.bytes)
        while reader.remaining >= 8, let head = try? reader.head(), head.tag != .itemEnd {
            guard (try? reader.skip(head)) == true else { return }
            let encoding = reader.valueEncoding(head)
            guard (try? insert(head, value: head.valueStart..<reader.position, encoding)) != nil else {
                return
            }
        }
    }
}
