// The seam between mathematics and machines: what a model needs computed, in operations that any engine can supply.

/// Memory that an engine owns: `count` numbers in the engine's own format and place.
///
/// Nothing above an engine looks inside; the memory goes back to its engine when the last reference goes.
public class Buffer: @unchecked Sendable {
    /// How many numbers it holds.
    public let count: Int

    package init(count: Int) { self.count = count }
}

/// What a buffer is for, by which an engine chooses its place and its format.
public enum BufferUse: Sendable {
    /// Numbers of a step.
    case values
    /// Numbers of a step that are mostly factors of products: an engine that rounds factors may hold them rounded.
    case factors
    /// Numbers that last from step to step, as weights do. They lie apart: among the others they would leave gaps that
    /// nothing large fits into.
    case weights
}

/// What follows a linear layer while its result is still near the processor.
public enum Epilogue {
    /// y = x Wᵀ + b.
    case none
    /// y = x Wᵀ + b as well, and y Φ(y) goes into the buffer, of y's shape; Φ is the standard normal distribution
    /// (GELU, Hendrycks and Gimpel 2016).
    case gelu(into: Buffer)
    /// y = x Wᵀ + b + the buffer, of y's shape.
    case adding(Buffer)
}

/// The numbers of one AdamW step that are the same for every parameter.
public struct AdamWFactors: Sendable {
    public var learningRate, beta1, beta2, epsilon, weightDecay: Double
    /// 1 for the first step.
    public var step: Int
    /// What gradients are multiplied by before use (from clipping).
    public var gradientScale: Double

    public init(
        learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, step: Int,
        gradientScale: Double
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.step = step
        self.gradientScale = gradientScale
    }
}

/// How frames divide into patches: frames [channels, side·patch, side·patch], side·side patches each.
public struct PatchGrid: Sendable, Equatable {
    public let side: Int, patch: Int, channels: Int

    public init(side: Int, patch: Int, channels: Int) {
        self.side = side
        self.patch = patch
        self.channels = channels
    }

    /// Patches in a frame.
    public var count: Int { side * side }
    /// Numbers in a patch.
    public var width: Int { patch * patch * channels }
    /// Numbers in a frame.
    public var frame: Int { count * width }
}

/// The order of a patch's numbers: as the embedding's weight has them, or as predictions have them.
public enum PatchOrder: Sendable {
    /// (channel, row, column).
    case channelsFirst
    /// (row, column, channel).
    case channelsLast
}

/// The heads of an attention layer over packed sequences.
///
/// Rows of all sequences lie one after the other: `segments` holds the number of rows of each, at least one. Nothing is
/// padded and no row sees another sequence's. A row of the input is [query | key | value], each `heads` × `headWidth`
/// wide.
public struct AttentionShape: Sendable, Equatable {
    public let segments: [Int], heads: Int, headWidth: Int

    public init(segments: [Int], heads: Int, headWidth: Int) {
        precondition(segments.allSatisfy { $0 > 0 }, "a sequence has rows")
        self.segments = segments
        self.heads = heads
        self.headWidth = headWidth
    }

    public var rows: Int { segments.reduce(0, +) }
    public var width: Int { heads * headWidth }
    /// What products of queries and keys are multiplied by: 1/√headWidth.
    public var scale: Double { 1 / Double(headWidth).squareRoot() }
    /// The same attention, its keys told apart from its queries.
    var asCross: CrossAttentionShape {
        CrossAttentionShape(queries: segments, keys: segments, heads: heads, headWidth: headWidth)
    }
}

/// The heads of an attention layer whose queries read the keys and values of another sequence.
///
/// Sequences are packed as in `AttentionShape`: the next `queries[s]` rows of the queries read the next `keys[s]` rows
/// of keys and values, at least one of each. A row of queries is `heads` × `headWidth` wide, a row of the others is
/// [key | value], each as wide.
public struct CrossAttentionShape: Sendable, Equatable {
    public let queries: [Int], keys: [Int], heads: Int, headWidth: Int

    public init(queries: [Int], keys: [Int], heads: Int, headWidth: Int) {
        precondition(queries.count == keys.count, "each sequence of queries reads one of keys")
        precondition((queries + keys).allSatisfy { $0 > 0 }, "a sequence has rows")
        self.queries = queries
        self.keys = keys
        self.heads = heads
        self.headWidth = headWidth
    }

    public var queryRows: Int { queries.reduce(0, +) }
    public var keyRows: Int { keys.reduce(0, +) }
    public var width: Int { heads * headWidth }
    /// What products of queries and keys are multiplied by: 1/√headWidth.
    public var scale: Double { 1 / Double(headWidth).squareRoot() }
}

/// A machine that computes.
///
/// All matrices are dense and row-major; [r, c] names r rows of c numbers, so the stride of a row is c. Weights are
/// [outputs, inputs]. Operations whose name ends in `Gradient` receive the gradient of the loss by their operation's
/// result (`dy`) and produce those by its inputs: with `accumulating` they are added to what the buffer holds,
/// otherwise they replace it; what they are to be `addingTo` is always added to. Buffers that an operation writes must not
/// overlap those it reads, unless it says so. Operations are in order: each sees what all before it wrote.
public protocol Engine: AnyObject, Sendable {
    /// What `--engine` and the logs call it.
    var name: String { get }

    // MARK: Memory

    /// A buffer of `count` numbers of no particular value.
    func allocate(_ count: Int, for use: BufferUse) -> Buffer
    /// Copies all of `values` into `buffer`, which has as many.
    func write(_ values: [Float], to buffer: Buffer)
    /// All numbers of `buffer`.
    func read(_ buffer: Buffer) -> [Float]
    /// Sets every number of `buffer`.
    func fill(_ buffer: Buffer, with value: Float)
    /// target += source, of the same count.
    func add(_ source: Buffer, to target: Buffer)
    /// target = source, of the same count.
    func copy(_ source: Buffer, to target: Buffer)
    /// The numbers of `x` as products take them: `x` itself, or rounded ones that several products share.
    func factors(_ x: Buffer) -> Buffer

    // MARK: Layers

    /// y [rows, outputs] = x [rows, inputs] · weightᵀ [outputs, inputs] + bias [outputs], then `epilogue`.
    func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue)
    /// dx [rows, inputs] = dy [rows, outputs] · weight [outputs, inputs]; with `gelu` [rows, inputs], which holds the
    /// numbers that x is the GELU of, times GELU's derivative there: dx is then the gradient by those, and x itself
    /// takes their place.
    func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int,
        through gelu: Buffer?)
    /// dWeight [outputs, inputs] = dyᵀ [outputs, rows] · x [rows, inputs]; dBias [outputs] = the sum of dy's rows.
    func linearWeightGradient(
        _ dy: Buffer, x: Buffer, into dWeight: Buffer, and dBias: Buffer, accumulating: Bool, rows: Int,
        inputs: Int, outputs: Int)

    /// y = (x − mean) / √(variance + epsilon) · scale + shift over each row of x [rows, width];
    /// `statistics` [rows, 2] receives mean and 1/√(variance + epsilon).
    func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double)
    /// dx [rows, width] from dy, x and the statistics of `layerNorm`; dScale and dShift [width] are added to.
    func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int)

    /// y [rows, width] = softmax(scale · q kᵀ) v for each head of each sequence of `qkv` [rows, 3·width];
    /// `logSums` [heads, rows] receives log Σ exp of each row of scaled products.
    func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape)
    /// dQKV [rows, 3·width] from dy, and from the input and both results of `attention`.
    func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape)
    /// y [queryRows, width] = softmax(scale · q kᵀ) v for each head of each sequence, of q [queryRows, width] and
    /// `kv` [keyRows, 2·width]; `logSums` [heads, queryRows] as in `attention`.
    func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape)
    /// dQ and dKV from dy, and from the inputs and both results of `crossAttention`.
    func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape)

    // MARK: Rows

    /// Row r of y [index.count, width] = row index[r] of x, or `filler` [width] where index[r] is −1.
    func gather(_ x: Buffer, rows index: [Int32], filler: Buffer?, into y: Buffer, width: Int)
    /// The gradient of `gather`: row index[r] of dx [rows, width] = row r of dy, and rows that no index names are 0;
    /// an index names each row at most once. Rows of −1 are added to dFiller [width], if there is one.
    func gatherGradient(
        _ dy: Buffer, rows index: [Int32], into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int,
        width: Int)
    /// Row r of x [index.count, width] += row index[r] of table.
    func addRows(of table: Buffer, at index: [Int32], to x: Buffer, width: Int)
    /// Row s of y [segments.count, width] = the mean of the next segments[s] rows of x.
    func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int)
    /// Each of the next segments[s] rows of dx = row s of dy / segments[s].
    func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int)

    // MARK: Pictures

    /// Row r of y [index.count, grid.width] = patch index[r] % grid.count of frame index[r] / grid.count of
    /// `pixels` [frames, channels, height, width], its numbers in `order`.
    func patches(of pixels: Buffer, _ grid: PatchGrid, at index: [Int32], order: PatchOrder, into y: Buffer)
    /// Each row of x [rows, width] −= its mean, then /= √(variance + epsilon), the variance of width − 1 degrees of
    /// freedom, in place: the normalised targets of MAE.
    func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double)

    // MARK: Losses

    /// Σ weights[r] · mean of (prediction − target)² over row r of [rows, width]; with `gradient`, that of
    /// `scale` times the loss by the predictions, which replaces what it held.
    func squaredError(
        _ prediction: Buffer, target: Buffer, weights: [Float], width: Int, gradient: Buffer?, scale: Double
    ) -> Double
    /// The mean over all numbers of the cross-entropy between sigmoid(logits) and targets in 0 ... 1, both [rows, width];
    /// `gradient` and `scale` as in `squaredError`.
    ///
    /// - Parameter positiveWeights: how much a target of 1 counts in each column [width]; nil for 1
    func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, positiveWeights: [Float]?, gradient: Buffer?, scale: Double
    ) -> Double

    // MARK: Learning

    /// The sum of all squares.
    func sumOfSquares(_ x: Buffer) -> Double
    /// One step of AdamW (Loshchilov and Hutter 2019) with both moments, all of the same count, in place.
    func adamW(
        _ parameter: Buffer, gradient: Buffer, firstMoment: Buffer, secondMoment: Buffer,
        _ factors: AdamWFactors)
}

extension Engine {
    public func factors(_ x: Buffer) -> Buffer { x }

    /// A buffer for numbers of a step.
    public func allocate(_ count: Int) -> Buffer { allocate(count, for: .values) }
}
