// Bicubic resizing without antialiasing, as cv::resize with INTER_CUBIC does it.

/// Resizes a box of pictures of one size, black outside of a mask and of the picture, to `size` × `size`.
///
/// Keys' kernel with a = −0.75 on four taps a direction, at (d + 0.5)·source/size − 0.5, edges repeated; sums in F32
/// and one rounding at the end, to nearest even, saturated. Columns are combined after rows: a row of sums at the
/// source's width is small, lies in the cache, and is made by operations that a processor does many at a time.
package struct CubicResizer {
    package let height: Int, width: Int, size: Int
    /// The columns of the box.
    private let columns: Int
    /// U8 [rows, columns] of the box: 255 inside.
    private let masks: [UInt8]
    private let targets: [TargetRow]
    /// Of each column, filled up to whole groups: where in `sums` its samples begin, and its weights as
    /// `combineColumns` takes them.
    private let columnFirsts: [Int32], columnWeights: [Float]
    /// One row of sums over four source rows, with two repeated samples before and after it, and where it is not 0.
    private var sums: [Float], written = 0..<0

    /// - Parameters:
    ///   - height: rows of the pictures, which have `width` columns
    ///   - box: the part that is resized; nil for all
    ///   - inside: U8 [height, width], 255 where the picture counts and 0 where it is black; nil for 255 everywhere
    package init(height: Int, width: Int, box: CropBox? = nil, inside: [UInt8]? = nil, size: Int) {
        let box = box ?? CropBox(rows: 0..<height, columns: 0..<width)
        let (rows, columns) = (box.rows.count, box.columns.count)
        precondition(height > 0 && width > 0 && size > 0 && rows > 0 && columns > 0, "a picture has pixels")
        self.height = height
        self.width = width
        self.size = size
        self.columns = columns
        let (masks, lit) = CubicResizer.cut(box, height, width, inside)
        self.masks = masks
        let columnTaps = (0..<(size + columnGroup - 1) / columnGroup * columnGroup).map {
            CubicTaps(target: min($0, size - 1), of: size, source: columns)
        }
        columnFirsts = columnTaps.map { Int32($0.first + margin) }
        columnWeights = stride(from: 0, to: columnTaps.count, by: columnGroup).flatMap { group in
            (0..<4).flatMap { tap in columnTaps[group..<group + columnGroup].map { $0.weights[tap] } }
        }
        targets = (0..<size).map { y in
            let taps = CubicTaps(target: y, of: size, source: rows)
            let sources = SIMD4((0..<4).map { max(0, min(rows - 1, taps.first + $0)) })
            let parts = (0..<4).map { lit[sources[$0]] }.filter { !$0.isEmpty }
            guard let left = parts.map(\.lowerBound).min(), let right = parts.map(\.upperBound).max() else {
                return TargetRow()
            }
            // The box's edges are repeated, so taps beyond them see the edge.
            let first = columnTaps.firstIndex { max($0.first + 3, 0) >= left } ?? 0
            let last = columnTaps.lastIndex { min($0.first, columns - 1) < right } ?? 0
            // A row beyond the picture is black by its mask; any samples will do.
            let starts = (0..<4).map { k in
                max(0, min(height - 1, box.rows.lowerBound + sources[k])) * width + box.columns.lowerBound
                    + left
            }
            return TargetRow(
                sources: sources, starts: SIMD4(starts), masked: sources &* columns &+ left,
                weights: taps.weights, from: left..<right,
                to: first / columnGroup * columnGroup..<min(last + 1, size))
        }
        sums = [Float](repeating: 0, count: columns + 2 * margin)
        precondition(columnFirsts.allSatisfy { $0 >= 0 && $0 + 3 < sums.count }, "taps lie in the sums")
    }

    /// The mask of a box, and of each of its rows the columns from the first to the last inside.
    private static func cut(
        _ box: CropBox, _ height: Int, _ width: Int, _ inside: [UInt8]?
    ) -> (masks: [UInt8], lit: [Range<Int>]) {
        let (rows, columns) = (box.rows.count, box.columns.count)
        var mask = Bitmap(height: rows, width: columns)
        let picture = box.columns.clamped(to: 0..<width)
        for y in 0..<rows where (0..<height).contains(y + box.rows.lowerBound) {
            let row = (y + box.rows.lowerBound) * width
            for x in picture {
                mask.pixels[y * columns + x - box.columns.lowerBound] = inside?[row + x] ?? 255
            }
        }
        return (mask.pixels, (0..<rows).map(mask.columns(ofRow:)))
    }

    /// Resizes the box of a picture U8 [height, width] into `target` from `start` on, where samples lie `stride` apart.
    ///
    /// Samples that see nothing but black are not written: the target comes as zeros. With `rows`, only the target's
    /// rows that see some of those of the box are made.
    package mutating func resize(
        _ picture: Span<UInt8>, into target: inout [UInt8], at start: Int = 0, stride: Int = 1,
        seeing rows: Range<Int>? = nil
    ) {
        precondition(picture.count == height * width, "the picture has the size of the resizer")
        precondition(start >= 0 && start + (size * size - 1) * stride < target.count, "the target has room")
        for (y, row) in targets.enumerated() where !row.from.isEmpty {
            if let rows, row.sources.max() < rows.lowerBound || row.sources.min() >= rows.upperBound {
                continue
            }
            combineRows(picture, row)
            combineColumns(
                sums, firsts: columnFirsts, weights: columnWeights, columns: row.to, into: &target,
                at: start + y * size * stride, stride: stride)
        }
    }

    private mutating func combineRows(_ picture: Span<UInt8>, _ row: TargetRow) {
        // What the row before it had and this one has not.
        let left = written.clamped(to: 0..<row.from.lowerBound)
        let right = written.clamped(to: row.from.upperBound..<columns)
        for part in [left, right] where !part.isEmpty {
            clear(&sums, margin + part.lowerBound..<margin + part.upperBound)
        }
        let masks = masks
        combine(
            picture, row.starts, where: masks.span, row.masked, count: row.from.count,
            stride: width, row.weights,
            into: &sums,
            at: margin + row.from.lowerBound)
        written = row.from
        for x in 0..<margin {
            sums[x] = sums[margin]
            sums[margin + columns + x] = sums[margin + columns - 1]
        }
    }
}

/// What a row of the target is made of; nothing but black at first.
private struct TargetRow {
    /// Four rows of the box; where `from` begins in them in the picture, and in the masks; and their weights.
    var sources = SIMD4<Int>(), starts = SIMD4<Int>(), masked = SIMD4<Int>(), weights = SIMD4<Float>()
    /// The columns of those that may not be black, and the columns of the target, from a whole group on, that see
    /// them.
    var from = 0..<0, to = 0..<0
}

/// Taps reach this far beyond the picture: the first source position is no less than −0.5.
private let margin = 2

/// The four source samples of one target sample.
private struct CubicTaps {
    /// The first of them; it may lie outside of the source.
    let first: Int
    let weights: SIMD4<Float>

    init(target: Int, of size: Int, source: Int) {
        let position = (Double(target) + 0.5) * Double(source) / Double(size) - 0.5
        let floor = position.rounded(.down)
        first = Int(floor) - 1
        let x = position - floor
        let a = -0.75
        func near(_ x: Double) -> Double { ((a + 2) * x - (a + 3)) * x * x + 1 }
        func far(_ x: Double) -> Double { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
        weights = SIMD4(Float(far(x + 1)), Float(near(x)), Float(near(1 - x)), Float(far(2 - x)))
    }
}
