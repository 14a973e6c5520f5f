// An engine that computes nothing and counts everything: what a step would take of memory and of work.

/// Counts the bytes that buffers take at the same time, the operations of products, and the bytes that all other operations
/// read and write.
///
/// A number of a step takes four bytes, a factor of BF16 products two, and weights have a rounded copy once a product
/// has used them, as on the other engines. What an engine loses between its blocks is not counted.
package final class CountingEngine: Engine, @unchecked Sendable {
    private let precision: Precision
    package let largestKept: Int
    /// Of a step's numbers, and of those that last, which lie apart.
    private var passing = Account(), lasting = Account()
    private var operations = 0.0
    /// Bytes that operations beside products have read and written, those that follow a product included.
    package private(set) var traffic = 0.0

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

    /// Numbers that an operation reads or writes, once each; of weights four bytes, of factors in BF16 two.
    private func touch(_ buffers: Buffer?...) {
        for case let room as Room in buffers { traffic += Double(max(room.bytes, 2 * room.count)) }
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
    package func staging(_ count: Int) -> HostPixels { HostArray(count: 0) }
    package func resample(_ clips: [ClipSamples], of pixels: HostPixels, into y: Buffer, image: Int) {
        touch(y)
    }
    package func read(_ buffer: Buffer) -> [Float] { [Float](repeating: 0, count: buffer.count) }
    package func sums(_ buffer: Buffer) -> [Double] { [Double](repeating: 0, count: buffer.count) }
    package func fill(_ buffer: Buffer, with value: Float) { touch(buffer) }
    package func add(_ source: Buffer, to target: Buffer) { touch(source, target, target) }
    package func copy(_ source: Buffer, to target: Buffer) { touch(source, target) }
    package func factors(_ x: Buffer) -> Buffer {
        guard precision == .bf16, let room = x as? Room, room.bytes > 2 * x.count else { return x }
        let y = allocate(x.count, for: .factors)
        touch(x, y)
        return y
    }

    // MARK: Layers

    package func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) {
        multiply(rows, inputs, outputs, weight: weight)
        switch epilogue {
        case .none: break
        case .gelu(let activated): touch(y, activated)
        case .adding(let residual): touch(y, residual)
        }
    }
    package func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int, through gelu: Buffer?
    ) {
        multiply(rows, outputs, inputs, weight: weight)
        if let gelu { touch(dx, dx, gelu, gelu) }
    }
    package func linearWeightGradient(
        _ dy: Buffer, x: Buffer, into dWeight: Buffer, and dBias: Buffer, accumulating: Bool, rows: Int,
        inputs: Int, outputs: Int
    ) {
        multiply(outputs, rows, inputs)
        touch(dy)
    }
    package func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) { touch(x, y) }
    package func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) { touch(dy, x, dx, accumulating ? dx : nil) }

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
    ) {
        attend(shape.asCross, products: 5)
        touch(dy, y, dQKV)
    }
    package func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) { attend(shape, products: 2) }
    package func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) {
        attend(shape, products: 5)
        touch(dy, y, dQ, dKV)
    }

    // MARK: Rows, pictures, losses and learning

    package func gather(_ x: Buffer, rows index: RowIndex, filler: Buffer?, into y: Buffer, width: Int) {
        touch(y, y)
    }
    package func gatherGradient(
        _ dy: Buffer, rows index: RowIndex, into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int, width: Int
    ) { touch(dx, dy, dy) }
    package func addRows(of table: Buffer, at index: RowIndex, to x: Buffer, width: Int) { touch(x, x, x) }
    package func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) { touch(x, y) }
    package func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) { touch(dy, dx, accumulating ? dx : nil) }
    package func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: RowIndex, order: PatchOrder, into y: Buffer
    ) { touch(y, y) }
    package func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) { touch(x, x, x) }
    package func squaredError(
        _ prediction: Buffer, target: Buffer, weights: Buffer, width: Int, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) { touch(prediction, target, gradient) }
    package func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, weights: Buffer, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) { touch(logits, target, gradient) }
    package func norm(of buffers: [Buffer], into norm: Buffer) { for buffer in buffers { touch(buffer) } }
    package func adamW(_ parameters: [Learned], _ factors: AdamWFactors, sound: [Buffer], steps: Buffer) {
        for p in parameters { touch(p.gradient, p.value, p.value, p.first, p.first, p.second, p.second) }
    }
    package func blend(_ sources: [Buffer], into targets: [Buffer], share: Double) {
        for (source, target) in zip(sources, targets) { touch(source, target, target) }
    }
}
