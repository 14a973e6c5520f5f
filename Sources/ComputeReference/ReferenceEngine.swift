// The judge of the other engines: every operation as its formula reads, in plain loops, in F64.

package import Compute
import Foundation

/// Slow and readable, and exact enough for finite differences to judge whole models.
package final class ReferenceEngine: Engine, Sendable {
    package init() {}

    package var kernels: String { "loops in F64" }

    /// Numbers in F64, of their own or a part of another's.
    private final class Storage: Buffer, @unchecked Sendable {
        private let owner: (storage: Storage, start: Int)?
        private var own: [Double]

        init(_ values: [Double]) {
            owner = nil
            own = values
            super.init(count: values.count)
        }

        init(part: Range<Int>, of whole: Storage) {
            owner = (whole, part.lowerBound)
            own = []
            super.init(count: part.count)
        }

        var values: [Double] {
            get {
                guard let (storage, start) = owner else { return own }
                return Array(storage.values[start..<start + count])
            }
            set {
                if let (storage, start) = owner {
                    storage.values.replaceSubrange(start..<start + count, with: newValue)
                } else {
                    own = newValue
                }
            }
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
        target.values = accumulating ? zip(target.values, values).map(+) : values
    }

    // MARK: Memory

    package func allocate(_ count: Int, for use: BufferUse) -> Buffer {
        Storage([Double](repeating: .nan, count: count))
    }
    package func slab(_ counts: [Int], for use: BufferUse) -> Slab {
        let whole = Storage([Double](repeating: .nan, count: counts.reduce(0, +)))
        return Slab(whole: whole, counts: counts) { Storage(part: $0, of: whole) }
    }
    package func rows(_ numbers: [Int32]) -> RowIndex { HostRows(numbers) }
    package func write(_ values: [Float], to buffer: Buffer) { store(values.map { Double($0) }, in: buffer) }
    package func staging(_ count: Int) -> HostPixels { HostArray(count: count) }
    package func read(_ buffer: Buffer) -> [Float] { values(buffer).map { Float($0) } }
    package func sums(_ buffer: Buffer) -> [Double] { values(buffer) }
    package func fill(_ buffer: Buffer, with value: Float) {
        store([Double](repeating: Double(value), count: buffer.count), in: buffer)
    }
    package func add(_ source: Buffer, to target: Buffer) {
        store(values(source), in: target, accumulating: true)
    }
    package func copy(_ source: Buffer, to target: Buffer) { store(values(source), in: target) }

    // MARK: Losses

    package func squaredError(
        _ prediction: Buffer, target: Buffer, weights: Buffer, width: Int, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {
        let prediction = values(prediction), target = values(target)
        var sum = 0.0
        var out = [Double](repeating: 0, count: prediction.count)
        for (r, weight) in values(weights).enumerated() where weight != 0 {
            for i in r * width..<(r + 1) * width {
                let difference = prediction[i] - target[i]
                sum += weight * difference * difference / Double(width)
                out[i] = 2 * scale * weight / Double(width) * difference
            }
        }
        if let gradient { store(out, in: gradient) }
        store([scale * sum], in: loss, accumulating: true)
    }

    package func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, weights: Buffer, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {
        let logits = values(logits), target = values(target)
        var sum = 0.0
        var out = [Double](repeating: 0, count: logits.count)
        for (i, weight) in values(weights).enumerated() where weight != 0 {
            // −log sigmoid(x) is log(1 + exp(−x)).
            let common = log1p(exp(-abs(logits[i])))
            let (missed, alarm) = (common + max(-logits[i], 0), common + max(logits[i], 0))
            sum += weight * (target[i] * missed + (1 - target[i]) * alarm)
            out[i] = scale * weight * (1 / (1 + exp(-logits[i])) - target[i])
        }
        if let gradient { store(out, in: gradient) }
        store([scale * sum], in: loss, accumulating: true)
    }

    // MARK: Learning

    package func norm(of buffers: [Buffer], into norm: Buffer) {
        store([buffers.reduce(0) { values($1).reduce($0) { $0 + $1 * $1 } }.squareRoot()], in: norm)
    }

    package func adamW(_ parameters: [Learned], _ factors: AdamWFactors, sound: [Buffer], steps: Buffer) {
        let found = sound.flatMap(values), f = factors
        guard let norm = found.first, found.allSatisfy(\.isFinite) else { return }
        store([1], in: steps, accumulating: true)
        let step = values(steps)[0], scale = f.gradientScale(norm: norm)
        let first = 1 - pow(f.beta1, step), second = 1 - pow(f.beta2, step)
        for parameter in parameters {
            var (p, m, v) = (values(parameter.value), values(parameter.first), values(parameter.second))
            for (i, gradient) in values(parameter.gradient).enumerated() {
                let g = gradient * scale
                m[i] = f.beta1 * m[i] + (1 - f.beta1) * g
                v[i] = f.beta2 * v[i] + (1 - f.beta2) * g * g
                let root = v[i].squareRoot() / second.squareRoot() + f.epsilon
                p[i] *= 1 - parameter.rate * parameter.weightDecay
                p[i] -= parameter.rate / first * m[i] / root
            }
            store(p, in: parameter.value)
            store(m, in: parameter.first)
            store(v, in: parameter.second)
        }
    }

    package func blend(_ sources: [Buffer], into targets: [Buffer], share: Double) {
        for (source, target) in zip(sources, targets) {
            store(zip(values(source), values(target)).map { $1 + share * ($0 - $1) }, in: target)
        }
    }
}
