// The layers that all four models are made of, and the list that gives their parameters names.

import Compute
import EchoCore
import Foundation

/// A weight of a model under its name in checkpoints.
struct Parameter {
    let name: String
    let shape: [Int]
    let tensor: Tensor
}

/// Collects parameters while layers are made, and gives each its first value.
///
/// A parameter's first value depends on the seed and on its own name only.
struct ParameterList {
    let engine: any Engine
    let seed: UInt64
    private(set) var all: [Parameter] = []

    init(engine: any Engine, seed: UInt64) {
        self.engine = engine
        self.seed = seed
    }

    /// Uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010), seen as [outputs, inputs].
    mutating func xavier(_ name: String, _ shape: [Int]) -> Tensor {
        let (rows, width) = (shape[0], shape[1...].reduce(1, *))
        let bound = (6 / Double(rows + width)).squareRoot()
        var random = SeededRandom(seed: seed, "parameter", name)
        let values = (0..<rows * width).map { _ in Float(random.uniform(-bound...bound)) }
        return add(name, shape, rows: rows, values)
    }

    /// Normal of mean 0, seen as [all but the last axis, width].
    mutating func normal(_ name: String, _ shape: [Int], deviation: Double) -> Tensor {
        var random = SeededRandom(seed: seed, "parameter", name)
        let values = (0..<shape.reduce(1, *)).map { _ in Float(deviation * random.normal()) }
        return add(name, shape, rows: shape.dropLast().reduce(1, *), values)
    }

    mutating func constant(_ name: String, _ width: Int, _ value: Float) -> Tensor {
        add(name, [width], rows: 1, [Float](repeating: value, count: width))
    }

    private mutating func add(_ name: String, _ shape: [Int], rows: Int, _ values: [Float]) -> Tensor {
        let buffer = engine.allocate(values.count, for: .weights)
        engine.write(values, to: buffer)
        let tensor = Tensor(buffer, rows: rows, width: values.count / rows, learns: true)
        all.append(Parameter(name: name, shape: shape, tensor: tensor))
        return tensor
    }
}

/// y = x Wᵀ + b.
struct Linear {
    let weight: Tensor, bias: Tensor

    init(_ name: String, _ inputs: Int, _ outputs: Int, in list: inout ParameterList) {
        self.init(name, shape: [outputs, inputs], in: &list)
    }

    init(_ name: String, shape: [Int], in list: inout ParameterList) {
        weight = list.xavier("\(name).weight", shape)
        bias = list.constant("\(name).bias", shape[0], 0)
    }

    func callAsFunction(
        _ x: Tensor, adding residual: Tensor? = nil, for use: BufferUse = .values, on tape: Tape
    ) -> Tensor {
        tape.linear(x, weight, bias, adding: residual, for: use)
    }
}

/// Each token normalised to mean 0 and variance 1, then scaled and shifted.
struct LayerNorm {
    let scale: Tensor, shift: Tensor

    init(_ name: String, _ width: Int, in list: inout ParameterList) {
        scale = list.constant("\(name).weight", width, 1)
        shift = list.constant("\(name).bias", width, 0)
    }

    func callAsFunction(_ x: Tensor, for use: BufferUse = .values, on tape: Tape) -> Tensor {
        tape.layerNorm(x, scale, shift, for: use)
    }
}

/// A transformer block, normalised before attention and before the MLP.
struct Block {
    let norm1: LayerNorm, qkv: Linear, projection: Linear
    let norm2: LayerNorm, fc1: Linear, fc2: Linear
    let heads: Int

    init(_ name: String, width: Int, heads: Int, in list: inout ParameterList) {
        self.heads = heads
        norm1 = LayerNorm("\(name).norm1", width, in: &list)
        qkv = Linear("\(name).attn.qkv", width, 3 * width, in: &list)
        projection = Linear("\(name).attn.proj", width, width, in: &list)
        norm2 = LayerNorm("\(name).norm2", width, in: &list)
        fc1 = Linear("\(name).mlp.fc1", width, 4 * width, in: &list)
        fc2 = Linear("\(name).mlp.fc2", 4 * width, width, in: &list)
    }

    /// - Parameter segments: the lengths of the sequences that attend to themselves
    func callAsFunction(_ x: Tensor, segments: [Int], on tape: Tape) -> Tensor {
        let shape = AttentionShape(segments: segments, heads: heads, headWidth: x.width / heads)
        let attended = tape.attention(queriesKeysValues(x, on: tape), shape)
        let x = projection(attended, adding: x, on: tape)
        return tape.mlp(
            norm2(x, for: .factors, on: tape), fc1.weight, fc1.bias, fc2.weight, fc2.bias, adding: x)
    }

    /// The input of its attention.
    func queriesKeysValues(_ x: Tensor, on tape: Tape) -> Tensor {
        qkv(norm1(x, for: .factors, on: tape), for: .factors, on: tape)
    }

    /// Blocks to be run one after the other, named by their number.
    static func stack(_ name: String, depth: Int, width: Int, heads: Int, in list: inout ParameterList)
        -> [Block]
    {
        (0..<depth).map { Block("\(name).\($0)", width: width, heads: heads, in: &list) }
    }
}

extension [Block] {
    /// One block after the other; with `again`, what each makes is computed again on the way back.
    func run(_ tokens: Tensor, segments: [Int], again: Bool, on tape: Tape) -> Tensor {
        reduce(tokens) { tokens, block in
            again
                ? tape.again(tokens) { block($0, segments: segments, on: $1) }
                : block(tokens, segments: segments, on: tape)
        }
    }
}

/// A transformer block whose tokens attend to those of another sequence instead of to each other.
struct CrossBlock {
    let norm1: LayerNorm, normContext: LayerNorm, query: Linear, keyValue: Linear, projection: Linear
    let norm2: LayerNorm, fc1: Linear, fc2: Linear
    let heads: Int

    init(_ name: String, width: Int, heads: Int, in list: inout ParameterList) {
        self.heads = heads
        norm1 = LayerNorm("\(name).norm1", width, in: &list)
        normContext = LayerNorm("\(name).norm_context", width, in: &list)
        query = Linear("\(name).attn.q", width, width, in: &list)
        keyValue = Linear("\(name).attn.kv", width, 2 * width, in: &list)
        projection = Linear("\(name).attn.proj", width, width, in: &list)
        norm2 = LayerNorm("\(name).norm2", width, in: &list)
        fc1 = Linear("\(name).mlp.fc1", width, 4 * width, in: &list)
        fc2 = Linear("\(name).mlp.fc2", 4 * width, width, in: &list)
    }

    /// - Parameters:
    ///   - rows, keys: the lengths of the sequences of x, and of those of `context` that they read
    func callAsFunction(_ x: Tensor, _ rows: [Int], reading context: Tensor, _ keys: [Int], on tape: Tape)
        -> Tensor
    {
        let (q, kv) = queriesKeysValues(x, reading: context, on: tape)
        let shape = CrossAttentionShape(queries: rows, keys: keys, heads: heads, headWidth: x.width / heads)
        let x = projection(tape.crossAttention(q, kv, shape), adding: x, on: tape)
        return tape.mlp(
            norm2(x, for: .factors, on: tape), fc1.weight, fc1.bias, fc2.weight, fc2.bias, adding: x)
    }

    /// The inputs of its attention.
    func queriesKeysValues(_ x: Tensor, reading context: Tensor, on tape: Tape) -> (Tensor, Tensor) {
        (
            query(norm1(x, for: .factors, on: tape), for: .factors, on: tape),
            keyValue(normContext(context, for: .factors, on: tape), for: .factors, on: tape)
        )
    }
}
