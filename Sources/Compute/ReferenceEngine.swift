// The judge of the other engines: every operation as its formula reads, in plain loops, in F64.

import Foundation

/// Slow and readable, and exact enough for finite differences to judge whole models.
public final class ReferenceEngine: Engine, Sendable {
    public init() {}

    public var name: String { "reference" }

    private final class Storage: Buffer, @unchecked Sendable {
        var values: [Double]

        init(_ values: [Double]) {
            self.values = values
            super.init(count: values.count)
        }
    }

    private func storage(_ buffer: Buffer) -> Storage {
        guard let storage = buffer as? Storage else { preconditionFailure("a buffer of another engine") }
        return storage
    }

    private func values(_ buffer: Buffer) -> [Double] { storage(buffer).values }

    /// Replaces `buffer`'s numbers, or adds to them.
    private func store(_ values: [Double], in buffer: Buffer, accumulating: Bool = false) {
        let target = storage(buffer)
        precondition(values.count == target.count, "a result fills its buffer")
        if accumulating {
            for i in values.indices { target.values[i] += values[i] }
        } else {
            target.values = values
        }
    }

    // MARK: Memory

    public func allocate(_ count: Int, lasting: Bool) -> Buffer {
        Storage([Double](repeating: .nan, count: count))
    }
    public func write(_ values: [Float], to buffer: Buffer) { store(values.map { Double($0) }, in: buffer) }
    public func read(_ buffer: Buffer) -> [Float] { values(buffer).map { Float($0) } }
    /// All numbers of `buffer`, unrounded.
    package func readExactly(_ buffer: Buffer) -> [Double] { values(buffer) }
    public func fill(_ buffer: Buffer, with value: Float) {
        store([Double](repeating: Double(value), count: buffer.count), in: buffer)
    }
    public func add(_ source: Buffer, to target: Buffer) {
        store(values(source), in: target, accumulating: true)
    }
    public func copy(_ source: Buffer, to target: Buffer) { store(values(source), in: target) }

    // MARK: Layers

    public func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) {
        let x = values(x), weight = values(weight), bias = values(bias)
        var out = [Double](repeating: 0, count: rows * outputs)
        for r in 0..<rows {
            for o in 0..<outputs {
                var sum = bias[o]
                for i in 0..<inputs { sum += x[r * inputs + i] * weight[o * inputs + i] }
                out[r * outputs + o] = sum
            }
        }
        switch epilogue {
        case .none: break
        case .gelu(let activated): store(out.map(gelu), in: activated)
        case .adding(let residual):
            let residual = values(residual)
            for i in out.indices { out[i] += residual[i] }
        }
        store(out, in: y)
    }

    public func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int,
        through gelu: Buffer?
    ) {
        let dy = values(dy), weight = values(weight), before = gelu.map(values)
        var out = [Double](repeating: 0, count: rows * inputs)
        for r in 0..<rows {
            for o in 0..<outputs {
                for i in 0..<inputs { out[r * inputs + i] += dy[r * outputs + o] * weight[o * inputs + i] }
            }
        }
        if let before { for i in out.indices { out[i] *= geluDerivative(before[i]) } }
        store(out, in: dx, accumulating: accumulating)
    }

    public func linearWeightGradient(
        _ dy: Buffer, x: Buffer, addingTo dWeight: Buffer, and dBias: Buffer, rows: Int, inputs: Int,
        outputs: Int
    ) {
        let dy = values(dy), x = values(x)
        var weight = [Double](repeating: 0, count: outputs * inputs)
        var bias = [Double](repeating: 0, count: outputs)
        for r in 0..<rows {
            for o in 0..<outputs {
                bias[o] += dy[r * outputs + o]
                for i in 0..<inputs { weight[o * inputs + i] += dy[r * outputs + o] * x[r * inputs + i] }
            }
        }
        store(weight, in: dWeight, accumulating: true)
        store(bias, in: dBias, accumulating: true)
    }

    public func gelu(_ x: Buffer, into y: Buffer) { store(values(x).map(gelu), in: y) }

    public func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {
        let x = values(x), scale = values(scale), shift = values(shift)
        var out = x
        var figures: [Double] = []
        for r in 0..<rows {
            let row = x[r * width..<(r + 1) * width]
            let mean = row.reduce(0, +) / Double(width)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            let inverse = 1 / (variance + epsilon).squareRoot()
            for i in 0..<width {
                out[r * width + i] = (x[r * width + i] - mean) * inverse * scale[i] + shift[i]
            }
            figures += [mean, inverse]
        }
        store(out, in: y)
        store(figures, in: statistics)
    }

    public func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {
        let dy = values(dy), x = values(x), scale = values(scale), statistics = values(statistics)
        var out = [Double](repeating: 0, count: rows * width)
        var byScale = [Double](repeating: 0, count: width), byShift = byScale
        for r in 0..<rows {
            let mean = statistics[2 * r], inverse = statistics[2 * r + 1]
            let normal = (0..<width).map { (x[r * width + $0] - mean) * inverse }
            let d = (0..<width).map { dy[r * width + $0] * scale[$0] }
            let meanOfD = d.reduce(0, +) / Double(width)
            let meanOfDNormal = zip(d, normal).reduce(0) { $0 + $1.0 * $1.1 } / Double(width)
            for i in 0..<width {
                out[r * width + i] = (d[i] - meanOfD - normal[i] * meanOfDNormal) * inverse
                byScale[i] += dy[r * width + i] * normal[i]
                byShift[i] += dy[r * width + i]
            }
        }
        store(out, in: dx, accumulating: accumulating)
        store(byScale, in: dScale, accumulating: true)
        store(byShift, in: dShift, accumulating: true)
    }

    public func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        let (q, kv) = split(values(qkv), width: shape.width)
        let (out, sums) = attend(q, kv, shape.asCross)
        store(out, in: y)
        store(sums, in: logSums)
    }

    public func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) {
        let (q, kv) = split(values(qkv), width: shape.width)
        let (dQ, dKV) = attendGradient(values(dy), q, kv, values(y), values(logSums), shape.asCross)
        let width = shape.width
        var out: [Double] = []
        for row in 0..<shape.rows {
            out += dQ[row * width..<(row + 1) * width]
            out += dKV[2 * row * width..<2 * (row + 1) * width]
        }
        store(out, in: dQKV)
    }

    public func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) {
        let (out, sums) = attend(values(q), values(kv), shape)
        store(out, in: y)
        store(sums, in: logSums)
    }

    public func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) {
        let (byQ, byKV) = attendGradient(
            values(dy), values(q), values(kv), values(y), values(logSums), shape)
        store(byQ, in: dQ)
        store(byKV, in: dKV)
    }

    /// The queries of rows [query | key | value], and [key | value].
    private func split(_ qkv: [Double], width: Int) -> (q: [Double], kv: [Double]) {
        let starts = stride(from: 0, to: qkv.count, by: 3 * width)
        return (
            starts.flatMap { qkv[$0..<$0 + width] }, starts.flatMap { qkv[$0 + width..<$0 + 3 * width] }
        )
    }

    /// Calls `body` with each head's place: the rows of its queries, those of its keys, and its number.
    private func eachHead(
        _ shape: CrossAttentionShape, _ body: (_ queries: Range<Int>, _ keys: Range<Int>, _ head: Int) -> Void
    ) {
        var (query, key) = (0, 0)
        for (queries, keys) in zip(shape.queries, shape.keys) {
            for head in 0..<shape.heads { body(query..<query + queries, key..<key + keys, head) }
            query += queries
            key += keys
        }
    }

    private func attend(_ q: [Double], _ kv: [Double], _ shape: CrossAttentionShape) -> (
        y: [Double], logSums: [Double]
    ) {
        let all = shape.width
        var y = [Double](repeating: 0, count: shape.queryRows * all)
        var logSums = [Double](repeating: 0, count: shape.heads * shape.queryRows)
        eachHead(shape) { queries, keys, head in
            let columns = head * shape.headWidth..<(head + 1) * shape.headWidth
            for i in queries {
                let scores = keys.map { j in
                    shape.scale * columns.reduce(0) { $0 + q[i * all + $1] * kv[2 * j * all + $1] }
                }
                let top = scores.max() ?? 0
                let sum = scores.reduce(0) { $0 + exp($1 - top) }
                logSums[head * shape.queryRows + i] = top + log(sum)
                for (j, score) in zip(keys, scores) {
                    let share = exp(score - top) / sum
                    for c in columns { y[i * all + c] += share * kv[(2 * j + 1) * all + c] }
                }
            }
        }
        return (y, logSums)
    }

    private func attendGradient(
        _ dy: [Double], _ q: [Double], _ kv: [Double], _ y: [Double], _ logSums: [Double],
        _ shape: CrossAttentionShape
    ) -> (dQ: [Double], dKV: [Double]) {
        let all = shape.width
        var dQ = [Double](repeating: 0, count: q.count), dKV = [Double](repeating: 0, count: kv.count)
        eachHead(shape) { queries, keys, head in
            let columns = head * shape.headWidth..<(head + 1) * shape.headWidth
            for i in queries {
                let along = columns.reduce(0) { $0 + dy[i * all + $1] * y[i * all + $1] }
                for j in keys {
                    let (k, v) = (2 * j * all, (2 * j + 1) * all)
                    var dot = 0.0, byShare = 0.0
                    for c in columns {
                        dot += q[i * all + c] * kv[k + c]
                        byShare += dy[i * all + c] * kv[v + c]
                    }
                    let share = exp(dot * shape.scale - logSums[head * shape.queryRows + i])
                    let byScore = share * (byShare - along) * shape.scale
                    for c in columns {
                        dQ[i * all + c] += byScore * kv[k + c]
                        dKV[k + c] += byScore * q[i * all + c]
                        dKV[v + c] += share * dy[i * all + c]
                    }
                }
            }
        }
        return (dQ, dKV)
    }

    // MARK: Rows

    public func gather(_ x: Buffer, rows index: [Int32], filler: Buffer?, into y: Buffer, width: Int) {
        let x = values(x), filler = filler.map(values) ?? []
        var out: [Double] = []
        for row in index.map(Int.init) { out += row < 0 ? filler[...] : x[row * width..<(row + 1) * width] }
        store(out, in: y)
    }

    public func gatherGradient(
        _ dy: Buffer, rows index: [Int32], into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int,
        width: Int
    ) {
        let dy = values(dy)
        var out = [Double](repeating: 0, count: rows * width)
        var byFiller = [Double](repeating: 0, count: width)
        for (r, row) in index.map(Int.init).enumerated() {
            for c in 0..<width {
                if row < 0 {
                    byFiller[c] += dy[r * width + c]
                } else {
                    out[row * width + c] += dy[r * width + c]
                }
            }
        }
        store(out, in: dx, accumulating: accumulating)
        if let dFiller { store(byFiller, in: dFiller, accumulating: true) }
    }

    public func addRows(of table: Buffer, at index: [Int32], to x: Buffer, width: Int) {
        let table = values(table)
        var out: [Double] = []
        for row in index.map(Int.init) { out += table[row * width..<(row + 1) * width] }
        store(out, in: x, accumulating: true)
    }

    public func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {
        let x = values(x)
        var out = [Double](repeating: 0, count: segments.count * width)
        var row = 0
        for (s, rows) in segments.enumerated() {
            for _ in 0..<rows {
                for c in 0..<width { out[s * width + c] += x[row * width + c] / Double(rows) }
                row += 1
            }
        }
        store(out, in: y)
    }

    public func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) {
        let dy = values(dy)
        var out: [Double] = []
        for (s, rows) in segments.enumerated() {
            for _ in 0..<rows { out += dy[s * width..<(s + 1) * width].map { $0 / Double(rows) } }
        }
        store(out, in: dx, accumulating: accumulating)
    }

    // MARK: Pictures

    public func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: [Int32], order: PatchOrder, into y: Buffer
    ) {
        let pixels = values(pixels)
        let size = grid.side * grid.patch
        var out: [Double] = []
        for place in index.map(Int.init) {
            let top = place % grid.count / grid.side * grid.patch, left = place % grid.side * grid.patch
            func pixel(_ channel: Int, _ row: Int, _ column: Int) -> Double {
                let line = (place / grid.count * grid.channels + channel) * size + top + row
                return pixels[line * size + left + column]
            }
            let edge = 0..<grid.patch, channels = 0..<grid.channels
            switch order {
            case .channelsFirst:
                for c in channels { for i in edge { for j in edge { out.append(pixel(c, i, j)) } } }
            case .channelsLast:
                for i in edge { for j in edge { for c in channels { out.append(pixel(c, i, j)) } } }
            }
        }
        store(out, in: y)
    }

    public func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {
        var out = values(x)
        for r in 0..<rows {
            let row = out[r * width..<(r + 1) * width]
            let mean = row.reduce(0, +) / Double(width)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width - 1)
            for i in row.indices { out[i] = (out[i] - mean) / (variance + epsilon).squareRoot() }
        }
        store(out, in: x)
    }

    // MARK: Losses

    public func squaredError(
        _ prediction: Buffer, target: Buffer, weights: [Float], width: Int, gradient: Buffer?, scale: Double
    ) -> Double {
        let prediction = values(prediction), target = values(target)
        var loss = 0.0
        var out = [Double](repeating: 0, count: prediction.count)
        for (r, weight) in weights.enumerated() {
            for i in r * width..<(r + 1) * width {
                let difference = prediction[i] - target[i]
                loss += Double(weight) * difference * difference / Double(width)
                out[i] = 2 * scale * Double(weight) / Double(width) * difference
            }
        }
        if let gradient { store(out, in: gradient) }
        return loss
    }

    public func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, positiveWeights: [Float]?, gradient: Buffer?, scale: Double
    ) -> Double {
        let logits = values(logits), target = values(target)
        let count = Double(logits.count)
        var loss = 0.0
        var out = [Double](repeating: 0, count: logits.count)
        for (i, (logit, target)) in zip(logits, target).enumerated() {
            let weight = positiveWeights.map { Double($0[i % $0.count]) } ?? 1
            // −log sigmoid(x) is log(1 + exp(−x)).
            let (missed, alarm) = (
                log1p(exp(-abs(logit))) + max(-logit, 0), log1p(exp(-abs(logit))) + max(logit, 0)
            )
            loss += (weight * target * missed + (1 - target) * alarm) / count
            let probability = 1 / (1 + exp(-logit))
            out[i] = scale / count * ((1 - target) * probability - weight * target * (1 - probability))
        }
        if let gradient { store(out, in: gradient) }
        return loss
    }

    // MARK: Learning

    public func sumOfSquares(_ x: Buffer) -> Double { values(x).reduce(0) { $0 + $1 * $1 } }

    public func adamW(
        _ parameter: Buffer, gradient: Buffer, firstMoment: Buffer, secondMoment: Buffer,
        _ factors: AdamWFactors
    ) {
        let f = factors
        let first = 1 - pow(f.beta1, Double(f.step)), second = 1 - pow(f.beta2, Double(f.step))
        let (p, m, v) = (storage(parameter), storage(firstMoment), storage(secondMoment))
        for (i, gradient) in values(gradient).enumerated() {
            let g = gradient * f.gradientScale
            m.values[i] = f.beta1 * m.values[i] + (1 - f.beta1) * g
            v.values[i] = f.beta2 * v.values[i] + (1 - f.beta2) * g * g
            let root = v.values[i].squareRoot() / second.squareRoot() + f.epsilon
            p.values[i] *= 1 - f.learningRate * f.weightDecay
            p.values[i] -= f.learningRate / first * m.values[i] / root
        }
    }

    // MARK: Functions

    /// x Φ(x), Φ the standard normal distribution (Hendrycks and Gimpel 2016).
    private func gelu(_ x: Double) -> Double { 0.5 * x * (1 + erf(x / 2.0.squareRoot())) }

    /// Φ(x) + x φ(x).
    private func geluDerivative(_ x: Double) -> Double {
        0.5 * (1 + erf(x / 2.0.squareRoot())) + x * exp(-0.5 * x * x) / (2 * Double.pi).squareRoot()
    }
}
