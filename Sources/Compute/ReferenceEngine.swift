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

    func values(_ buffer: Buffer) -> [Double] { storage(buffer).values }

    /// Replaces `buffer`'s numbers, or adds to them.
    func store(_ values: [Double], in buffer: Buffer, accumulating: Bool = false) {
        let target = storage(buffer)
        precondition(values.count == target.count, "a result fills its buffer")
        if accumulating {
            for i in values.indices { target.values[i] += values[i] }
        } else {
            target.values = values
        }
    }

    // MARK: Memory

    public func allocate(_ count: Int, for use: BufferUse) -> Buffer {
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
}
