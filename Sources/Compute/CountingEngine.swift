// An engine that computes nothing and counts everything: what a step would take of memory and of work.

/// Counts the bytes that buffers take at the same time, and the operations of products.
///
/// A number of a step takes four bytes, a factor of BF16 products two, and weights have a rounded copy once a product
/// has used them, as on the other engines. What an engine loses between its blocks is not counted.
public final class CountingEngine: Engine, @unchecked Sendable {
    private let precision: Precision
    public let largestKept: Int
    /// Of a step's numbers, and of those that last, which lie apart.
    private var passing = Account(), lasting = Account()
    private var operations = 0.0

    /// - Parameter largestKept: of the engine that would compute
    public init(_ precision: Precision = .f32, largestKept: Int = .max) {
        self.precision = precision
        self.largestKept = largestKept
    }

    public var kernels: String { "none" }
    /// The most that was held at the same time.
    public var memory: Int? { passing.most + lasting.most }
    public var work: Work? { Work(operations: operations, seconds: 0) }

    private struct Account {
        private var held = 0
        private(set) var most = 0

        mutating func hold(_ bytes: Int) {
            held += bytes
            most = max(most, held)
        }
    }

    /// No numbers, and how many bytes they would take.
    private final class Room: Buffer, @unchecked Sendable {
        let bytes: Int
        private let account: ReferenceWritableKeyPath<CountingEngine, Account>
        private let engine: CountingEngine
        private var rounded = 0

        init(
            count: Int, bytes: Int, in account: ReferenceWritableKeyPath<CountingEngine, Account>,
            of engine: CountingEngine
        ) {
            self.bytes = bytes
            self.account = account
            self.engine = engine
            super.init(count: count)
            engine[keyPath: account].hold(bytes)
        }

        /// A copy in BF16 lasts from now on.
        func round() {
            guard rounded == 0 else { return }
            rounded = 2 * count
            engine[keyPath: account].hold(rounded)
        }

        deinit { engine[keyPath: account].hold(-bytes - rounded) }
    }

    /// A product of [rows, depth] and [depth, columns].
    private func multiply(_ rows: Int, _ depth: Int, _ columns: Int, weight: Buffer? = nil) {
        operations += 2 * Double(rows) * Double(depth) * Double(columns)
        if precision == .bf16 { (weight as? Room)?.round() }
    }

    // MARK: Memory

    public func allocate(_ count: Int, for use: BufferUse) -> Buffer {
        Room(
            count: count, bytes: count * (use == .factors && precision == .bf16 ? 2 : 4),
            in: use == .weights ? \.lasting : \.passing, of: self)
    }
    public func slab(_ counts: [Int], for use: BufferUse) -> Slab {
        Slab(
            whole: Room(count: counts.reduce(0, +), bytes: 0, in: \.passing, of: self),
            parts: counts.map { allocate($0, for: use) })
    }
    public func rows(_ numbers: [Int32]) -> RowIndex { HostRows(numbers) }
    public func write(_ values: [Float], to buffer: Buffer) {}
    public func staging(_ count: Int, _ format: HostFormat) -> HostBuffer {
        HostArray(count: 0, format: format)
    }
    public func upload(_ source: HostBuffer, into target: Buffer) {}
    public func scaleChannels(_ x: Buffer, plane: Int, scale: [Float], shift: [Float]) {}
    public func read(_ buffer: Buffer) -> [Float] { [Float](repeating: 0, count: buffer.count) }
    public func sums(_ buffer: Buffer) -> [Double] { [Double](repeating: 0, count: buffer.count) }
    public func fill(_ buffer: Buffer, with value: Float) {}
    public func add(_ source: Buffer, to target: Buffer) {}
    public func copy(_ source: Buffer, to target: Buffer) {}
    public func factors(_ x: Buffer) -> Buffer {
        guard precision == .bf16, let room = x as? Room, room.bytes > 2 * x.count else { return x }
        return allocate(x.count, for: .factors)
    }

    // MARK: Layers

    public func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) { multiply(rows, inputs, outputs, weight: weight) }
    public func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int, through gelu: Buffer?
    ) { multiply(rows, outputs, inputs, weight: weight) }
    public func linearWeightGradient(
        _ dy: Buffer, x: Buffer, into dWeight: Buffer, and dBias: Buffer, accumulating: Bool, rows: Int,
        inputs: Int, outputs: Int
    ) { multiply(outputs, rows, inputs) }
    public func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {}
    public func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {}

    /// - Parameter products: of queries, keys and values: two on the way out, five on the way back
    private func attend(_ shape: CrossAttentionShape, products: Int) {
        for (queries, keys) in zip(shape.queries, shape.keys) {
            for _ in 0..<products { multiply(queries, keys, shape.width) }
        }
    }
    public func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        attend(shape.asCross, products: 2)
    }
    public func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) { attend(shape.asCross, products: 5) }
    public func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) { attend(shape, products: 2) }
    public func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) { attend(shape, products: 5) }

    // MARK: Rows, pictures, losses and learning

    public func gather(_ x: Buffer, rows index: RowIndex, filler: Buffer?, into y: Buffer, width: Int) {}
    public func gatherGradient(
        _ dy: Buffer, rows index: RowIndex, into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int, width: Int
    ) {}
    public func addRows(of table: Buffer, at index: RowIndex, to x: Buffer, width: Int) {}
    public func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {}
    public func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) {}
    public func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: RowIndex, order: PatchOrder, into y: Buffer
    ) {}
    public func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {}
    public func squaredError(
        _ prediction: Buffer, target: Buffer, weights: Buffer, width: Int, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {}
    public func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, weights: Buffer, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {}
    public func norm(of buffers: [Buffer], into norm: Buffer) {}
    public func adamW(_ parameters: [Learned], _ factors: AdamWFactors, sound: [Buffer], steps: Buffer) {}
    public func blend(_ sources: [Buffer], into targets: [Buffer], share: Double) {}
}
