// Bicubic resizing without antialiasing, as cv::resize with INTER_CUBIC does it.

/// Resizes pictures of one size to `size` × `size`.
///
/// Keys' kernel with a = −0.75 on four taps a direction, at (d + 0.5)·source/size − 0.5, edges repeated; sums in F32
/// and one rounding at the end, to nearest even, saturated. Columns are combined after rows: a row of sums at the
/// source's width is small, lies in the cache, and is made by operations that a processor does many at a time.
package struct CubicResizer {
    package let height: Int, width: Int, size: Int
    private let targets: [TargetRow]
    /// Of each column, filled up to whole groups of four: where in `sums` its samples begin, and its weights as
    /// `combineColumns` takes them.
    private let columnFirsts: [Int], columnWeights: [SIMD4<Float>]
    /// One row of sums over four source rows, with two repeated samples before and after it.
    private var sums: [Float]

    /// - Parameter lit: of each source row the columns that may not be 0; nil for all.
    package init(height: Int, width: Int, size: Int, lit: [Range<Int>]? = nil) {
        precondition(height > 0 && width > 0 && size > 0, "a picture has pixels")
        self.height = height
        self.width = width
        self.size = size
        let columnTaps = (0..<(size + 3) / 4 * 4).map {
            CubicTaps(target: min($0, size - 1), of: size, source: width)
        }
        columnFirsts = columnTaps.map { $0.first + margin }
        columnWeights = columnTaps.indices.map { i in
            let group = i / 4 * 4, tap = i % 4
            return SIMD4((group..<group + 4).map { columnTaps[$0].weights[tap] })
        }
        targets = (0..<size).map { y in
            let taps = CubicTaps(target: y, of: size, source: height)
            let sources = SIMD4((0..<4).map { max(0, min(height - 1, taps.first + $0)) })
            let parts = (0..<4).map { lit?[sources[$0]] ?? 0..<width }.filter { !$0.isEmpty }
            guard let left = parts.map(\.lowerBound).min(), let right = parts.map(\.upperBound).max() else {
                return TargetRow(sources: sources, weights: taps.weights, from: 0..<0, to: 0..<0)
            }
            // The picture's edges are repeated, so taps beyond them see the edge.
            let first = columnTaps.firstIndex { max($0.first + 3, 0) >= left } ?? 0
            let last = columnTaps.lastIndex { min($0.first, width - 1) < right } ?? 0
            return TargetRow(
                sources: sources, weights: taps.weights, from: left..<right,
                to: first / 4 * 4..<min(last + 1, size))
        }
        sums = [Float](repeating: 0, count: width + 2 * margin)
        precondition(columnFirsts.allSatisfy { $0 >= 0 && $0 + 3 < sums.count }, "taps lie in the sums")
    }

    /// Resizes U8 [height, width] into `target` from `start` on, where samples lie `stride` apart.
    ///
    /// Samples that see nothing but black are not written: the target comes as zeros. With `rows`, only the target's
    /// rows that see some of those are made.
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
        func source(_ k: Int) -> Range<Int> {
            let start = row.sources[k] * width
            return start + row.from.lowerBound..<start + row.from.upperBound
        }
        clear(&sums)
        combine(
            picture.extracting(source(0)), picture.extracting(source(1)), picture.extracting(source(2)),
            picture.extracting(source(3)), row.weights, into: &sums, at: margin + row.from.lowerBound)
        for x in 0..<margin {
            sums[x] = sums[margin]
            sums[margin + width + x] = sums[margin + width - 1]
        }
    }
}

/// What a row of the target is made of.
private struct TargetRow {
    /// Four rows of the source, and their weights.
    let sources: SIMD4<Int>, weights: SIMD4<Float>
    /// The columns of those that may not be black, and the columns of the target, from a multiple of four on, that
    /// see them.
    let from: Range<Int>, to: Range<Int>
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
