// The seam between mathematics and machines: what a model needs computed, in operations that any engine can supply.

package import EchoCore

/// Memory that an engine owns: `count` numbers in the engine's own format and place.
///
/// Nothing above an engine looks inside; the memory goes back to its engine when the last reference goes.
open class Buffer: @unchecked Sendable {
    /// How many numbers it holds.
    package let count: Int

    package init(count: Int) { self.count = count }
}

/// What a buffer is for, by which an engine chooses its place and its format.
package enum BufferUse: Sendable {
    /// Numbers of a step.
    case values
    /// Numbers of a step that are mostly factors of products: an engine that rounds factors may hold them rounded.
    case factors
    /// Numbers that last from step to step, as weights do. They lie apart: among the others they would leave gaps that
    /// nothing large fits into.
    case weights
    /// A few numbers that many are summed into: losses, norms, counts of steps. They are as exact as the engine has
    /// numbers, and stay with it until `sums` asks for them.
    case sums
}

/// Numbers of rows, in the engine's own place: brought there once for all operations that go by them.
open class RowIndex: @unchecked Sendable {
    /// How many numbers it holds.
    package let count: Int

    package init(count: Int) { self.count = count }
}

/// Buffers that lie side by side in one: what is done to `whole` is done to all.
package struct Slab {
    package let whole: Buffer
    package let parts: [Buffer]

    package init(whole: Buffer, parts: [Buffer]) {
        self.whole = whole
        self.parts = parts
    }

    /// Parts of `counts` numbers, one after the other in `whole`; `part` is the buffer of a stretch of it.
    package init(whole: Buffer, counts: [Int], part: (Range<Int>) -> Buffer) {
        var start = 0
        self.init(
            whole: whole,
            parts: counts.map { count in
                defer { start += count }
                return part(start..<start + count)
            })
    }
}

/// What has been computed: floating-point operations in products, and the time of the wall clock in them.
package struct Work: Sendable {
    package var operations: Double, seconds: Double

    package init(operations: Double, seconds: Double) {
        self.operations = operations
        self.seconds = seconds
    }
}

/// What follows a linear layer while its result is still near the processor.
package enum Epilogue {
    /// y = x Wᵀ + b.
    case none
    /// y = x Wᵀ + b as well, and y Φ(y) goes into the buffer, of y's shape; Φ is the standard normal distribution
    /// (GELU, Hendrycks and Gimpel 2016).
    case gelu(into: Buffer)
    /// y = x Wᵀ + b + the buffer, of y's shape.
    case adding(Buffer)
}

/// A parameter that learns, with all that a step of AdamW changes of it; all buffers are of one count.
package struct Learned {
    package let value: Buffer, gradient: Buffer
    package let first: Buffer, second: Buffer
    /// Its learning rate and weight decay.
    package let rate: Double, weightDecay: Double

    package init(
        value: Buffer, gradient: Buffer, first: Buffer, second: Buffer, rate: Double, weightDecay: Double
    ) {
        self.value = value
        self.gradient = gradient
        self.first = first
        self.second = second
        self.rate = rate
        self.weightDecay = weightDecay
    }
}

/// The numbers of an AdamW step that are the same for every parameter.
package struct AdamWFactors: Sendable {
    package var beta1, beta2, epsilon: Double
    /// Gradients whose norm exceeds this are scaled down to it; nil never does.
    package var clip: Double?

    package init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, clip: Double? = nil) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.clip = clip
    }

    /// What gradients of that norm are multiplied by: as torch.nn.utils.clip_grad_norm_, which divides by the norm plus
    /// 1e-6.
    package func gradientScale(norm: Double) -> Double { clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1 }
}

/// How frames divide into patches: frames [channels, side·patch, side·patch], side·side patches each.
package struct PatchGrid: Sendable, Equatable {
    package let side: Int, patch: Int, channels: Int

    package init(side: Int, patch: Int, channels: Int) {
        self.side = side
        self.patch = patch
        self.channels = channels
    }

    /// Patches in a frame.
    package var count: Int { side * side }
    /// Numbers in a patch.
    package var width: Int { patch * patch * channels }
    /// Numbers in a frame.
    package var frame: Int { count * width }
}

/// The order of a patch's numbers: as the embedding's weight has them, or as predictions have them.
package enum PatchOrder: Sendable {
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
package struct AttentionShape: Sendable, Equatable {
    package let segments: [Int], heads: Int, headWidth: Int

    package init(segments: [Int], heads: Int, headWidth: Int) {
        precondition(segments.allSatisfy { $0 > 0 }, "a sequence has rows")
        self.segments = segments
        self.heads = heads
        self.headWidth = headWidth
    }

    package var rows: Int { segments.reduce(0, +) }
    package var width: Int { heads * headWidth }
    /// What products of queries and keys are multiplied by: 1/√headWidth.
    package var scale: Double { 1 / Double(headWidth).squareRoot() }
    /// The same attention, its keys told apart from its queries.
    package var asCross: CrossAttentionShape {
        CrossAttentionShape(queries: segments, keys: segments, heads: heads, headWidth: headWidth)
    }
}

/// The heads of an attention layer whose queries read the keys and values of another sequence.
///
/// Sequences are packed as in `AttentionShape`: the next `queries[s]` rows of the queries read the next `keys[s]` rows
/// of keys and values, at least one of each. A row of queries is `heads` × `headWidth` wide, a row of the others is
/// [key | value], each as wide.
package struct CrossAttentionShape: Sendable, Equatable {
    package let queries: [Int], keys: [Int], heads: Int, headWidth: Int

    package init(queries: [Int], keys: [Int], heads: Int, headWidth: Int) {
        precondition(queries.count == keys.count, "each sequence of queries reads one of keys")
        precondition((queries + keys).allSatisfy { $0 > 0 }, "a sequence has rows")
        self.queries = queries
        self.keys = keys
        self.heads = heads
        self.headWidth = headWidth
    }

    package var queryRows: Int { queries.reduce(0, +) }
    package var keyRows: Int { keys.reduce(0, +) }
    package var width: Int { heads * headWidth }
    /// What products of queries and keys are multiplied by: 1/√headWidth.
    package var scale: Double { 1 / Double(headWidth).squareRoot() }
}

/// A machine that computes.
///
/// All matrices are dense and row-major; [r, c] names r rows of c numbers, so the stride of a row is c. Weights are
/// [outputs, inputs]. Operations whose name ends in `Gradient` receive the gradient of the loss by their operation's
/// result (`dy`) and produce those by its inputs: with `accumulating` they are added to what the buffer holds,
/// otherwise they replace it; what they are to be `addingTo` is always added to. Buffers that an operation writes must not
/// overlap those it reads, unless it says so. Operations are in order: each sees what all before it wrote.
package protocol Engine: AnyObject, Sendable {
    /// What computes, in words, as "oneDNN BF16, OpenBLAS SkylakeX".
    var kernels: String { get }
    /// What a user should know before a long run, as a sentence; nil for nothing.
    var caution: String? { get }
    /// Bytes that buffers have taken so far, in use now or not; nil where that is not counted.
    var memory: Int? { get }
    /// Bytes that buffers may still take on a device that has memory of its own; nil where it is the machine's.
    var freeMemory: Int? { get }
    /// What has been computed so far; nil where that is not counted. Only differences mean something.
    var work: Work? { get }
    /// Whether `change` may be called on another thread while operations on other buffers go on.
    var changesBesideWork: Bool { get }
    /// Numbers of the largest hidden layer that is worth keeping for the way back; a larger one is computed again.
    var largestKept: Int { get }

    // MARK: Memory

    /// A buffer of `count` numbers of no particular value.
    func allocate(_ count: Int, for use: BufferUse) -> Buffer
    /// Buffers of so many numbers each, side by side.
    func slab(_ counts: [Int], for use: BufferUse) -> Slab
    /// Numbers of rows, or −1 where an operation says what that means.
    func rows(_ numbers: [Int32]) -> RowIndex
    /// Copies all of `values` into `buffer`, which has as many.
    func write(_ values: [Float], to buffer: Buffer)
    /// Memory of the host for so many pixels on their way here. Any thread may ask for it.
    func staging(_ count: Int) -> HostPixels
    /// All numbers of `buffer`.
    func read(_ buffer: Buffer) -> [Float]
    /// All numbers of a buffer for sums, once what was asked of the engine before is done.
    func sums(_ buffer: Buffer) -> [Double]
    /// Sends all numbers of some buffers for sums to the host, as they are once what was asked before is done. Who calls what
    /// it returns has them, one buffer after the other, and waits for nothing that was asked of the engine since.
    func sending(_ sums: [Buffer]) -> () -> [Double]
    /// Lets `body` change all numbers of `buffer`, in F32 in the program's memory.
    func change(
        _ buffer: Buffer, _ body: (inout MutableSpan<Float>) throws(EchoError) -> Void
    ) throws(EchoError)
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
    /// `statistics` [rows, 2] receives what the way back needs of mean and variance, in the engine's own form.
    func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double)
    /// dx [rows, width] from dy, x and the statistics of `layerNorm`; dScale and dShift [width] are added to.
    func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int)

    /// y [rows, width] = softmax(scale · q kᵀ) v for each head of each sequence of `qkv` [rows, 3·width];
    /// `logSums` [heads, rows] receives what the way back needs of log Σ exp of each row of scaled products, in the
    /// engine's own form.
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
    func gather(_ x: Buffer, rows index: RowIndex, filler: Buffer?, into y: Buffer, width: Int)
    /// The gradient of `gather`: row index[r] of dx [rows, width] = row r of dy, and rows that no index names are 0;
    /// an index names each row at most once. Rows of −1 are added to dFiller [width], if there is one.
    func gatherGradient(
        _ dy: Buffer, rows index: RowIndex, into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int,
        width: Int)
    /// Row r of x [index.count, width] += row index[r] of table.
    func addRows(of table: Buffer, at index: RowIndex, to x: Buffer, width: Int)
    /// Row s of y [segments.count, width] = the mean of the next segments[s] rows of x.
    func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int)
    /// Each of the next segments[s] rows of dx = row s of dy / segments[s].
    func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int)

    // MARK: Pictures

    /// y [Σ frames, channels, image, image] = what the clips see of `pixels`, one after the other: cropped, turned, resized and
    /// normalised as `ClipSamples` says.
    func resample(_ clips: [ClipSamples], of pixels: HostPixels, into y: Buffer, image: Int)
    /// Row r of y [index.count, grid.width] = patch index[r] % grid.count of frame index[r] / grid.count of
    /// `pixels` [frames, channels, height, width], its numbers in `order`.
    func patches(of pixels: Buffer, _ grid: PatchGrid, at index: RowIndex, order: PatchOrder, into y: Buffer)
    /// Each row of x [rows, width] −= its mean, then /= √(variance + epsilon), the variance of width − 1 degrees of
    /// freedom, in place: the normalised targets of MAE.
    func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double)

    // MARK: Losses

    /// `scale` · Σ weights[r] · mean of (prediction − target)² over row r of [rows, width] is added to `loss`, a number
    /// for sums; with `gradient`, that of it by the predictions, which replaces what it held. A row of weight 0 counts
    /// for nothing, whatever it holds.
    func squaredError(
        _ prediction: Buffer, target: Buffer, weights: Buffer, width: Int, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer)
    /// `scale` · Σ weights · cross-entropy between sigmoid(logits) and targets in 0 ... 1, all of one count, is added to
    /// `loss`, a number for sums; `gradient` as in `squaredError`. A logit of weight 0 counts for nothing.
    func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, weights: Buffer, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer)

    // MARK: Ranks

    /// Each number of a buffer, which is for sums or not, becomes its sum over all ranks; they call this in the same order.
    func sum(_ buffer: Buffer, areSums: Bool, over ranks: any Ranks) throws(EchoError)

    // MARK: Learning

    /// `norm`, a number for sums, = the root of the sum of all squares of all buffers.
    func norm(of buffers: [Buffer], into norm: Buffer)
    /// One step of AdamW (Loshchilov and Hutter 2019) of all parameters in place.
    ///
    /// Nothing changes if a number of `sound`, for sums, is not finite. The first of them is the norm of all gradients,
    /// by which they are clipped, in place or not; `steps`, a number for sums, counts the steps that were taken, this one
    /// included.
    func adamW(_ parameters: [Learned], _ factors: AdamWFactors, sound: [Buffer], steps: Buffer)
    /// Each target += share · (source − target), of the same counts: an average of weights takes them in.
    func blend(_ sources: [Buffer], into targets: [Buffer], share: Double)
}

extension Engine {
    package var caution: String? { nil }
    package var memory: Int? { nil }
    package var freeMemory: Int? { nil }
    package var work: Work? { nil }
    package var largestKept: Int { .max }
    package var changesBesideWork: Bool { false }

    package func factors(_ x: Buffer) -> Buffer { x }

    package func sending(_ buffers: [Buffer]) -> () -> [Double] {
        let numbers = buffers.flatMap(sums)
        return { numbers }
    }

    package func sum(_ buffer: Buffer, areSums: Bool, over ranks: any Ranks) throws(EchoError) {
        try sumByHost(buffer, areSums: areSums, over: ranks)
    }

    /// `sum` by way of the host's memory.
    package func sumByHost(_ buffer: Buffer, areSums: Bool, over ranks: any Ranks) throws(EchoError) {
        if areSums {
            write(try ranks.sum(sums(buffer)).map { Float($0) }, to: buffer)
        } else {
            try change(buffer) { numbers throws(EchoError) in try ranks.sum(&numbers) }
        }
    }

    package func change(
        _ buffer: Buffer, _ body: (inout MutableSpan<Float>) throws(EchoError) -> Void
    ) throws(EchoError) {
        var values = read(buffer)
        var span = values.mutableSpan
        try body(&span)
        write(values, to: buffer)
    }

    /// A buffer for numbers of a step.
    package func allocate(_ count: Int) -> Buffer { allocate(count, for: .values) }
}
