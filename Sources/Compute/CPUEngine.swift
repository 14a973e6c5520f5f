// The engine that needs nothing but processors: OpenBLAS for products, our own kernels for the rest.

private import CKernels
private import COpenBLAS
public import EchoCore
import Foundation

/// F32 on the processor's cores.
///
/// An operation is cut into tiles of rows, or of columns where it sums over rows, that threads take as they come. How
/// it is cut depends on its shape only and no tile adds to another's result, so the numbers do not depend on the
/// number of threads.
public final class CPUEngine: Engine, Sendable {
    private let threads: Int
    private let pool = MemoryPool()

    /// - Parameter threads: how many threads compute at once
    public init(threads: Int = availableProcessors()) { self.threads = max(1, threads) }

    public var name: String { "cpu" }

    /// The kernels of the matrix products, as "OpenBLAS SkylakeX".
    public var productKernels: String { "OpenBLAS \(String(cString: blas_kernels()))" }

    // MARK: Memory

    private typealias Floats = UnsafeMutablePointer<Float>

    private final class Storage: Buffer, @unchecked Sendable {
        let block: MemoryPool.Block
        private let pool: MemoryPool

        init(count: Int, pool: MemoryPool) {
            block = pool.take(count)
            self.pool = pool
            super.init(count: count)
        }

        deinit { pool.giveBack(block) }
    }

    private func floats(_ buffer: Buffer, _ count: Int) -> Floats {
        guard let storage = buffer as? Storage else { preconditionFailure("a buffer of another engine") }
        precondition(buffer.count == count, "a buffer of \(buffer.count) numbers where \(count) are meant")
        return storage.block.start
    }

    private func floats(_ buffer: Buffer) -> Floats { floats(buffer, buffer.count) }

    public func allocate(_ count: Int) -> Buffer { Storage(count: count, pool: pool) }

    public func write(_ values: [Float], to buffer: Buffer) {
        let target = floats(buffer, values.count)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { target.update(from: base, count: source.count) }
        }
    }

    public func read(_ buffer: Buffer) -> [Float] {
        [Float](UnsafeBufferPointer(start: floats(buffer), count: buffer.count))
    }

    public func fill(_ buffer: Buffer, with value: Float) {
        floats(buffer).update(repeating: value, count: buffer.count)
    }

    public func add(_ source: Buffer, to target: Buffer) {
        let (x, y) = (floats(source, target.count), floats(target))
        inTiles(of: target.count, by: elements) { part in
            ck_add(x + part.lowerBound, y + part.lowerBound, part.count)
        }
    }

    public func copy(_ source: Buffer, to target: Buffer) {
        floats(target).update(from: floats(source, target.count), count: target.count)
    }

    /// Bytes that the engine holds for buffers, in use or not.
    public var reservedMemory: Int { pool.reserved }

    // MARK: Tiles

    /// A tile of an operation over single numbers.
    private let elements = 1 << 16

    /// Calls `body` with consecutive ranges of at most `size`, on all threads.
    private func inTiles(of count: Int, by size: Int, _ body: (Range<Int>) -> Void) {
        let tiles = (count + size - 1) / size
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) let body = body
            parallelFor(tiles, workers: threads) { tile in body(tile * size..<min(count, (tile + 1) * size)) }
        }
    }

    /// Rows of a tile of an operation that takes about `cost` steps a row: eight tiles, if they are worth it.
    private func tile(rows: Int, cost: Int, atMost most: Int) -> Int {
        let worthwhile = max(1, (1 << 18) / max(1, cost))
        let eighth = (rows + 7) / 8
        return max(1, min(max(eighth, worthwhile), max(most, worthwhile)))
    }

    // MARK: Layers

    public func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) {
        let (x, weight) = (floats(x, rows * inputs), floats(weight, outputs * inputs))
        let (bias, y) = (floats(bias, outputs), floats(y, rows * outputs))
        let (kind, extra): (Int, Floats?) =
            switch epilogue {
            case .none: (CK_NONE, nil)
            case .gelu(let activated): (CK_GELU, floats(activated, rows * outputs))
            case .adding(let residual): (CK_ADDING, floats(residual, rows * outputs))
            }
        let size = tile(rows: rows, cost: inputs * outputs, atMost: 512)
        inTiles(of: rows, by: size) { part in
            ck_linear(
                x, weight, bias, y, extra, Int32(kind), part.lowerBound, part.upperBound, inputs, outputs)
        }
    }

    public func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int,
        through gelu: Buffer?
    ) {
        let (dy, weight) = (floats(dy, rows * outputs), floats(weight, outputs * inputs))
        let (dx, gelu) = (floats(dx, rows * inputs), gelu.map { floats($0, rows * inputs) })
        let size = tile(rows: rows, cost: inputs * outputs, atMost: 512)
        inTiles(of: rows, by: size) { part in
            ck_linear_input_gradient(
                dy, weight, dx, accumulating ? 1 : 0, gelu, part.lowerBound, part.upperBound, inputs, outputs)
        }
    }

    public func linearWeightGradient(
        _ dy: Buffer, x: Buffer, addingTo dWeight: Buffer, and dBias: Buffer, rows: Int, inputs: Int,
        outputs: Int
    ) {
        let (dy, x) = (floats(dy, rows * outputs), floats(x, rows * inputs))
        let (dWeight, dBias) = (floats(dWeight, outputs * inputs), floats(dBias, outputs))
        let size = tile(rows: outputs, cost: rows * inputs, atMost: 512)
        inTiles(of: outputs, by: size) { part in
            ck_linear_weight_gradient(
                dy, x, dWeight, dBias, part.lowerBound, part.upperBound, rows, inputs, outputs)
        }
    }

    public func gelu(_ x: Buffer, into y: Buffer) {
        let (source, target) = (floats(x, y.count), floats(y))
        inTiles(of: y.count, by: elements) { part in
            ck_gelu(source + part.lowerBound, target + part.lowerBound, part.count)
        }
    }

    public func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {
        let (x, y) = (floats(x, rows * width), floats(y, rows * width))
        let (scale, shift, statistics) = (
            floats(scale, width), floats(shift, width), floats(statistics, 2 * rows)
        )
        inTiles(of: rows, by: tile(rows: rows, cost: 4 * width, atMost: 256)) { part in
            let start = part.lowerBound
            ck_layer_norm(
                x + start * width, scale, shift, y + start * width, statistics + 2 * start, part.count, width,
                Float(epsilon))
        }
    }

    public func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {
        let (dy, x, dx) = (floats(dy, rows * width), floats(x, rows * width), floats(dx, rows * width))
        let (scale, statistics) = (floats(scale, width), floats(statistics, 2 * rows))
        let (dScale, dShift) = (floats(dScale, width), floats(dShift, width))
        // Each tile sums for itself; the sums are added in the order of the tiles.
        let size = tile(rows: rows, cost: 8 * width, atMost: 256)
        let tiles = (rows + size - 1) / size
        let sums = allocate(2 * tiles * width)
        let parts = floats(sums)
        inTiles(of: rows, by: size) { part in
            let start = part.lowerBound
            let own = parts + 2 * (start / size) * width
            ck_layer_norm_gradient(
                dy + start * width, x + start * width, scale, statistics + 2 * start, dx + start * width,
                accumulating ? 1 : 0, own, own + width, part.count, width)
        }
        for tile in 0..<tiles {
            ck_add(parts + 2 * tile * width, dScale, width)
            ck_add(parts + (2 * tile + 1) * width, dShift, width)
        }
    }

    // MARK: Attention

    /// Calls `body` with the first row, the number of rows and the head of every head of every sequence; some heads of
    /// short sequences are taken together.
    private func eachHead(_ shape: AttentionShape, _ body: (_ start: Int, _ rows: Int, _ head: Int) -> Void) {
        var starts = [0]
        for rows in shape.segments { starts.append(starts[starts.count - 1] + rows) }
        let longest = shape.segments.max() ?? 0
        let heads = shape.segments.count * shape.heads
        let size = tile(rows: heads, cost: 4 * longest * longest * shape.headWidth, atMost: 1)
        inTiles(of: heads, by: size) { part in
            for index in part {
                let segment = index / shape.heads
                body(starts[segment], shape.segments[segment], index % shape.heads)
            }
        }
    }

    public func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        let (total, width) = (shape.rows, shape.width)
        let (qkv, y) = (floats(qkv, total * 3 * width), floats(y, total * width))
        let logSums = floats(logSums, shape.heads * total)
        eachHead(shape) { start, rows, head in
            let column = head * shape.headWidth
            let q = qkv + start * 3 * width + column
            ck_attention(
                q, q + width, q + 2 * width, 3 * width, y + start * width + column, width,
                logSums + head * total + start, rows, shape.headWidth, Float(shape.scale))
        }
    }

    public func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) {
        let (total, width) = (shape.rows, shape.width)
        let (qkv, dQKV) = (floats(qkv, total * 3 * width), floats(dQKV, total * 3 * width))
        let (y, dy) = (floats(y, total * width), floats(dy, total * width))
        let logSums = floats(logSums, shape.heads * total)
        eachHead(shape) { start, rows, head in
            let column = head * shape.headWidth
            let (place, input) = (start * width + column, start * 3 * width + column)
            let (q, dq) = (qkv + input, dQKV + input)
            ck_attention_gradient(
                q, q + width, q + 2 * width, 3 * width, y + place, dy + place, width,
                logSums + head * total + start, dq, dq + width, dq + 2 * width, rows, shape.headWidth,
                Float(shape.scale))
        }
    }

    // MARK: Rows

    public func gather(_ x: Buffer, rows index: [Int32], filler: Buffer?, into y: Buffer, width: Int) {
        let (source, y) = (floats(x), floats(y, index.count * width))
        let rows = x.count / width
        let filler = filler.map { floats($0, width) }
        for (r, row) in index.enumerated() {
            precondition(row < rows && (row >= 0 || filler != nil), "an index names a row")
            (y + r * width).update(from: row < 0 ? filler! : source + Int(row) * width, count: width)
        }
    }

    public func gatherGradient(
        _ dy: Buffer, rows index: [Int32], into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int,
        width: Int
    ) {
        let (dy, target) = (floats(dy, index.count * width), floats(dx, rows * width))
        let dFiller = dFiller.map { floats($0, width) }
        if !accumulating { fill(dx, with: 0) }
        for (r, row) in index.enumerated() {
            precondition(row < rows, "an index names a row")
            if row >= 0 {
                ck_add(dy + r * width, target + Int(row) * width, width)
            } else if let dFiller {
                ck_add(dy + r * width, dFiller, width)
            }
        }
    }

    public func addRows(of table: Buffer, at index: [Int32], to x: Buffer, width: Int) {
        let (source, x) = (floats(table), floats(x, index.count * width))
        for (r, row) in index.enumerated() {
            precondition(row >= 0 && (Int(row) + 1) * width <= table.count, "an index names a row")
            ck_add(source + Int(row) * width, x + r * width, width)
        }
    }

    public func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {
        let total = segments.reduce(0, +)
        var (row, mean) = (floats(x, total * width), floats(y, segments.count * width))
        fill(y, with: 0)
        for rows in segments {
            for _ in 0..<rows {
                ck_add(row, mean, width)
                row += width
            }
            for c in 0..<width { mean[c] /= Float(rows) }
            mean += width
        }
    }

    public func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) {
        let total = segments.reduce(0, +)
        var (row, mean) = (floats(dx, total * width), floats(dy, segments.count * width))
        if !accumulating { fill(dx, with: 0) }
        for rows in segments {
            let share = (0..<width).map { mean[$0] / Float(rows) }
            for _ in 0..<rows {
                ck_add(share, row, width)
                row += width
            }
            mean += width
        }
    }

    // MARK: Pictures

    public func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: [Int32], order: PatchOrder, into y: Buffer
    ) {
        let (source, y) = (floats(pixels), floats(y, index.count * grid.width))
        let (size, frames) = (grid.side * grid.patch, pixels.count / grid.frame)
        inTiles(of: index.count, by: 1024) { part in
            for r in part {
                let (frame, patch) = Int(index[r]).quotientAndRemainder(dividingBy: grid.count)
                precondition(frame < frames && patch >= 0, "an index names a patch")
                let corner = patch / grid.side * grid.patch * size + patch % grid.side * grid.patch
                ck_patch(
                    source + frame * grid.frame + corner, y + r * grid.width, size, grid.patch, grid.channels,
                    order == .channelsFirst ? 1 : 0)
            }
        }
    }

    public func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {
        let x = floats(x, rows * width)
        inTiles(of: rows, by: 256) { part in
            for r in part { ck_normalise_row(x + r * width, width, Float(epsilon)) }
        }
    }

    // MARK: Losses

    public func squaredError(
        _ prediction: Buffer, target: Buffer, weights: [Float], width: Int, gradient: Buffer?, scale: Double
    ) -> Double {
        let count = weights.count * width
        let (x, target) = (floats(prediction, count), floats(target, count))
        let gradient = gradient.map { floats($0, count) }
        var loss = 0.0
        for (r, weight) in weights.enumerated() {
            let factor = Float(2 * scale * Double(weight) / Double(width))
            let row = gradient.map { $0 + r * width }
            if weight == 0 {
                row?.update(repeating: 0, count: width)
            } else {
                let sum = ck_squared_error(x + r * width, target + r * width, row, factor, width)
                loss += Double(weight) * sum / Double(width)
            }
        }
        return loss
    }

    public func binaryCrossEntropy(_ logits: Buffer, target: Buffer, gradient: Buffer?, scale: Double)
        -> Double
    {
        let (z, t) = (floats(logits), floats(target, logits.count))
        let gradient = gradient.map { floats($0, logits.count) }
        return ck_binary_cross_entropy(z, t, gradient, scale, logits.count)
    }

    // MARK: Learning

    public func sumOfSquares(_ x: Buffer) -> Double {
        let source = floats(x)
        let sums = Locked([Double](repeating: 0, count: x.count / elements + 1))
        inTiles(of: x.count, by: elements) { part in
            let sum = ck_sum_of_squares(source + part.lowerBound, part.count)
            sums.withLock { $0[part.lowerBound / elements] = sum }
        }
        return sums.withLock { $0.reduce(0, +) }
    }

    public func adamW(
        _ parameter: Buffer, gradient: Buffer, firstMoment: Buffer, secondMoment: Buffer,
        _ factors: AdamWFactors
    ) {
        let count = parameter.count
        let (p, g) = (floats(parameter), floats(gradient, count))
        let (m, v) = (floats(firstMoment, count), floats(secondMoment, count))
        let kernel = ck_adamw_factors(factors)
        inTiles(of: count, by: elements) { part in
            let i = part.lowerBound
            withUnsafePointer(to: kernel) { ck_adamw(p + i, g + i, m + i, v + i, part.count, $0) }
        }
    }
}

/// The engine's own exp and erf, for tests of their accuracy.
package enum Functions {
    package static func exp(_ x: [Float]) -> [Float] { map(x, ck_exp) }
    package static func erf(_ x: [Float]) -> [Float] { map(x, ck_erf) }

    private static func map(
        _ x: [Float], _ kernel: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: x.count) { y, count in
            if let start = y.baseAddress { kernel(x, start, x.count) }
            count = x.count
        }
    }
}

extension ck_adamw_factors {
    /// The factors of one step, with the corrections of both moments worked in.
    fileprivate init(_ f: AdamWFactors) {
        let first = 1 - pow(f.beta1, Double(f.step)), second = 1 - pow(f.beta2, Double(f.step))
        self.init(
            beta1: Float(f.beta1), one_minus_beta1: Float(1 - f.beta1), beta2: Float(f.beta2),
            one_minus_beta2: Float(1 - f.beta2), epsilon: Float(f.epsilon),
            decay: Float(1 - f.learningRate * f.weightDecay), rate: Float(f.learningRate / first),
            root: Float(second.squareRoot()), gradient_scale: Float(f.gradientScale))
    }
}
