// The engine that an installed PyTorch computes: on cards, and on processors.

private import CTorch
package import Compute
package import EchoCore
import Foundation

/// A device of PyTorch's, which computes in F32, or with products in BF16 and weights in F32.
///
/// Operations are asked for and not waited for: only `read` and `sums` wait. One thread drives an engine.
package final class TorchEngine: Engine, @unchecked Sendable {
    private let torch: EchoTorch
    private let device: Owned
    package let kernels: String
    /// What joins its device to those of the other ranks, once that was asked; nil where only the host does.
    private var link: Owned??

    /// - Parameters:
    ///   - device: "cpu", "cuda" or "cuda:N"
    ///   - threads: of a processor's operations
    ///   - fused: "on" for kernels of our own on a card, or the path of a library that stands in for one; nil for PyTorch's alone
    /// - Throws: `EchoError` where there is no such device, or no PyTorch
    package init(
        device name: String, threads: Int, precision: Precision, fused: String? = nil
    ) throws(EchoError) {
        torch = try TorchLibrary.table.get()
        var opened: OpaquePointer?
        let code = torch.open(name, Int32(clamping: threads), precision == .bf16 ? 1 : 0, fused, &opened)
        guard code == Int32(echo_ok), let opened else {
            throw EchoError(
                "--device \(name)", "PyTorch cannot open it: \(torch.words)",
                try: "--device cpu, or a PyTorch for this machine's card, and `make torch` again")
        }
        device = Owned(opened, torch.close)
        let card = TorchLibrary.name(of: name).map { " (\($0))" } ?? ""
        kernels =
            "PyTorch \(TorchLibrary.version) on \(name)\(card)" + (precision == .bf16 ? ", BF16" : "")
            + (fused == nil ? "" : ", fused kernels")
    }

    /// Something of PyTorch's, given back when the last reference goes.
    private final class Owned: @unchecked Sendable {
        let handle: OpaquePointer
        /// What it lies on, which stays open for it.
        private let device: Owned?
        private let release: (OpaquePointer) -> Void

        init(_ handle: OpaquePointer, on device: Owned? = nil, _ release: @escaping (OpaquePointer) -> Void) {
            (self.handle, self.device, self.release) = (handle, device, release)
        }

        deinit { release(handle) }
    }

    private final class Held: Buffer, @unchecked Sendable {
        let owned: Owned

        init(_ owned: Owned, count: Int) {
            self.owned = owned
            super.init(count: count)
        }
    }

    private final class Rows: RowIndex, @unchecked Sendable {
        let owned: Owned

        init(_ owned: Owned, count: Int) {
            self.owned = owned
            super.init(count: count)
        }
    }

    private final class Host: HostPixels, @unchecked Sendable {
        let owned: Owned
        private let start: UnsafeMutablePointer<UInt8>

        init(_ owned: Owned, _ start: UnsafeMutablePointer<UInt8>, count: Int) {
            (self.owned, self.start) = (owned, start)
            super.init(count: count)
        }

        override func write(_ pixels: some Collection<UInt8>, at place: Int) {
            precondition(place >= 0 && place + pixels.count <= count, "pixels lie within their memory")
            let target = UnsafeMutableRawBufferPointer(start: start + place, count: pixels.count)
            target.copyBytes(from: pixels)
        }
    }

    private func handle(_ buffer: Buffer) -> OpaquePointer {
        guard let held = buffer as? Held else { preconditionFailure("a buffer of another engine") }
        return held.owned.handle
    }

    private func handle(_ rows: RowIndex) -> OpaquePointer {
        guard let rows = rows as? Rows else { preconditionFailure("rows of another engine") }
        return rows.owned.handle
    }

    /// Ends the program where an operation failed: nothing that computes could go on without its result.
    private func check(_ code: Int32) {
        guard code != Int32(echo_ok) else { return }
        if code == Int32(echo_out_of_memory) {
            EngineFailure.endForWantOfMemory("the device has no more: \(torch.words)")
        }
        EngineFailure.end(EchoError("--engine torch", torch.words))
    }

    /// What a function makes at a place that it is given.
    private func made(_ make: (inout OpaquePointer?) -> Int32) -> OpaquePointer {
        var handle: OpaquePointer?
        check(make(&handle))
        guard let handle else { preconditionFailure("what succeeds makes something") }
        return handle
    }

    package var memory: Int? { bytes { torch.peak(device.handle, &$0) } }

    package var freeMemory: Int? {
        var total = 0
        return bytes { torch.memory(device.handle, &$0, &total) }
    }

    private func bytes(_ ask: (inout Int) -> Int32) -> Int? {
        var bytes = 0
        check(ask(&bytes))
        return bytes < 0 ? nil : bytes
    }

    // MARK: Memory

    package func allocate(_ count: Int, for use: BufferUse) -> Buffer {
        let kind =
            switch use {
            case .values: echo_values
            case .factors: echo_factors
            case .weights: echo_weights
            case .sums: echo_sums
            }
        let handle = torch.buffer(device.handle, count, Int32(kind))
        return Held(Owned(handle, on: device, torch.release), count: count)
    }

    package func slab(_ counts: [Int], for use: BufferUse) -> Slab {
        let whole = allocate(counts.reduce(0, +), for: use)
        return Slab(whole: whole, counts: counts) { part in
            let part = (start: part.lowerBound, count: part.count)
            let made = made { torch.part(handle(whole), part.start, part.count, &$0) }
            return Held(Owned(made, on: device, torch.release), count: part.count)
        }
    }

    package func rows(_ numbers: [Int32]) -> RowIndex {
        let made = made { torch.rows(device.handle, numbers, numbers.count, &$0) }
        return Rows(Owned(made, on: device, torch.release_rows), count: numbers.count)
    }

    package func staging(_ count: Int) -> HostPixels {
        var start: UnsafeMutablePointer<UInt8>?
        // Memory of no bytes would have no place.
        let handle = made { torch.host(device.handle, max(1, count), &$0, &start) }
        guard let start else { preconditionFailure("memory has a place") }
        return Host(Owned(handle, on: device, torch.release_host), start, count: count)
    }

    package func write(_ values: [Float], to buffer: Buffer) {
        precondition(values.count == buffer.count, "numbers fill their place")
        check(torch.write(handle(buffer), values))
    }

    package func read(_ buffer: Buffer) -> [Float] {
        [Float](unsafeUninitializedCapacity: buffer.count) { place, count in
            check(torch.read(handle(buffer), place.baseAddress))
            count = buffer.count
        }
    }

    package func sums(_ buffer: Buffer) -> [Double] {
        [Double](unsafeUninitializedCapacity: buffer.count) { place, count in
            check(torch.sums(handle(buffer), place.baseAddress))
            count = buffer.count
        }
    }

    package func sending(_ buffers: [Buffer]) -> () -> [Double] {
        guard !buffers.isEmpty else { return { [] } }
        let made = made { torch.send(buffers.map(handle), buffers.count, &$0) }
        let sent = Owned(made, on: device, torch.release_sent)
        let count = buffers.reduce(0) { $0 + $1.count }
        return { [self] in
            [Double](unsafeUninitializedCapacity: count) { place, filled in
                check(torch.arrive(sent.handle, place.baseAddress))
                filled = count
            }
        }
    }

    package func fill(_ buffer: Buffer, with value: Float) { check(torch.fill(handle(buffer), value)) }
    package func add(_ source: Buffer, to target: Buffer) { check(torch.add(handle(source), handle(target))) }
    package func copy(_ source: Buffer, to target: Buffer) {
        check(torch.copy(handle(source), handle(target)))
    }

    package func factors(_ x: Buffer) -> Buffer {
        let rounded = allocate(x.count, for: .factors)
        check(torch.round(handle(x), handle(rounded)))
        return rounded
    }

    // MARK: Layers

    package func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) {
        let (then, other) =
            switch epilogue {
            case .none: (echo_then_nothing, nil as OpaquePointer?)
            case .gelu(let activated): (echo_then_gelu, handle(activated))
            case .adding(let residual): (echo_then_add, handle(residual))
            }
        check(
            torch.linear(
                handle(x), handle(weight), handle(bias), handle(y), rows, inputs, outputs,
                Int32(then), other))
    }

    package func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int, through gelu: Buffer?
    ) {
        check(
            torch.linear_input_gradient(
                handle(dy), handle(weight), handle(dx), accumulating ? 1 : 0, rows, inputs, outputs,
                gelu.map(handle)))
    }

    package func linearWeightGradient(
        _ dy: Buffer, x: Buffer, into dWeight: Buffer, and dBias: Buffer, accumulating: Bool, rows: Int,
        inputs: Int, outputs: Int
    ) {
        check(
            torch.linear_weight_gradient(
                handle(dy), handle(x), handle(dWeight), handle(dBias), accumulating ? 1 : 0, rows, inputs,
                outputs))
    }

    package func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {
        check(
            torch.layer_norm(
                handle(x), handle(scale), handle(shift), handle(y), handle(statistics), rows, width, epsilon))
    }

    package func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {
        check(
            torch.layer_norm_gradient(
                handle(dy), handle(x), handle(scale), handle(statistics), handle(dx), accumulating ? 1 : 0,
                handle(dScale), handle(dShift), rows, width))
    }

    /// Calls `body` with a shape as C has it.
    private func with(_ shape: CrossAttentionShape, _ body: (EchoAttention) -> Int32) {
        shape.queries.withUnsafeBufferPointer { queries in
            shape.keys.withUnsafeBufferPointer { keys in
                guard let firstQueries = queries.baseAddress, let firstKeys = keys.baseAddress else { return }
                check(
                    body(
                        EchoAttention(
                            queries: firstQueries, keys: firstKeys, count: queries.count,
                            query_rows: shape.queryRows, key_rows: shape.keyRows, heads: shape.heads,
                            head_width: shape.headWidth, scale: shape.scale)))
            }
        }
    }

    package func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        with(shape.asCross) { shape in
            withUnsafePointer(to: shape) { torch.attention(handle(qkv), handle(y), handle(logSums), $0) }
        }
    }

    package func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) {
        with(shape.asCross) { shape in
            withUnsafePointer(to: shape) {
                torch.attention_gradient(
                    handle(dy), handle(qkv), handle(y), handle(logSums), handle(dQKV), $0)
            }
        }
    }

    package func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) {
        with(shape) { shape in
            withUnsafePointer(to: shape) {
                torch.cross_attention(handle(q), handle(kv), handle(y), handle(logSums), $0)
            }
        }
    }

    package func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) {
        with(shape) { shape in
            withUnsafePointer(to: shape) {
                torch.cross_attention_gradient(
                    handle(dy), handle(q), handle(kv), handle(y), handle(logSums), handle(dQ), handle(dKV), $0
                )
            }
        }
    }

    // MARK: Rows

    package func gather(_ x: Buffer, rows index: RowIndex, filler: Buffer?, into y: Buffer, width: Int) {
        check(torch.gather(handle(x), handle(index), filler.map(handle), handle(y), width))
    }

    package func gatherGradient(
        _ dy: Buffer, rows index: RowIndex, into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int, width: Int
    ) {
        check(
            torch.gather_gradient(
                handle(dy), handle(index), handle(dx), accumulating ? 1 : 0, dFiller.map(handle), rows, width)
        )
    }

    package func addRows(of table: Buffer, at index: RowIndex, to x: Buffer, width: Int) {
        check(torch.add_rows(handle(table), handle(index), handle(x), width))
    }

    package func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {
        check(torch.mean_of_segments(handle(x), segments, segments.count, handle(y), width))
    }

    package func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) {
        check(
            torch.mean_of_segments_gradient(
                handle(dy), segments, segments.count, handle(dx), accumulating ? 1 : 0, width))
    }

    // MARK: Pictures

    package func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: RowIndex, order: PatchOrder, into y: Buffer
    ) {
        check(
            torch.patches(
                handle(pixels), grid.side, grid.patch, grid.channels, handle(index),
                order == .channelsLast ? 1 : 0, handle(y)))
    }

    package func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {
        check(torch.normalise_rows(handle(x), rows, width, epsilon))
    }

    package func resample(_ clips: [ClipSamples], of pixels: HostPixels, into y: Buffer, image: Int) {
        guard let source = pixels as? Host else { preconditionFailure("memory of another engine") }
        guard let channels = clips.first?.channels else { return }
        precondition(
            clips.allSatisfy {
                $0.start >= 0 && $0.start + $0.bytes <= pixels.count && $0.channels == channels
            },
            "frames lie in the memory")
        precondition(
            y.count == clips.reduce(0) { $0 + $1.planes } * image * image, "images fill their place")
        let views = clips.map {
            EchoClip(
                start: $0.start, frames: $0.frames, side: $0.side, rows: $0.rows, columns: $0.columns,
                x: $0.x,
                y: $0.y, across_x: $0.acrossX, across_y: $0.acrossY, down_x: $0.downX, down_y: $0.downY)
        }
        check(
            torch.resample(
                source.owned.handle, views, views.count, clips.flatMap(\.scale), clips.flatMap(\.shift),
                channels, image, handle(y)))
    }

    // MARK: Ranks

    /// By NCCL, without a wait; by the host's memory where it is not.
    package func sum(_ buffer: Buffer, areSums: Bool, over ranks: any Ranks) throws(EchoError) {
        if link == nil { link = .some(try joined(ranks)) }
        guard case .some(.some(let link)) = link else {
            return try sumByHost(buffer, areSums: areSums, over: ranks)
        }
        check(torch.sum(link.handle, handle(buffer)))
    }

    /// Joins the devices of all ranks, if all can; the first tells the others the name by which they do.
    private func joined(_ ranks: any Ranks) throws(EchoError) -> Owned? {
        let path = ProcessInfo.processInfo.environment["ECHOPREP_NCCL"]
        let can = path != "off" && torch.joins(device.handle, path) != 0
        guard try ranks.sum([can ? 1 : 0])[0] == Double(ranks.count) else { return nil }
        var name = [UInt8](repeating: 0, count: Int(ECHO_LINK_NAME))
        if ranks.isFirst { check(torch.name_link(device.handle, &name)) }
        var span = name.mutableSpan
        try ranks.broadcast(&span)
        var handle: OpaquePointer?
        let code = torch.link(device.handle, Int32(ranks.rank), Int32(ranks.count), name, &handle)
        guard code == Int32(echo_ok), let handle else {
            throw EchoError(
                "rank \(ranks.rank)", torch.words,
                try: "one rank a card; or ECHOPREP_NCCL=off, which sums through the host's memory")
        }
        return Owned(handle, on: device, torch.release_link)
    }

    // MARK: Losses and learning

    package func squaredError(
        _ prediction: Buffer, target: Buffer, weights: Buffer, width: Int, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {
        check(
            torch.squared_error(
                handle(prediction), handle(target), handle(weights), width, gradient.map(handle), scale,
                handle(loss)))
    }

    package func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, weights: Buffer, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {
        check(
            torch.binary_cross_entropy(
                handle(logits), handle(target), handle(weights), gradient.map(handle), scale, handle(loss)))
    }

    package func norm(of buffers: [Buffer], into norm: Buffer) {
        check(torch.norm(buffers.map(handle), buffers.count, handle(norm)))
    }

    package func adamW(_ parameters: [Learned], _ factors: AdamWFactors, sound: [Buffer], steps: Buffer) {
        let learned = parameters.map {
            EchoLearned(
                value: handle($0.value), gradient: handle($0.gradient), first: handle($0.first),
                second: handle($0.second), rate: $0.rate, weight_decay: $0.weightDecay)
        }
        check(
            torch.adamw(
                learned, learned.count, factors.beta1, factors.beta2, factors.epsilon, factors.clip ?? 0,
                sound.map(handle), sound.count, handle(steps)))
    }

    package func blend(_ sources: [Buffer], into targets: [Buffer], share: Double) {
        check(torch.blend(sources.map(handle), targets.map(handle), sources.count, share))
    }
}

// A table of functions, which nobody changes.
extension EchoTorch: @unchecked @retroactive Sendable {
    /// What was wrong with the last call on this thread.
    fileprivate var words: String { String(cString: error()) }
}

/// The library that `make torch` compiles, and the PyTorch behind it.
package enum TorchLibrary {
    /// The environment's word for where it lies, before all other places.
    private static let variable = "ECHOPREP_TORCH"
    private static let file = "libechotorch.so"

    /// Loaded once, and for good.
    fileprivate static let table = Result<EchoTorch, EchoError> { () throws(EchoError) in
        guard let path = places.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw EchoError(
                "--engine torch", "\(file) is not beside the program",
                try: "make torch, on a machine with PyTorch and a C++ compiler")
        }
        var table: UnsafePointer<EchoTorch>?
        let why = words { table = echo_torch_load(path, &$0, $0.count) }
        guard let table else { throw EchoError(file, "it does not load: \(why)", try: "make torch again") }
        return table.pointee
    }

    /// Why it cannot compute here; nil if it can.
    package static var absence: EchoError? {
        if case .failure(let error) = table { error } else { nil }
    }

    /// The version of PyTorch.
    package static var version: String {
        (try? table.get()).map { String(cString: $0.version) } ?? "none"
    }

    /// What PyTorch may compute on here: cards first.
    package static var devices: [String] {
        guard let torch = try? table.get() else { return [] }
        return (0..<Int(torch.cards())).map { "cuda:\($0)" } + ["cpu"]
    }

    /// What a card is called; nil of a processor.
    package static func name(of device: String) -> String? {
        guard let torch = try? table.get(), device.hasPrefix("cuda:"),
            let number = Int32(device.dropFirst(5))
        else { return nil }
        return words { torch.card_name(number, &$0, Int32($0.count)) }
    }

    /// What a function writes at a place for text.
    private static func words(_ write: (inout [CChar]) -> Void) -> String {
        var place = [CChar](repeating: 0, count: 4096)
        write(&place)
        return String(decoding: place.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    }

    private static var places: [String] {
        if let path = ProcessInfo.processInfo.environment[variable] { return [path] }
        // Tests are a library that another program loads.
        let library = URL(filePath: words { echo_torch_home(&$0, $0.count) })
        // Beside the program, or where `make torch` leaves it in the folder of builds.
        return [programFile, library].map { $0.deletingLastPathComponent() }.flatMap { folder in
            [file, "../../torch/\(file)"].map { folder.appending(path: $0).standardizedFileURL.path }
        }
    }
}
