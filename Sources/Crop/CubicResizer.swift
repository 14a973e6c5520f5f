// Bicubic resizing without antialiasing, as cv::resize with INTER_CUBIC does it.

/// Resizes pictures of one size to `size` × `size`.
///
/// Keys' kernel with a = −0.75 on four taps a direction, at (d + 0.5)·source/size − 0.5, edges repeated; sums in F32
/// and one rounding at the end, to nearest even, saturated. Columns are combined after rows: a row of sums at the
/// source's width is small, lies in the cache, and is made by operations that a processor does many at a time.
package struct CubicResizer {
    package let height: Int, width: Int, size: Int
    private let rowTaps: [CubicTaps]
    /// Of each column, filled up to whole groups of four: where in `sums` its samples begin, and its weights as
    /// `combineColumns` takes them.
    private let columnFirsts: [Int], columnWeights: [SIMD4<Float>]
    /// One row of sums over four source rows, with two repeated samples before and after it.
    private var sums: [Float]

    package init(height: Int, width: Int, size: Int) {
        precondition(height > 0 && width > 0 && size > 0, "a picture has pixels")
        self.height = height
        self.width = width
        self.size = size
        rowTaps = (0..<size).map { CubicTaps(target: $0, of: size, source: height) }
        let columnTaps = (0..<(size + 3) / 4 * 4).map {
            CubicTaps(target: min($0, size - 1), of: size, source: width)
        }
        columnFirsts = columnTaps.map { $0.first + margin }
        columnWeights = columnTaps.indices.map { i in
            let group = i / 4 * 4, tap = i % 4
            return SIMD4((group..<group + 4).map { columnTaps[$0].weights[tap] })
        }
        sums = [Float](repeating: 0, count: width + 2 * margin)
        precondition(
            columnFirsts.allSatisfy { $0 >= 0 && $0 + 3 < width + 2 * margin }, "taps lie in the sums")
    }

    /// Resizes U8 [height, width] into `target` from `start` on, where samples lie `stride` apart.
    package mutating func resize(
        _ picture: Span<UInt8>, into target: inout [UInt8], at start: Int = 0, stride: Int = 1
    ) {
        precondition(picture.count == height * width, "the picture has the size of the resizer")
        precondition(start >= 0 && start + (size * size - 1) * stride < target.count, "the target has room")
        for (y, taps) in rowTaps.enumerated() {
            combineRows(picture, taps)
            combineColumns(
                sums, firsts: columnFirsts, weights: columnWeights, count: size, into: &target,
                at: start + y * size * stride,
                stride: stride)
        }
    }

    private mutating func combineRows(_ picture: Span<UInt8>, _ taps: CubicTaps) {
        func row(_ k: Int) -> Range<Int> {
            let y = max(0, min(height - 1, taps.first + k))
            return y * width..<(y + 1) * width
        }
        combine(
            picture.extracting(row(0)), picture.extracting(row(1)), picture.extracting(row(2)),
            picture.extracting(row(3)), taps.weights, into: &sums, at: margin)
        for x in 0..<margin {
            sums[x] = sums[margin]
            sums[margin + width + x] = sums[margin + width - 1]
        }
    }
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
