// Where the pixels of a DICOM file lie: one native run of bytes, or fragments, grouped into frames.

package import EchoCore

/// The pixel data element of a file, located and not decoded.
package struct PixelData: Sendable {
    /// How the element holds its bytes.
    package enum Layout: Sendable {
        /// All frames in one run, the native form.
        case native(Range<Int>)
        /// The fragments of encapsulated pixel data, in order, without the basic offset table.
        case fragments([Range<Int>])
    }

    package let layout: Layout
    /// Why the element is not whole: the file ends within it, or something other than a fragment stands in it.
    package let shortfall: Rejection?

    /// Far more than any real file has; a bound for the memory of their places.
    private static let mostFragments = 1 << 20

    /// Reads on from the head of a pixel data element as far as the bytes go.
    init(_ head: ElementHead, _ reader: inout ElementReader) {
        let start = reader.position
        if let length = head.length {
            let there = min(length, reader.remaining)
            reader.position += there
            layout = .native(start..<start + there)
            shortfall =
                there == length
                ? nil
                : Rejection(
                    .truncated, "the file ends after \(grouped(there)) of \(grouped(length)) bytes of pixels")
            return
        }
        var fragments: [Range<Int>] = []
        var fault: Rejection?
        var isTable = true
        while reader.remaining > 0 {
            guard let item = try? reader.head() else {
                fault = reader.truncated("the head of a fragment")
                reader.position = reader.end
                break
            }
            if item.tag == .sequenceEnd { break }
            guard item.tag == .item, let length = item.length else {
                fault = Rejection(.malformed, "no fragment where one was expected, at byte \(item.start)")
                break
            }
            let there = min(length, reader.remaining)
            guard fragments.count < PixelData.mostFragments else {
                fault = Rejection(.malformed, "more than \(grouped(fragments.count)) fragments")
                break
            }
            let place = reader.position..<reader.position + there
            if !isTable || PixelData.beginsPixels(reader.bytes[place]) { fragments.append(place) }
            isTable = false
            reader.position += there
            if there < length {
                fault = Rejection(
                    .truncated,
                    "the file ends after \(grouped(there)) of \(grouped(length)) bytes of a fragment")
            }
        }
        layout = .fragments(fragments)
        shortfall = fault
    }
}

extension PixelData {
    /// Whether a first fragment is no offset table but the beginning of a picture or of a video stream: an elementary
    /// stream (three bytes and a type that is not 0), a transport stream or an MP4 file.
    private static func beginsPixels(_ fragment: ArraySlice<UInt8>) -> Bool {
        if Code(beginningOf: fragment) != nil { return true }
        let start = fragment.startIndex
        let unit = fragment.drop { $0 == 0 }
        let isUnit =
            (2...3).contains(unit.startIndex - start) && unit.first == 1 && unit.dropFirst().first ?? 0 != 0
        return isUnit
            || fragment.dropFirst(4).starts(with: "ftyp".utf8)
            || fragment.count > 188 && fragment[start] == 0x47 && fragment[start + 188] == 0x47
    }

    /// The codes whose frames can be told from the first bytes of a fragment.
    package enum Code: Sendable {
        case jpeg, jpeg2000, rle

        /// The code that `fragment` begins, nil if it begins none of these.
        package init?(beginningOf fragment: ArraySlice<UInt8>) {
            if fragment.starts(with: [0xFF, 0xD8, 0xFF]) {
                self = .jpeg
            } else if fragment.starts(with: [0xFF, 0x4F, 0xFF, 0x51])
                || fragment.starts(with: [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20])
            {
                self = .jpeg2000
            } else if Code.isRLEHeader(fragment) {
                self = .rle
            } else {
                return nil
            }
        }

        /// 64 bytes: how many segments, and where each begins, the first at 64 (PS3.5 G.5).
        private static func isRLEHeader(_ fragment: ArraySlice<UInt8>) -> Bool {
            guard fragment.count >= 64 else { return false }
            func word(_ index: Int) -> Int {
                let at = fragment.startIndex + 4 * index
                return (0..<4).reduce(0) { $0 | Int(fragment[at + $1]) << (8 * $1) }
            }
            let count = word(0)
            guard (1...15).contains(count), word(1) == 64 else { return false }
            return (1..<count).allSatisfy { word($0) < word($0 + 1) }
        }
    }

    /// Groups fragments into frames.
    ///
    /// Offset tables are not used: they are empty, short or wrong in real files, and none is needed. As many fragments
    /// as the tag counts frames are one a frame; otherwise a fragment that begins a picture begins a frame. Where that
    /// gives fewer frames than the tag counts, or a single one, fragments of several pictures are cut between them.
    ///
    /// - Parameter count: NumberOfFrames if the file has one that is a positive number.
    package static func frames(
        of fragments: [Range<Int>], in bytes: [UInt8], counted count: Int?
    ) -> [[Range<Int>]] {
        if fragments.count == count, fragments.count > 1 { return fragments.map { [$0] } }
        let filled = fragments.filter { !$0.isEmpty }
        let begins = filled.map { Code(beginningOf: bytes[$0]) != nil }
        guard begins.contains(true) else {
            // Nothing to see in the bytes: equal shares if the count allows them.
            guard let count, count > 0, filled.count % count == 0 else { return filled.map { [$0] } }
            let share = filled.count / count
            return (0..<count).map { Array(filled[$0 * share..<($0 + 1) * share]) }
        }
        var frames: [[Range<Int>]] = []
        for (fragment, begins) in zip(filled, begins) {
            if begins || frames.isEmpty {
                frames.append([fragment])
            } else {
                frames[frames.count - 1].append(fragment)
            }
        }
        guard frames.count == 1 || frames.count < count ?? 0 else { return frames }
        return frames.flatMap { $0.count == 1 ? pictures(in: $0[0], of: bytes).map { [$0] } : [$0] }
    }

    /// Cuts JPEG or JPEG 2000 pictures that follow each other, with padding at most between the end of one and the
    /// next's start.
    private static func pictures(in fragment: Range<Int>, of bytes: [UInt8]) -> [Range<Int>] {
        let code = Code(beginningOf: bytes[fragment])
        guard code == .jpeg || code == .jpeg2000 else { return [fragment] }
        var pictures: [Range<Int>] = []
        var start = fragment.lowerBound
        var position = start
        while position + 5 <= fragment.upperBound {
            position += 1
            guard bytes[position] == 0xFF, bytes[position + 1] == 0xD9 else { continue }
            let rest = bytes[(position + 2)..<fragment.upperBound]
            // A JP2 file begins with zeros of its own.
            guard let next = [rest, rest.drop { $0 == 0 }].first(where: { Code(beginningOf: $0) == code })
            else { continue }
            pictures.append(start..<next.startIndex)
            start = next.startIndex
            position = start
        }
        return pictures + [start..<fragment.upperBound]
    }
}
