// The engine that needs nothing but processors: OpenBLAS for products, our own kernels for the rest.

package import Compute
package import EchoCore
import Synchronization

/// What multiplies matrices of F32.
package enum ProductLibrary: Sendable, CaseIterable {
    /// Always there.
    case openBLAS
    /// Where it is installed.
    case oneDNN

    package static var installed: [ProductLibrary] { oneDNNIsInstalled ? allCases : [.openBLAS] }

    /// oneDNN is the faster by 5 to 15 % where both use AVX-512, on processors of Intel's and of AMD's.
    static var fastest: ProductLibrary { oneDNNIsInstalled && Kernels.hasAVX512 ? .oneDNN : .openBLAS }

    /// Whether oneDNN is installed; it is loaded once.
    fileprivate static let oneDNNIsInstalled = Kernels.loadOneDNN()
}

/// F32 on the processor's cores, and BF16 for products if asked for.
///
/// An operation is cut into tiles of rows, or of columns where it sums over rows, that threads take as they come. How
/// it is cut depends on its shape only and no tile adds to another's result, so the numbers do not depend on the
/// number of threads.
package final class CPUEngine: Engine, Sendable {
    package let precision: Precision
    private let threads: Int
    private let crew: ThreadCrew
    let library: ProductLibrary
    private let pool = MemoryPool(), lastingPool = MemoryPool()

    /// - Parameters:
    ///   - threads: how many threads compute at once
    ///   - precision: of the products of linear layers
    package convenience init(threads: Int = availableProcessors(), precision: Precision = .f32) {
        self.init(threads: threads, precision: precision, products: .fastest)
    }

    package init(threads: Int, precision: Precision = .f32, products: ProductLibrary) {
        self.threads = max(1, threads)
        crew = ThreadCrew(threads: self.threads)
        self.precision = precision
        library = products
    }

    /// Whether products in BF16 are faster than in F32: oneDNN is installed and the processor has instructions for
    /// them. Otherwise they are imitated.
    static var multipliesBF16: Bool { ProductLibrary.oneDNNIsInstalled && Kernels.hasBF16 }

    package var kernels: String {
        let f32 = library == .oneDNN ? "oneDNN" : "OpenBLAS \(Kernels.openBLAS)"
        guard precision == .bf16 else { return f32 }
        return (CPUEngine.multipliesBF16 ? "oneDNN BF16" : "imitated BF16") + ", \(f32)"
    }

    package var caution: String? {
        precision == .bf16 && !CPUEngine.multipliesBF16
            ? "--precision bf16 is slower than f32 here: it needs libdnnl2 and a processor with AVX-512-BF16"
            : nil
    }

    /// Of all engines of the process together.
    package var work: Work? {
        let (operations, seconds) = Kernels.products
        return Work(operations: operations, seconds: seconds / Double(threads))
    }

    /// 32 MiB in F32. A larger layer belongs to many tokens of a narrow model, or to fine-tuning, where memory is what
    /// runs out first.
    package var largestKept: Int { 8 << 20 }

    package var changesBesideWork: Bool { true }

    // MARK: Memory

    private func storage(_ buffer: Buffer) -> Storage {
        guard let storage = buffer as? Storage else { preconditionFailure("a buffer of another engine") }
        return storage
    }

    /// The numbers of a buffer, in either format.
    func numbers(_ buffer: Buffer, _ count: Int) -> Numbers {
        precondition(buffer.count == count, "a buffer of \(buffer.count) numbers where \(count) are meant")
        return storage(buffer).numbers
    }

    func numbers(_ buffer: Buffer) -> Numbers { storage(buffer).numbers }

    /// Whether a buffer's numbers are in BF16.
    func isRounded(_ buffer: Buffer) -> Bool { storage(buffer).isRounded }

    /// The place of a buffer that keeps its numbers in BF16 too, which are now to be written.
    func weight(_ buffer: Buffer) -> Numbers {
        storage(buffer).rounded = nil
        return numbers(buffer)
    }

    package func allocate(_ count: Int, for use: BufferUse) -> Buffer {
        if use == .sums { return Sums(count: count) }
        return storage(count, for: use)
    }

    package func slab(_ counts: [Int], for use: BufferUse) -> Slab {
        let whole = storage(counts.reduce(0, +), for: use)
        return Slab(whole: whole, counts: counts) { Storage(part: $0, of: whole) }
    }

    private func storage(_ count: Int, for use: BufferUse) -> Storage {
        Storage(
            count: count, isRounded: use == .factors && precision == .bf16,
            pool: use == .weights ? lastingPool : pool)
    }

    package func rows(_ numbers: [Int32]) -> RowIndex { HostRows(numbers) }

    package func write(_ values: [Float], to buffer: Buffer) {
        if let sums = buffer as? Sums {
            precondition(values.count == sums.count, "numbers fill their place")
            sums.values = values.map { Double($0) }
        } else {
            weight(buffer).write(values)
        }
    }

    package func staging(_ count: Int) -> HostPixels { HostArray(count: count) }

    package func read(_ buffer: Buffer) -> [Float] { numbers(buffer).array }

    package func change(
        _ buffer: Buffer, _ body: (inout MutableSpan<Float>) throws(EchoError) -> Void
    ) throws(EchoError) {
        try weight(buffer).change(body)
    }

    package func sums(_ buffer: Buffer) -> [Double] { storage(ofSums: buffer).values }

    func storage(ofSums buffer: Buffer) -> Sums {
        guard let sums = buffer as? Sums else { preconditionFailure("numbers where sums are meant") }
        return sums
    }

    package func fill(_ buffer: Buffer, with value: Float) {
        if let sums = buffer as? Sums {
            sums.values = Array(repeating: Double(value), count: sums.count)
            return
        }
        let target = weight(buffer)
        inTiles(of: buffer.count, by: elements) { part in target[part].fill(with: value) }
    }

    package func add(_ source: Buffer, to target: Buffer) {
        let (x, y) = (numbers(source, target.count), weight(target))
        inTiles(of: target.count, by: elements) { part in Kernels.add(x[part], to: y[part]) }
    }

    package func copy(_ source: Buffer, to target: Buffer) { weight(target).copy(numbers(source)) }

    package var memory: Int? { pool.reached + lastingPool.reached }

    // MARK: BF16

    package func factors(_ x: Buffer) -> Buffer {
        guard precision == .bf16, !isRounded(x) else { return x }
        let y = allocate(x.count, for: .factors)
        convert(x, to: y)
        return y
    }

    private func convert(_ x: Buffer, to y: Buffer) {
        let (source, target) = (numbers(x, y.count), numbers(y))
        inTiles(of: y.count, by: elements) { part in Kernels.convert(source[part], to: target[part]) }
    }

    /// A weight in BF16, rounded once for all uses; `adamW` keeps it up to date, and it is rounded anew after `write`,
    /// `fill`, `copy` and `add`.
    func roundedWeight(_ buffer: Buffer, _ count: Int) -> Numbers {
        let storage = storage(buffer)
        if let held = storage.rounded { return numbers(held, count) }
        let held = Storage(count: count, isRounded: true, pool: storage.pool)
        convert(buffer, to: held)
        storage.rounded = held
        return held.numbers
    }

    /// The numbers of a weight in BF16, if there are any, to be written with the weight.
    func rounded(_ buffer: Buffer) -> Numbers? { storage(buffer).rounded?.numbers }

    // MARK: Tiles

    /// A tile of an operation over single numbers.
    let elements = 1 << 16
    /// Columns of a tile of an operation that goes down the columns.
    let columns = 64

    /// Rows of a tile of an operation that moves rows of so many numbers.
    func tile(ofRows width: Int) -> Int { max(1, elements / width) }

    /// The sum of what `body` makes of consecutive ranges, added in their order.
    func sum(of count: Int, by size: Int, _ body: (Range<Int>) -> Double) -> Double {
        let sums = Mutex([Double](repeating: 0, count: (count + size - 1) / size))
        inTiles(of: count, by: size) { part in
            let sum = body(part)
            sums.withLock { $0[part.lowerBound / size] = sum }
        }
        return sums.withLock { $0.reduce(0, +) }
    }

    /// Calls `body` with consecutive ranges of at most `size`, on all threads.
    func inTiles(of count: Int, by size: Int, _ body: (Range<Int>) -> Void) {
        let tiles = (count + size - 1) / size
        crew.run(tiles) { tile in body(tile * size..<min(count, (tile + 1) * size)) }
    }

    /// Rows of a tile of an operation that takes about `cost` steps a row: eight tiles, if they are worth it.
    func tile(rows: Int, cost: Int, atMost most: Int) -> Int {
        let worthwhile = max(1, (1 << 18) / max(1, cost))
        let eighth = (rows + 7) / 8
        return max(1, min(max(eighth, worthwhile), max(most, worthwhile)))
    }

    /// How a product [rows, columns] of `depth` is cut: into sixteen tiles or more, none over 2¹⁸ numbers, unless they
    /// would be too small to be worth it; their edges are as short as the number of tiles allows.
    func cut(rows: Int, columns: Int, depth: Int) -> (height: Int, width: Int) {
        let operations = 2 * rows * columns * depth
        var tiles = 1
        while tiles < 16 || rows * columns / tiles > 1 << 18, operations / tiles > 1 << 23 { tiles *= 2 }
        func size(_ count: Int, in parts: Int) -> Int {
            min(count, ((count + parts - 1) / parts + 15) / 16 * 16)
        }
        let cuts = sequence(first: 1) { $0 < tiles ? $0 * 2 : nil }
            .map { (height: size(rows, in: $0), width: size(columns, in: tiles / $0)) }
        return cuts.min { $0.height + $0.width < $1.height + $1.width } ?? (rows, columns)
    }

    /// Calls `body` with all tiles of a product, and memory for the numbers of one.
    func inTiles(rows: Int, columns: Int, depth: Int, _ body: (_ tile: Tile, _ scratch: Numbers) -> Void) {
        let (height, width) = cut(rows: rows, columns: columns, depth: depth)
        let across = (columns + width - 1) / width
        inTiles(of: (rows + height - 1) / height * across, by: 1) { part in
            let (row, column) = (part.lowerBound / across * height, part.lowerBound % across * width)
            let tile = Tile(
                rows: row..<min(rows, row + height), columns: column..<min(columns, column + width))
            withScratch(height * width) { body(tile, $0) }
        }
    }

    /// Memory for some numbers while `body` runs.
    func withScratch(_ count: Int, _ body: (Numbers) -> Void) {
        guard count > 0 else { return body(.none) }
        let block = pool.take(count)
        body(Numbers(block, count: count))
        pool.giveBack(block)
    }
}

/// Memory of the pool's, and where it goes back to.
private final class Storage: Buffer, @unchecked Sendable {
    private let block: MemoryPool.Block
    /// What the block belongs to, and where these numbers begin in it; nil for a block of its own.
    private let owner: (storage: Storage, start: Int)?
    /// Whether the numbers are in BF16, two in the place of a float.
    let isRounded: Bool
    /// The numbers in BF16, if they have been asked for since they were last written.
    var rounded: Storage?
    let pool: MemoryPool

    init(count: Int, isRounded: Bool, pool: MemoryPool) {
        block = pool.take(isRounded ? (count + 1) / 2 : count)
        owner = nil
        self.isRounded = isRounded
        self.pool = pool
        super.init(count: count)
    }

    /// Some of the numbers of another.
    init(part: Range<Int>, of whole: Storage) {
        precondition(part.upperBound <= whole.count, "a part lies within the whole")
        (block, isRounded, pool) = (whole.block, whole.isRounded, whole.pool)
        owner = (whole, part.lowerBound)
        super.init(count: part.count)
    }

    var numbers: Numbers {
        let start = owner?.start ?? 0
        return Numbers(block, count: start + count, isRounded: isRounded).from(start)
    }

    deinit { if owner == nil { pool.giveBack(block) } }
}

/// A few numbers for sums, in F64.
final class Sums: Buffer, @unchecked Sendable {
    var values: [Double]

    override init(count: Int) {
        values = Array(repeating: .nan, count: count)
        super.init(count: count)
    }
}
