// An engine that takes down in which order it is asked to take steps and to give numbers.

import Compute
import EchoCore
import Synchronization

/// What is asked of an engine and has to do with waiting.
enum Asked: Sendable {
    case step
    /// For numbers at once.
    case waiting
    /// For numbers that are sent, and for those that were.
    case sending, arriving
}

/// Another engine, whose calls it passes on.
final class WatchedEngine: Engine, @unchecked Sendable {
    private let engine: any Engine
    private let log = Mutex<[Asked]>([])
    private let disturb: ([Double]) -> [Double]

    /// - Parameter disturb: makes other numbers of those that are sent
    init(_ engine: any Engine, disturb: @escaping ([Double]) -> [Double] = { $0 }) {
        self.engine = engine
        self.disturb = disturb
    }

    /// All that was asked so far.
    var asked: [Asked] { log.withLock { $0 } }
    private func note(_ what: Asked) { log.withLock { $0.append(what) } }

    var kernels: String { engine.kernels }

    func allocate(_ count: Int, for use: BufferUse) -> Buffer { engine.allocate(count, for: use) }
    func slab(_ counts: [Int], for use: BufferUse) -> Slab { engine.slab(counts, for: use) }
    func rows(_ numbers: [Int32]) -> RowIndex { engine.rows(numbers) }
    func write(_ values: [Float], to buffer: Buffer) { engine.write(values, to: buffer) }
    func staging(_ count: Int) -> HostPixels { engine.staging(count) }
    func read(_ buffer: Buffer) -> [Float] {
        note(.waiting)
        return engine.read(buffer)
    }
    func sums(_ buffer: Buffer) -> [Double] {
        note(.waiting)
        return engine.sums(buffer)
    }
    func sending(_ sums: [Buffer]) -> () -> [Double] {
        let arrive = engine.sending(sums)
        note(.sending)
        return { [self] in
            note(.arriving)
            return disturb(arrive())
        }
    }
    func change(_ buffer: Buffer, _ body: (inout MutableSpan<Float>) throws(EchoError) -> Void)
        throws(EchoError)
    {
        note(.waiting)
        try engine.change(buffer, body)
    }
    func fill(_ buffer: Buffer, with value: Float) { engine.fill(buffer, with: value) }
    func add(_ source: Buffer, to target: Buffer) { engine.add(source, to: target) }
    func copy(_ source: Buffer, to target: Buffer) { engine.copy(source, to: target) }
    func factors(_ x: Buffer) -> Buffer { engine.factors(x) }
    func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) {
        engine.linear(
            x, weight: weight, bias: bias, into: y, rows: rows, inputs: inputs, outputs: outputs,
            then: epilogue)
    }
    func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int, through gelu: Buffer?
    ) {
        engine.linearInputGradient(
            dy, weight: weight, into: dx, accumulating: accumulating, rows: rows, inputs: inputs,
            outputs: outputs, through: gelu)
    }
    func linearWeightGradient(
        _ dy: Buffer, x: Buffer, into dWeight: Buffer, and dBias: Buffer, accumulating: Bool, rows: Int,
        inputs: Int, outputs: Int
    ) {
        engine.linearWeightGradient(
            dy, x: x, into: dWeight, and: dBias, accumulating: accumulating, rows: rows, inputs: inputs,
            outputs: outputs)
    }
    func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {
        engine.layerNorm(
            x, scale: scale, shift: shift, into: y, statistics: statistics, rows: rows, width: width,
            epsilon: epsilon)
    }
    func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {
        engine.layerNormGradient(
            dy, x: x, scale: scale, statistics: statistics, into: dx, accumulating: accumulating,
            addingTo: dScale, and: dShift, rows: rows, width: width)
    }
    func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        engine.attention(qkv, into: y, logSums: logSums, shape: shape)
    }
    func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) { engine.attentionGradient(dy, qkv: qkv, y: y, logSums: logSums, into: dQKV, shape: shape) }
    func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) { engine.crossAttention(q, kv, into: y, logSums: logSums, shape: shape) }
    func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) {
        engine.crossAttentionGradient(
            dy, q: q, kv: kv, y: y, logSums: logSums, into: dQ, and: dKV, shape: shape)
    }
    func gather(_ x: Buffer, rows index: RowIndex, filler: Buffer?, into y: Buffer, width: Int) {
        engine.gather(x, rows: index, filler: filler, into: y, width: width)
    }
    func gatherGradient(
        _ dy: Buffer, rows index: RowIndex, into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int, width: Int
    ) {
        engine.gatherGradient(
            dy, rows: index, into: dx, accumulating: accumulating, addingTo: dFiller, rows: rows, width: width
        )
    }
    func addRows(of table: Buffer, at index: RowIndex, to x: Buffer, width: Int) {
        engine.addRows(of: table, at: index, to: x, width: width)
    }
    func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {
        engine.meanOfSegments(x, segments: segments, into: y, width: width)
    }
    func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) {
        engine.meanOfSegmentsGradient(
            dy, segments: segments, into: dx, accumulating: accumulating, width: width)
    }
    func resample(_ clips: [ClipSamples], of pixels: HostPixels, into y: Buffer, image: Int) {
        engine.resample(clips, of: pixels, into: y, image: image)
    }
    func patches(of pixels: Buffer, _ grid: PatchGrid, at index: RowIndex, order: PatchOrder, into y: Buffer)
    { engine.patches(of: pixels, grid, at: index, order: order, into: y) }
    func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {
        engine.normaliseRows(x, rows: rows, width: width, epsilon: epsilon)
    }
    func sum(_ buffer: Buffer, areSums: Bool, over ranks: any Ranks) throws(EchoError) {
        note(.waiting)
        try engine.sum(buffer, areSums: areSums, over: ranks)
    }
    func squaredError(
        _ prediction: Buffer, target: Buffer, weights: Buffer, width: Int, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {
        engine.squaredError(
            prediction, target: target, weights: weights, width: width, gradient: gradient, scale: scale,
            addingTo: loss)
    }
    func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, weights: Buffer, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {
        engine.binaryCrossEntropy(
            logits, target: target, weights: weights, gradient: gradient, scale: scale, addingTo: loss)
    }
    func norm(of buffers: [Buffer], into norm: Buffer) { engine.norm(of: buffers, into: norm) }
    func adamW(_ parameters: [Learned], _ factors: AdamWFactors, sound: [Buffer], steps: Buffer) {
        note(.step)
        engine.adamW(parameters, factors, sound: sound, steps: steps)
    }
    func blend(_ sources: [Buffer], into targets: [Buffer], share: Double) {
        engine.blend(sources, into: targets, share: share)
    }
}
