// Where Swift meets the kernels in C: above this file there are numbers, and no addresses.

private import CKernels
import Compute
private import COpenBLAS
import EchoCore
import Foundation

/// A run of numbers in an engine's memory, in F32 or in BF16.
///
/// It does not own its memory. Parts of it are checked against its end, and what kernels are given against what they use.
struct Numbers: @unchecked Sendable {
    private let start: UnsafeMutableRawPointer
    let count: Int
    let isRounded: Bool

    private init(start: UnsafeMutableRawPointer, count: Int, isRounded: Bool) {
        (self.start, self.count, self.isRounded) = (start, count, isRounded)
    }

    /// The first numbers of a block that has room for them.
    init(_ block: MemoryPool.Block, count: Int, isRounded: Bool = false) {
        self.init(start: block.start, count: count, isRounded: isRounded)
        precondition(count * size <= block.bytes, "a block has room for its numbers")
    }

    /// No numbers.
    static let none = Numbers(start: UnsafeMutableRawPointer(bitPattern: 64)!, count: 0, isRounded: false)

    private var size: Int { isRounded ? MemoryLayout<UInt16>.size : MemoryLayout<Float>.size }

    subscript(range: Range<Int>) -> Numbers {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a part lies within the numbers")
        return Numbers(start: start + range.lowerBound * size, count: range.count, isRounded: isRounded)
    }

    /// What begins at `place`.
    func from(_ place: Int) -> Numbers { self[place..<count] }

    /// Rows of a matrix [.., width].
    func rows(_ rows: Range<Int>, of width: Int) -> Numbers {
        self[rows.lowerBound * width..<rows.upperBound * width]
    }

    func row(_ row: Int, of width: Int) -> Numbers { rows(row..<row + 1, of: width) }

    /// One number in F32.
    subscript(place: Int) -> Float {
        get {
            precondition(place >= 0 && place < count, "a place lies within the numbers")
            return floats[place]
        }
        nonmutating set {
            precondition(place >= 0 && place < count, "a place lies within the numbers")
            floats[place] = newValue
        }
    }

    func fill(with value: Float) { floats.update(repeating: value, count: count) }

    /// Takes as many numbers from elsewhere, both in F32.
    func copy(_ other: Numbers) {
        precondition(other.count == count, "numbers fill their place")
        floats.update(from: other.floats, count: count)
    }

    /// Takes as many numbers from an array, in its own format.
    func write(_ values: [Float]) {
        precondition(values.count == count, "numbers fill their place")
        values.withUnsafeBufferPointer { source in
            guard let base = source.baseAddress else { return }
            let source = ck_numbers(start: UnsafeMutableRawPointer(mutating: base), rounded: 0)
            ck_convert(source, both, count)
        }
    }

    /// All of them in F32.
    var array: [Float] {
        [Float](unsafeUninitializedCapacity: count) { target, filled in
            filled = count
            ck_convert(both, ck_numbers(start: target.baseAddress, rounded: 0), count)
        }
    }

    /// Lets `body` change them.
    func change(_ body: (inout MutableSpan<Float>) throws(EchoError) -> Void) throws(EchoError) {
        var span = UnsafeMutableBufferPointer(start: floats, count: count).mutableSpan
        try body(&span)
    }

    fileprivate var floats: UnsafeMutablePointer<Float> {
        precondition(!isRounded, "factors where values are meant")
        return start.assumingMemoryBound(to: Float.self)
    }

    fileprivate var halves: UnsafeMutablePointer<UInt16> {
        precondition(isRounded, "values where factors are meant")
        return start.assumingMemoryBound(to: UInt16.self)
    }

    /// For kernels that take either format.
    fileprivate var both: ck_numbers { ck_numbers(start: start, rounded: isRounded ? 1 : 0) }
}

/// Rows and columns of a result.
struct Tile {
    let rows: Range<Int>, columns: Range<Int>

    var count: Int { rows.count * columns.count }

    fileprivate var inC: ck_tile {
        ck_tile(
            from: rows.lowerBound, to: rows.upperBound, left: columns.lowerBound, right: columns.upperBound)
    }
}

/// The kernels; each works on the calling thread alone.
enum Kernels {
    /// Tells the processor that the thread is waiting for memory to change.
    static func pause() { ck_pause() }

    // MARK: Number by number

    /// y = x, in y's format; rounded to the nearest, ties to even.
    static func convert(_ x: Numbers, to y: Numbers) {
        precondition(x.count == y.count, "numbers fill their place")
        ck_convert(x.both, y.both, y.count)
    }

    /// y += x.
    static func add(_ x: Numbers, to y: Numbers) {
        precondition(x.count == y.count, "numbers fill their place")
        ck_add(x.floats, y.floats, y.count)
    }

    static func sumOfSquares(_ x: Numbers) -> Double { ck_sum_of_squares(x.floats, x.count) }

    /// A step of AdamW.
    ///
    /// - Parameter rounded: receives the new parameters in BF16
    static func adamW(
        _ parameters: Numbers, gradient: Numbers, firstMoment: Numbers, secondMoment: Numbers,
        rounded: Numbers?, _ step: Step
    ) {
        let count = parameters.count
        precondition(
            [gradient, firstMoment, secondMoment, rounded ?? parameters].allSatisfy { $0.count == count },
            "a parameter has a gradient and moments of its size")
        var factors = step.factors
        ck_adamw(
            parameters.floats, gradient.floats, firstMoment.floats, secondMoment.floats, rounded?.halves,
            count, &factors)
    }

    /// The factors of a parameter's step, with the corrections of both moments worked in.
    struct Step {
        fileprivate let factors: ck_adamw_factors

        /// - Parameter number: 1 for the first step
        init(_ f: AdamWFactors, rate: Double, weightDecay: Double, number: Double, gradientScale: Double) {
            let first = 1 - pow(f.beta1, number), second = 1 - pow(f.beta2, number)
            factors = ck_adamw_factors(
                beta1: Float(f.beta1), one_minus_beta1: Float(1 - f.beta1), beta2: Float(f.beta2),
                one_minus_beta2: Float(1 - f.beta2), epsilon: Float(f.epsilon),
                decay: Float(1 - rate * weightDecay), rate: Float(rate / first),
                root: Float(second.squareRoot()), gradient_scale: Float(gradientScale))
        }
    }

    /// y += share · (x − y).
    static func blend(_ x: Numbers, into y: Numbers, share: Float) {
        precondition(x.count == y.count, "numbers fill their place")
        ck_blend(x.floats, y.floats, share, y.count)
    }

    // MARK: Pictures

    /// Planes of a clip that `resample` takes at most.
    static let resampledAtOnce = Int(CK_RESAMPLE_LANES)

    /// Numbers that it needs beside its result.
    static func resampleScratch(side: Int) -> Int {
        (side + 1) * (side + 1) * resampledAtOnce / MemoryLayout<Float>.size + 1
    }

    /// y [planes, image, image] = what a clip sees of some of its planes.
    static func resample(
        _ clip: ClipSamples, _ planes: Range<Int>, of pixels: [UInt8], into y: Numbers, image: Int,
        scratch: Numbers
    ) {
        precondition(clip.start >= 0 && clip.start + clip.bytes <= pixels.count, "frames lie in the memory")
        precondition(planes.lowerBound >= 0 && planes.upperBound <= clip.planes, "planes are the clip's")
        precondition(y.count == planes.count * image * image, "images fill their place")
        precondition(scratch.count >= resampleScratch(side: clip.side), "there is room for the planes")
        let view = ck_view(
            x: clip.x, y: clip.y, across_x: clip.acrossX, across_y: clip.acrossY, down_x: clip.downX,
            down_y: clip.downY, rows: clip.rows, columns: clip.columns)
        let channels = clip.channels, size = clip.side * clip.side * channels
        pixels.withUnsafeBufferPointer { pixels in
            guard let base = pixels.baseAddress else { return }
            let lanes: [UnsafePointer<UInt8>?] = planes.map {
                base + clip.start + $0 / channels * size + $0 % channels
            }
            ck_resample(
                lanes, channels, planes.count, clip.side, [view],
                UnsafeMutableRawPointer(scratch.floats).assumingMemoryBound(to: UInt8.self), y.floats, image,
                planes.map { clip.scale[$0 % channels] }, planes.map { clip.shift[$0 % channels] })
        }
    }

    // MARK: Products

    /// Loads oneDNN where it is installed: whether it is there.
    static func loadOneDNN() -> Bool { ck_load_onednn() != 0 }

    static var hasAVX512: Bool { ck_has_avx512() != 0 }

    /// Whether the processor has instructions for products of BF16 numbers.
    static var hasBF16: Bool { ck_has_bf16() != 0 }

    /// What OpenBLAS chose for this processor, as "SkylakeX".
    static var openBLAS: String { String(cString: blas_kernels()) }

    /// Floating-point operations in products since the process began, and the seconds spent in them by all threads.
    static var products: (operations: Double, seconds: Double) {
        let count = ck_products_so_far()
        return (Double(count.operations), Double(count.nanoseconds) / 1e9)
    }

    // MARK: Linear layers

    /// What follows a linear layer while its result is near.
    enum Then {
        case nothing
        case gelu(into: Numbers)
        case adding(Numbers)

        fileprivate var kind: Int32 {
            switch self {
            case .nothing: Int32(CK_NONE)
            case .gelu: Int32(CK_GELU)
            case .adding: Int32(CK_ADDING)
            }
        }

        fileprivate var numbers: Numbers? {
            switch self {
            case .nothing: nil
            case .gelu(let numbers), .adding(let numbers): numbers
            }
        }

        /// What is added is F32.
        fileprivate var inC: ck_numbers {
            switch self {
            case .nothing: ck_numbers()
            case .gelu(let numbers): numbers.both
            case .adding(let numbers): ck_numbers(start: numbers.floats, rounded: 0)
            }
        }
    }

    /// That a linear layer of so many rows finds all its numbers.
    private static func check(
        rows: Int, _ inputs: Int, _ outputs: Int, _ x: Numbers, _ weight: Numbers, _ y: Numbers,
        _ bias: Numbers?, _ other: Numbers?
    ) {
        precondition(
            x.count >= rows * inputs && y.count >= rows * outputs && weight.count == inputs * outputs
                && bias?.count ?? outputs == outputs && other?.count ?? y.count == y.count,
            "a linear layer's numbers fill their shapes")
    }

    /// Rows of y [.., outputs] = x [.., inputs] · weightᵀ + bias, in F32.
    static func linear(
        _ x: Numbers, _ weight: Numbers, _ bias: Numbers, into y: Numbers, then: Then, rows: Range<Int>,
        inputs: Int, outputs: Int, by library: ProductLibrary
    ) {
        check(rows: rows.upperBound, inputs, outputs, x, weight, y, bias, then.numbers)
        ck_linear(
            library.inC, x.floats, weight.floats, bias.floats, y.floats, then.numbers?.floats, then.kind,
            rows.lowerBound, rows.upperBound, inputs, outputs)
    }

    /// A tile of the same of x and weights in BF16.
    ///
    /// - Parameter scratch: room for the tile's numbers
    static func linear(
        _ x: Numbers, _ weight: Numbers, _ bias: Numbers, into y: Numbers, then: Then, tile: Tile,
        scratch: Numbers, inputs: Int, outputs: Int
    ) {
        check(rows: tile.rows.upperBound, inputs, outputs, x, weight, y, bias, then.numbers)
        precondition(!y.isRounded || scratch.count >= tile.count, "a tile has room")
        ck_linear_bf16(
            x.halves, weight.halves, bias.floats, y.both, then.inC, then.kind,
            scratch.floats, tile.inC, inputs, outputs)
    }

    /// Rows of dx = dy · weight, or += if `accumulating`, in F32; through a GELU, before which was `gelu`, and which is
    /// then what came after it.
    static func linearInputGradient(
        _ dy: Numbers, _ weight: Numbers, into dx: Numbers, accumulating: Bool, through gelu: Numbers?,
        rows: Range<Int>, inputs: Int, outputs: Int, by library: ProductLibrary
    ) {
        check(rows: rows.upperBound, inputs, outputs, dx, weight, dy, nil, nil)
        precondition(gelu.map { $0.count == dx.count } ?? true, "a gradient goes through as many numbers")
        ck_linear_input_gradient(
            library.inC, dy.floats, weight.floats, dx.floats, accumulating ? 1 : 0, gelu?.floats,
            rows.lowerBound, rows.upperBound, inputs, outputs)
    }

    /// A tile of the same of dy and weights in BF16.
    static func linearInputGradient(
        _ dy: Numbers, _ weight: Numbers, into dx: Numbers, accumulating: Bool, through gelu: Numbers?,
        tile: Tile, scratch: Numbers, inputs: Int, outputs: Int
    ) {
        check(rows: tile.rows.upperBound, inputs, outputs, dx, weight, dy, nil, nil)
        precondition(gelu.map { $0.count == dx.count } ?? true, "a gradient goes through as many numbers")
        precondition(!dx.isRounded || scratch.count >= tile.count, "a tile has room")
        ck_linear_input_gradient_bf16(
            dy.halves, weight.halves, dx.both, accumulating ? 1 : 0, gelu?.both ?? ck_numbers(),
            scratch.floats, tile.inC, inputs, outputs)
    }

    /// `outputRows` of dWeight [outputs, inputs] = dyᵀ · x and of dBias, or += if `accumulating`, in F32.
    static func linearWeightGradient(
        _ dy: Numbers, _ x: Numbers, into dWeight: Numbers, and dBias: Numbers, accumulating: Bool,
        outputRows: Range<Int>, rows: Int, inputs: Int, outputs: Int, by library: ProductLibrary
    ) {
        check(rows: rows, inputs, outputs, x, dWeight, dy, dBias, nil)
        ck_linear_weight_gradient(
            library.inC, dy.floats, x.floats, dWeight.floats, dBias.floats, accumulating ? 1 : 0,
            outputRows.lowerBound, outputRows.upperBound, rows, inputs, outputs)
    }

    /// A tile of the same of dy and x in BF16.
    static func linearWeightGradient(
        _ dy: Numbers, _ x: Numbers, into dWeight: Numbers, and dBias: Numbers, accumulating: Bool,
        tile: Tile, rows: Int, inputs: Int, outputs: Int
    ) {
        check(rows: rows, inputs, outputs, x, dWeight, dy, dBias, nil)
        ck_linear_weight_gradient_bf16(
            dy.halves, x.halves, dWeight.floats, dBias.floats, accumulating ? 1 : 0, tile.inC, rows, inputs,
            outputs)
    }

    // MARK: Layer norm

    /// - Parameter statistics: receives the mean and the inverse deviation of each row
    static func layerNorm(
        _ x: Numbers, scale: Numbers, shift: Numbers, into y: Numbers, statistics: Numbers, width: Int,
        epsilon: Double
    ) {
        precondition(
            y.count == x.count && scale.count == width && shift.count == width
                && statistics.count * width == 2 * x.count, "a layer norm's numbers fill their shapes")
        ck_layer_norm(
            x.floats, scale.floats, shift.floats, y.both, statistics.floats, x.count / width, width,
            Float(epsilon))
    }

    /// - Parameters:
    ///   - dScale, dShift: are replaced
    static func layerNormGradient(
        _ dy: Numbers, x: Numbers, scale: Numbers, statistics: Numbers, into dx: Numbers,
        accumulating: Bool, dScale: Numbers, dShift: Numbers, width: Int
    ) {
        precondition(
            dy.count == x.count && dx.count == x.count && statistics.count * width == 2 * x.count
                && [scale, dScale, dShift].allSatisfy { $0.count == width },
            "a layer norm's numbers fill their shapes")
        ck_layer_norm_gradient(
            dy.both, x.floats, scale.floats, statistics.floats, dx.floats, accumulating ? 1 : 0,
            dScale.floats, dShift.floats, x.count / width, width)
    }

    // MARK: Attention

    /// One head of one sequence: its queries, keys and values, and the numbers from one row of them to the next.
    struct Head {
        let q: Numbers, qStride: Int
        let k: Numbers, v: Numbers, kvStride: Int
        let queries: Int, keys: Int, width: Int
        let scale: Double

        /// Numbers of F32 that a kernel needs beside.
        func scratch(gradient: Bool) -> Int {
            q.isRounded ? ck_attention_scratch_bf16(keys, width, gradient ? 1 : 0) : 0
        }

        /// That its rows, and those of results with `stride` numbers between, end within their numbers.
        fileprivate func check(
            _ results: [Numbers], stride: Int, logSums: Numbers, q: Numbers, k: Numbers, v: Numbers
        ) {
            func holds(_ numbers: Numbers, _ rows: Int, _ stride: Int) -> Bool {
                numbers.count >= (rows - 1) * stride + width
            }
            precondition(
                holds(q, queries, qStride) && holds(k, keys, kvStride) && holds(v, keys, kvStride)
                    && results.allSatisfy { holds($0, queries, stride) } && logSums.count >= queries,
                "a head's numbers fill its shape")
        }
    }

    /// - Parameter stride: from row to row of y
    static func attention(
        _ head: Head, into y: Numbers, stride: Int, logSums: Numbers, scratch: Numbers,
        by library: ProductLibrary
    ) {
        let (q, k, v, scale) = (head.q, head.k, head.v, Float(head.scale))
        head.check([y], stride: stride, logSums: logSums, q: q, k: k, v: v)
        precondition(scratch.count >= head.scratch(gradient: false), "a head has room")
        if q.isRounded {
            ck_attention_bf16(
                q.halves, head.qStride, k.halves, v.halves, head.kvStride, y.halves, stride, logSums.floats,
                scratch.floats, head.queries, head.keys, head.width, scale)
        } else {
            ck_attention(
                library.inC, q.floats, head.qStride, k.floats, v.floats, head.kvStride, y.floats, stride,
                logSums.floats, head.queries, head.keys, head.width, scale)
        }
    }

    /// - Parameters:
    ///   - stride: from row to row of y and dy
    ///   - gradient: where those of the queries, keys and values go, with their strides
    static func attentionGradient(
        _ head: Head, y: Numbers, dy: Numbers, stride: Int, logSums: Numbers,
        into gradient: (q: Numbers, k: Numbers, v: Numbers), scratch: Numbers, by library: ProductLibrary
    ) {
        let (q, k, v, scale) = (head.q, head.k, head.v, Float(head.scale))
        head.check([y, dy], stride: stride, logSums: logSums, q: q, k: k, v: v)
        head.check(
            [], stride: stride, logSums: logSums, q: gradient.q, k: gradient.k, v: gradient.v)
        precondition(scratch.count >= head.scratch(gradient: true), "a head has room")
        if q.isRounded {
            ck_attention_gradient_bf16(
                q.halves, head.qStride, k.halves, v.halves, head.kvStride, y.halves, dy.halves, stride,
                logSums.floats, gradient.q.halves, gradient.k.halves, gradient.v.halves, scratch.floats,
                head.queries, head.keys, head.width, scale)
        } else {
            ck_attention_gradient(
                library.inC, q.floats, head.qStride, k.floats, v.floats, head.kvStride, y.floats, dy.floats,
                stride, logSums.floats, gradient.q.floats, gradient.k.floats, gradient.v.floats,
                head.queries, head.keys, head.width, scale)
        }
    }

    // MARK: Rows, pictures and losses

    /// A patch of a picture, whose top left pixel comes first in `pixels`.
    static func patch(_ pixels: Numbers, into y: Numbers, _ grid: PatchGrid, order: PatchOrder) {
        let size = grid.side * grid.patch
        let last = (grid.channels - 1) * size * size + (grid.patch - 1) * size + grid.patch
        precondition(pixels.count >= last && y.count == grid.width, "a patch lies within its picture")
        ck_patch(
            pixels.floats, y.floats, size, grid.patch, grid.channels, order == .channelsFirst ? 1 : 0)
    }

    /// Gives a row mean 0 and variance 1.
    static func normalise(_ row: Numbers, epsilon: Double) {
        ck_normalise_row(row.floats, row.count, Float(epsilon))
    }

    /// Σ (prediction − target)² over a row.
    ///
    /// - Parameter gradient: receives factor · (prediction − target)
    static func squaredError(
        _ prediction: Numbers, _ target: Numbers, gradient: Numbers?, factor: Double
    ) -> Double {
        precondition(
            target.count == prediction.count && gradient?.count ?? target.count == target.count,
            "a prediction fills its target")
        return ck_squared_error(
            prediction.floats, target.floats, gradient?.floats, Float(factor), prediction.count)
    }

    /// The sum over all logits, each with its weight.
    ///
    /// - Parameter gradient: receives that of `scale` times the sum
    static func binaryCrossEntropy(
        _ logits: Numbers, _ targets: Numbers, weights: Numbers, gradient: Numbers?, scale: Double
    ) -> Double {
        let count = logits.count
        precondition(
            targets.count == count && weights.count == count && gradient?.count ?? count == count,
            "a target and a weight for every logit")
        return ck_binary_cross_entropy(
            logits.floats, targets.floats, weights.floats, gradient?.floats, scale, count)
    }
}

/// The kernels' own functions over whole arrays, for tests of their accuracy.
package enum Functions {
    package static func exp(_ x: [Float]) -> [Float] { map(x, ck_exp) }
    /// Of scores less their maximum.
    package static func expOfScores(_ x: [Float]) -> [Float] { map(x, ck_exp_scores) }
    package static func erf(_ x: [Float]) -> [Float] { map(x, ck_erf) }

    /// In BF16: as this processor does it best, or plainly as any.
    package static func rounded(_ x: [Float], plainly: Bool) -> [UInt16] {
        [UInt16](unsafeUninitializedCapacity: x.count) { y, count in
            if let start = y.baseAddress { (plainly ? ck_round_plainly : ck_round)(x, start, x.count) }
            count = x.count
        }
    }

    private static func map(
        _ x: [Float], _ kernel: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: x.count) { y, count in
            if let start = y.baseAddress { kernel(x, start, x.count) }
            count = x.count
        }
    }
}

extension ProductLibrary {
    fileprivate var inC: Int32 { Int32(self == .oneDNN ? CK_ONEDNN : CK_OPENBLAS) }
}
