// The engine that needs nothing but processors: OpenBLAS for products, our own kernels for the rest.

private import CKernels
private import COpenBLAS
public import EchoCore
import Foundation

/// What the products of linear layers are made of.
public enum Precision: String, Codable, Sendable, CaseIterable {
    case f32
    /// Factors in BF16, sums in F32. Weights, norms, softmax, attention, losses and the optimiser stay in F32.
    case bf16
}

/// F32 on the processor's cores, and BF16 for products if asked for.
///
/// An operation is cut into tiles of rows, or of columns where it sums over rows, that threads take as they come. How
/// it is cut depends on its shape only and no tile adds to another's result, so the numbers do not depend on the
/// number of threads.
public final class CPUEngine: Engine, Sendable {
    public let precision: Precision
    private let threads: Int
    let library: Int32
    private let pool = MemoryPool(), lastingPool = MemoryPool()

    /// - Parameters:
    ///   - threads: how many threads compute at once
    ///   - precision: of the products of linear layers
    public init(threads: Int = availableProcessors(), precision: Precision = .f32) {
        self.threads = max(1, threads)
        self.precision = precision
        // OpenBLAS, unless it leaves half of the processor idle.
        library = Int32(CPUEngine.oneDNN && ck_openblas_is_narrow() != 0 ? CK_ONEDNN : CK_OPENBLAS)
    }

    /// Whether oneDNN is installed; it is loaded once.
    private static let oneDNN = ck_load_onednn() != 0

    public var name: String { "cpu" }

    /// Whether products in BF16 are faster than in F32: oneDNN is installed and the processor has instructions for
    /// them. Otherwise they are imitated.
    public static var multipliesBF16: Bool { oneDNN && ck_has_bf16() != 0 }

    /// What multiplies, as "OpenBLAS SkylakeX".
    public var productKernels: String {
        let f32 = library == CK_ONEDNN ? "oneDNN" : "OpenBLAS \(String(cString: blas_kernels()))"
        guard precision == .bf16 else { return f32 }
        return (CPUEngine.multipliesBF16 ? "oneDNN BF16" : "imitated BF16") + ", \(f32)"
    }

    /// Floating-point operations in products since the process began, and the seconds spent in them by all threads.
    public static var products: (operations: Double, seconds: Double) {
        let count = ck_products_so_far()
        return (Double(count.operations), Double(count.nanoseconds) / 1e9)
    }

    // MARK: Memory

    typealias Floats = UnsafeMutablePointer<Float>

    private func storage(_ buffer: Buffer) -> Storage {
        guard let storage = buffer as? Storage else { preconditionFailure("a buffer of another engine") }
        return storage
    }

    func floats(_ buffer: Buffer, _ count: Int) -> Floats {
        let storage = storage(buffer)
        precondition(buffer.count == count, "a buffer of \(buffer.count) numbers where \(count) are meant")
        return storage.block.start
    }

    func floats(_ buffer: Buffer) -> Floats { floats(buffer, buffer.count) }

    /// The place of a buffer that keeps its numbers in BF16 too, which are now to be written.
    func weight(_ buffer: Buffer) -> Floats {
        storage(buffer).forgetRounded()
        return floats(buffer)
    }

    public func allocate(_ count: Int, lasting: Bool) -> Buffer {
        Storage(count: count, pool: lasting ? lastingPool : pool)
    }

    public func write(_ values: [Float], to buffer: Buffer) {
        precondition(values.count == buffer.count, "values fill their buffer")
        let target = weight(buffer)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { target.update(from: base, count: source.count) }
        }
    }

    public func read(_ buffer: Buffer) -> [Float] {
        [Float](UnsafeBufferPointer(start: floats(buffer), count: buffer.count))
    }

    public func fill(_ buffer: Buffer, with value: Float) {
        weight(buffer).update(repeating: value, count: buffer.count)
    }

    public func add(_ source: Buffer, to target: Buffer) {
        let (x, y) = (floats(source, target.count), weight(target))
        inTiles(of: target.count, by: elements) { part in
            ck_add(x + part.lowerBound, y + part.lowerBound, part.count)
        }
    }

    public func copy(_ source: Buffer, to target: Buffer) {
        weight(target).update(from: floats(source, target.count), count: target.count)
    }

    /// Bytes that buffers have taken so far, in use now or not.
    public var memory: Int { pool.reached + lastingPool.reached }

    // MARK: BF16

    typealias Halves = UnsafeMutablePointer<UInt16>

    /// Memory for so many numbers in BF16, which lie two in the place of a float.
    func halves(_ count: Int) -> (buffer: Buffer, start: Halves) {
        let buffer = allocate((count + 1) / 2)
        return (buffer, UnsafeMutableRawPointer(floats(buffer)).assumingMemoryBound(to: UInt16.self))
    }

    func round(_ source: Floats, _ count: Int, into target: Halves) {
        inTiles(of: count, by: elements) { part in
            ck_to_bf16(source + part.lowerBound, target + part.lowerBound, 1, part.count, part.count)
        }
    }

    /// A weight in BF16, rounded once for all uses until `write`, `fill`, `copy`, `add` or `adamW` changes it.
    func roundedWeight(_ buffer: Buffer, _ count: Int) -> Halves {
        let storage = storage(buffer)
        let held = storage.rounded ?? storage.pool.take((count + 1) / 2)
        let halves = UnsafeMutableRawPointer(held.start).assumingMemoryBound(to: UInt16.self)
        if storage.rounded == nil { round(floats(buffer, count), count, into: halves) }
        storage.rounded = held
        return halves
    }

    // MARK: Tiles

    /// A tile of an operation over single numbers.
    let elements = 1 << 16

    /// Calls `body` with consecutive ranges of at most `size`, on all threads.
    func inTiles(of count: Int, by size: Int, _ body: (Range<Int>) -> Void) {
        let tiles = (count + size - 1) / size
        withoutActuallyEscaping(body) { body in
            nonisolated(unsafe) let body = body
            parallelFor(tiles, workers: threads) { tile in body(tile * size..<min(count, (tile + 1) * size)) }
        }
    }

    /// Rows of a tile of an operation that takes about `cost` steps a row: eight tiles, if they are worth it.
    func tile(rows: Int, cost: Int, atMost most: Int) -> Int {
        let worthwhile = max(1, (1 << 18) / max(1, cost))
        let eighth = (rows + 7) / 8
        return max(1, min(max(eighth, worthwhile), max(most, worthwhile)))
    }
}

/// Memory of the pool's, and where it goes back to.
private final class Storage: Buffer, @unchecked Sendable {
    let block: MemoryPool.Block
    /// The numbers in BF16, if they have been asked for since they were last written.
    var rounded: MemoryPool.Block?
    let pool: MemoryPool

    init(count: Int, pool: MemoryPool) {
        block = pool.take(count)
        self.pool = pool
        super.init(count: count)
    }

    func forgetRounded() {
        if let rounded { pool.giveBack(rounded) }
        rounded = nil
    }

    deinit {
        forgetRounded()
        pool.giveBack(block)
    }
}
