// Which part of the picture goes into the shard.

package import EchoCore

/// How the part of the picture that is kept is chosen.
package enum CropRule: String, Sendable, CaseIterable, Codable {
    /// The centre square, less a tenth off each side, as EchoPrime's program crops.
    case echoprime
    /// The bounding square of the mask.
    case sector
    /// The whole picture, in the middle of a square.
    case none
}

/// A part of the picture; it may reach beyond the picture, where everything is black.
package struct CropBox: Sendable, Equatable {
    package let rows: Range<Int>, columns: Range<Int>

    package init(rows: Range<Int>, columns: Range<Int>) {
        self.rows = rows
        self.columns = columns
    }
}

/// Chooses the box by `rule` for a picture of `height` rows and `width` columns.
///
/// - Throws: a rejection `noSector` if the rule needs a mask and it is empty.
package func cropBox(height: Int, width: Int, rule: CropRule, mask: SectorMask) throws(Rejection) -> CropBox {
    switch rule {
    case .echoprime:
        let rows = trimmed(height, to: width), columns = trimmed(width, to: height)
        return CropBox(rows: zoomed(rows), columns: zoomed(columns))
    case .sector:
        guard let bounds = mask.bounds else { throw Rejection(.noSector, "the mask is empty") }
        let side = max(bounds.rows.count, bounds.columns.count)
        return CropBox(
            rows: widened(bounds.rows, to: side, within: height),
            columns: widened(bounds.columns, to: side, within: width))
    case .none:
        let side = max(height, width)
        return CropBox(
            rows: widened(0..<height, to: side, within: height),
            columns: widened(0..<width, to: side, within: width))
    }
}

/// The middle of 0 ..< `length` once what is longer than `other` is taken off both ends, halves rounded to even.
private func trimmed(_ length: Int, to other: Int) -> Range<Int> {
    guard length > other else { return 0..<length }
    let off = Int((Double(length - other) / 2).rounded(.toNearestOrEven))
    return off..<length - off
}

/// EchoPrime's zoom: a tenth, rounded down, off both ends.
private func zoomed(_ range: Range<Int>) -> Range<Int> {
    let off = range.count / 10
    return range.lowerBound + off..<range.upperBound - off
}

/// A range of `length` around `range`, moved into 0 ..< `bound` where that has the room.
private func widened(_ range: Range<Int>, to length: Int, within bound: Int) -> Range<Int> {
    var start = range.lowerBound - (length - range.count) / 2
    start = length <= bound ? max(0, min(start, bound - length)) : -((length - bound) / 2)
    return start..<start + length
}
