// An engine that computes nothing and counts everything: what a step would take of memory and of work.

/// Counts the bytes that buffers take at the same time, and the operations of products.
///
/// A number of a step takes four bytes, a factor of BF16 products two, and weights have a rounded copy once a product
/// has used them, as on the other engines. What an engine loses between its blocks is not counted.
package final class CountingEngine: Engine, @unchecked Sendable {
    private let precision: Precision
    package let largestKept: Int
    /// Of a step's numbers, and of those that last, which lie apart.
    private var passing = Account(), lasting = Account()
    private var operations = 0.0

    /// - Parameter largestKept: of the engine that would compute
    package init(_ precision: Precision = .f32, largestKept: Int = .max) {
        self.precision = precision
        self.largestKept = largestKept
    }

    package var kernels: String { "none" }
    /// The most that was held at the same time.
    package var memory: Int? { passing.most + lasting.most }
    package var work: Work? { Work(operations: operations, seconds: 0) }

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

    package func allocate(_ count: Int, for use: BufferUse) -> Buffer {
        Room(
            count: count, bytes: count * (use == .factors && precision == .bf16 ? 2 : 4),
            in: use == .weights ? \.lasting : \.passing, of: self)
    }
    package func slab(_ counts: [Int], for use: BufferUse) -> Slab {
        Slab(
            whole: Room(count: counts.reduce(0, +), bytes: 0, in: \.passing, of: self),
            parts: counts.map { allocate($0, for: use) })
    }
    package func rows(_ numbers: [Int32]) -> RowIndex { HostRows(numbers) }
    package func write(_ values: [Float], to buffer: Buffer) {}
    package func staging(_ count: Int, _ format: HostFormat) -> HostBuffer {
        HostArray(count: 0, format: format)
    }
    package func upload(_ source: HostBuffer, into target: Buffer) {}
    package func scaleChannels(_ x: Buffer, plane: Int, scale: [Float], shift: [Float]) {}
    package func read(_ buffer: Buffer) -> [Float] { [Float](repeating: 0, count: buffer.count) }
    package func sums(_ buffer: Buffer) -> [Double] { [Double](repeating: 0, count: buffer.count) }
    package func fill(_ buffer: Buffer, with value: Float) {}
    package func add(_ source: Buffer, to target: Buffer) {}
    package func copy(_ source: Buffer, to target: Buffer) {}
    package func factors(_ x: Buffer) -> Buffer {
        guard precision == .bf16, let room = x as? Room, room.bytes > 2 * x.count else { return x }
        return allocate(x.count, for: .factors)
    }

    // MARK: Layers

    package func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) { multiply(rows, inputs, outputs, weight: weight) }
    package func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int, through gelu: Buffer?
    ) { multiply(rows, outputs, inputs, weight: weight) }
    package func linearWeightGradient(
        _ dy: Buffer, x: Buffer, into dWeight: Buffer, and dBias: Buffer, accumulating: Bool, rows: Int,
        inputs: Int, outputs: Int
    ) { multiply(outputs, rows, inputs) }
    package func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {}
    package func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {}

    /// - Parameter products: of queries, keys and values: two on the way out, five on the way back
    private func attend(_ shape: CrossAttentionShape, products: Int) {
        for (queries, keys) in zip(shape.queries, shape.keys) {
            for _ in 0..<products { multiply(queries, keys, shape.width) }
        }
    }
    package func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        attend(shape.asCross, products: 2)
    }
    package func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) { attend(shape.asCross, products: 5) }
    package func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) { attend(shape, products: 2) }
    package func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) { attend(shape, products: 5) }

    // MARK: Rows, pictures, losses and learning

    package func gather(_ x: Buffer, rows index: RowIndex, filler: Buffer?, into y: Buffer, width: Int) {}
    package func gatherGradient(
        _ dy: Buffer, rows index: RowIndex, into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int, width: Int
    ) {}
    package func addRows(of table: Buffer, at index: RowIndex, to x: Buffer, width: Int) {}
    package func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {}
    package func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) {}
    package func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: RowIndex, order: PatchOrder, into y: Buffer
    ) {}
    package func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {}
    package func squaredError(
        _ prediction: Buffer, target: Buffer, weights: Buffer, width: Int, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {}
    package func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, weights: Buffer, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {}
    package func norm(of buffers: [Buffer], into norm: Buffer) {}
    package func adamW(_ parameters: [Learned], _ factors: AdamWFactors, sound: [Buffer], steps: Buffer) {}
    package func blend(_ sources: [Buffer], into targets: [Buffer], share: Double) {}
}
