// Reads the elements of a whole data set so that a broken one before the pixels costs itself alone.

import EchoCore

/// Walks a data set from its first element to its end.
struct DatasetReader {
    private var reader: ElementReader
    private(set) var dataset: DICOMDataset
    private(set) var pixelData: PixelData?
    /// How many elements were passed over, or read by another layout than they claim.
    private(set) var brokenElements = 0
    /// The last element that was sound.
    private var last = DICOMTag(0, 0)

    /// More broken elements than this are no data set.
    private static let mostBroken = 16
    /// Pixel data elements whose fragments are walked in search of sound ones: an icon's, the picture's, and room for
    /// accidents.
    private static let mostWalks = 64
    private var walks = 0

    init(_ reader: ElementReader) {
        self.reader = reader
        dataset = DICOMDataset(bytes: reader.bytes)
    }

    /// Reads all elements.
    ///
    /// - Throws: `.malformed` or `.truncated` for a fault before the pixel data behind which no element is found.
    mutating func read() throws(Rejection) {
        do throws(Rejection) {
            while reader.remaining > 0, pixelData?.shortfall == nil { try readElement() }
        } catch {
            // What follows the pixel data may be padding of any kind.
            if pixelData == nil { throw error }
        }
    }

    private mutating func readElement() throws(Rejection) {
        let start = reader.position
        let head = try sounder(reader.head())
        if head.tag == .pixelData {
            let found = PixelData(head, &reader)
            try dataset.insert(head, value: head.valueStart..<reader.position, reader.encoding)
            pixelData = found
            return
        }
        let encoding = reader.valueEncoding(head)
        do throws(Rejection) {
            guard try reader.skip(head) else {
                throw Rejection(.truncated, "the file ends within \(head.tag), at byte \(reader.end)")
            }
        } catch {
            try resume(from: [start + 1], fault: error)
            return
        }
        // A second end of a sequence, as some writers leave behind, means nothing.
        if head.tag.group == 0xFFFE { return }
        if pixelData == nil, let end = endOfItems(head) { resume(at: end) }
        let end = reader.position
        try dataset.insert(head, value: head.valueStart..<end, encoding)
        last = head.tag
        guard pixelData == nil, !isHead(at: end) else { return }
        // It was shorter than it says, and what it swallowed is within it, or longer. A sequence is never searched: its
        // items are full of elements.
        let places =
            encoding.isImplicit || head.vr == .SQ || head.length == nil ? [end] : [head.valueStart, end]
        let fault = Rejection(.malformed, "no element at byte \(end)")
        do throws(Rejection) { try resume(from: places, fault: fault) } catch { reader.position = end }
    }

    /// Where a sequence's items end, if that is before the end that it says and elements follow there; nil otherwise.
    private mutating func endOfItems(_ head: ElementHead) -> Int? {
        guard head.length != nil, startsItem(head.valueStart) else { return nil }
        var position = head.valueStart
        while startsItem(position), position < reader.position {
            let length = reader.u32(position + 4)
            guard length != .max else { return nil }
            position += 8 + Int(length)
        }
        let isEarly = position < reader.position && beginsElements(at: position, after: head.tag)
        return isEarly ? position : nil
    }

    /// Whether an element seems to begin at `position`, or the data set ends there. Implicit heads always seem to.
    private func isHead(at position: Int) -> Bool {
        guard reader.end - position >= 8, !reader.encoding.isImplicit else { return true }
        if isLettered(position) { return true }
        return layouts(of: position).contains { follows($0.valueStart, $0.length) }
    }

    private func isLettered(_ position: Int) -> Bool {
        reader.u16(position) == 0xFFFE || reader.hasKnownLetters(at: position + 4)
    }

    /// The element as it is most likely laid out, where its letters are missing or none that anybody knows.
    private mutating func sounder(_ head: ElementHead) -> ElementHead {
        guard pixelData == nil, head.isUnlettered, let length = head.length,
            !follows(head.valueStart, length),
            let found = layouts(of: head.start).first(where: { follows($0.valueStart, $0.length) })
        else { return head }
        brokenElements += 1
        reader.position = found.valueStart
        return head.laidOut(valueStart: found.valueStart, length: found.length)
    }

    /// Where the value of an element without letters may begin, and how long it may be: after a length of 32 bits, after
    /// one of 16 bits behind two letters, and after one of 32 bits behind two letters and two zeros.
    private func layouts(of start: Int) -> [(valueStart: Int, length: Int)] {
        var layouts = [
            (start + 8, Int(reader.u32(start + 4))), (start + 8, Int(reader.u16(start + 6))),
        ]
        if reader.end - start >= 12 { layouts.append((start + 12, Int(reader.u32(start + 8)))) }
        return layouts
    }

    /// Whether an element with letters, or the end, comes behind such a value.
    private func follows(_ valueStart: Int, _ length: Int) -> Bool {
        guard length <= reader.end - valueStart else { return false }
        let end = valueStart + length
        return end == reader.end || reader.end - end >= 8 && isLettered(end)
    }

    /// Goes on at the next element behind a fault.
    ///
    /// - Parameter places: where it is looked for, the most likely first
    /// - Throws: `fault`, if there is none or there were too many.
    private mutating func resume(from places: [Int], fault: Rejection) throws(Rejection) {
        guard pixelData == nil, brokenElements < DatasetReader.mostBroken else { throw fault }
        for (index, place) in places.enumerated() {
            let bound = index + 1 < places.count ? places[index + 1] : reader.end
            let range = place..<max(place, bound)
            if let found = range.first(where: { beginsElements(at: $0, after: last) }) {
                return resume(at: found)
            }
        }
        // Nothing is whole any more, but for the pixels, which may be cut: the last ones, since an icon comes before.
        let start = places.min() ?? reader.end
        if let found = (start..<max(start, reader.end)).last(where: { head(at: $0)?.tag == .pixelData }) {
            return resume(at: found)
        }
        throw fault
    }

    private mutating func resume(at position: Int) {
        reader.position = position
        brokenElements += 1
    }

    /// Whether three elements in the order of their tags, or all that are left, begin at `position`, each behind
    /// `tag`.
    private mutating func beginsElements(at position: Int, after tag: DICOMTag) -> Bool {
        var position = position, tag = tag
        for index in 0..<3 {
            if index > 0, position == reader.end { return true }
            guard let head = head(at: position), head.tag > tag else { return false }
            if head.tag == .pixelData {
                walks += 1
                return walks <= DatasetReader.mostWalks && isWhole(head)
            }
            guard let length = head.length else { return startsItem(head.valueStart) }
            guard length <= reader.end - head.valueStart else { return false }
            position = head.valueStart + length
            tag = head.tag
        }
        return true
    }

    /// An element with a group that a data set may have and, in the explicit syntaxes, with letters.
    private func head(at position: Int) -> ElementHead? {
        guard reader.end - position >= 8 else { return nil }
        let group = reader.u16(position)
        guard (0x0008...0x7FE0).contains(group) else { return nil }
        guard reader.encoding.isImplicit || reader.hasKnownLetters(at: position + 4) else { return nil }
        var probe = reader
        probe.position = position
        return try? probe.head()
    }

    private func startsItem(_ position: Int) -> Bool {
        reader.end - position >= 8
            && DICOMTag(reader.u16(position), reader.u16(position + 2)) == .item
    }

    /// Whether pixel data end with the data set, or before an element that belongs behind them: an icon's do not.
    private func isWhole(_ head: ElementHead) -> Bool {
        var probe = reader
        probe.position = head.valueStart
        guard head.length != nil || startsItem(head.valueStart), PixelData(head, &probe).shortfall == nil
        else {
            return false
        }
        guard probe.remaining >= 8 else { return true }
        let next = DICOMTag(probe.u16(probe.position), probe.u16(probe.position + 2))
        return next > .pixelData && next.group != 0xFFFE
    }
}
