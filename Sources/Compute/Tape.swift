// What was computed, so that gradients can be found by going back over it: reverse-mode differentiation.

/// Computes on an engine, and remembers how to go back.
///
/// Its operations are an `Engine`'s, over tensors. Every operation appends a step that turns the gradient of its
/// result into those of its inputs; `backward` takes the steps from the last to the first and drops each, so that
/// memory is free as soon as nothing needs it. A tape that does not record keeps nothing. Results of `layerNorm` and
/// of GELU are not kept for the way back, nor are hidden layers that the engine finds too large: they are cheap to compute
/// again.
package final class Tape {
    package let engine: any Engine
    private let recording: Bool
    private let whenLearned: (Tensor) -> Void
    private var steps: [(Tape) -> Void] = []

    /// - Parameter whenLearned: receives each tensor that was made to learn, once the way back has written its gradient:
    ///   ranks may sum it while the way back goes on. One that several operations use comes once for each.
    package init(
        _ engine: any Engine, recording: Bool, whenLearned: @escaping (Tensor) -> Void = { _ in }
    ) {
        self.engine = engine
        self.recording = recording
        self.whenLearned = whenLearned
    }

    /// Goes back over all steps; gradients of tensors that learn are added to.
    package func backward() {
        while let step = steps.popLast() { step(self) }
    }

    // MARK: Operations

    /// x · weightᵀ + bias, plus `residual`, of the result's shape.
    ///
    /// - Parameter use: `.factors` if the result is mostly a factor of other products
    package func linear(
        _ x: Tensor, _ weight: Tensor, _ bias: Tensor, adding residual: Tensor? = nil,
        for use: BufferUse = .values
    ) -> Tensor {
        let (rows, inputs, outputs) = (x.rows, weight.width, weight.rows)
        let y = result(rows, outputs, from: [x, weight, bias, residual], for: use)
        engine.linear(
            x.value, weight: weight.value, bias: bias.value, into: y.value, rows: rows, inputs: inputs,
            outputs: outputs, then: residual.map { .adding($0.value) } ?? .none)
        x.letGo()
        record(y) { tape, dy in
            let factors = tape.engine.factors(dy)
            tape.weightGradient(factors, x, weight, bias)
            tape.inputGradient(factors, weight, to: x)
            if let residual { tape.pass(dy, to: residual) }
        }
        return y
    }

    /// The two linear layers of a transformer's MLP with a GELU between them, plus `residual`.
    ///
    /// One operation, because the hidden layer is the widest of all and is needed nowhere else.
    package func mlp(
        _ x: Tensor, _ weight1: Tensor, _ bias1: Tensor, _ weight2: Tensor, _ bias2: Tensor,
        adding residual: Tensor? = nil
    ) -> Tensor {
        let (rows, inputs, hidden, outputs) = (x.rows, x.width, weight1.rows, weight2.rows)
        let y = result(rows, outputs, from: [x, weight1, bias1, weight2, bias2, residual])
        let layer = { [engine] in engine.allocate(rows * hidden, for: .factors) }
        let before = Tensor(layer(), rows: rows, width: hidden, learns: false)
        let activated = layer()
        engine.linear(
            x.value, weight: weight1.value, bias: bias1.value, into: before.value, rows: rows, inputs: inputs,
            outputs: hidden, then: .gelu(into: activated))
        if y.learns, before.count > engine.largestKept {
            before.remake = { [engine] in
                let again = layer()
                engine.linear(
                    x.value, weight: weight1.value, bias: bias1.value, into: again, rows: rows,
                    inputs: inputs, outputs: hidden, then: .none)
                return again
            }
        }
        x.letGo()
        before.letGo()
        engine.linear(
            activated, weight: weight2.value, bias: bias2.value, into: y.value, rows: rows, inputs: hidden,
            outputs: outputs, then: residual.map { .adding($0.value) } ?? .none)
        record(y) { tape, dy in
            let factors = tape.engine.factors(dy), dHidden = layer()
            tape.engine.linearInputGradient(
                factors, weight: weight2.value, into: dHidden, accumulating: false, rows: rows,
                inputs: hidden, outputs: outputs, through: before.value)
            // What was before the GELU is now what came after it.
            tape.weightGradient(factors, before, weight2, bias2)
            before.letGo()
            tape.weightGradient(dHidden, x, weight1, bias1)
            tape.inputGradient(dHidden, weight1, to: x)
            if let residual { tape.pass(dy, to: residual) }
        }
        return y
    }

    /// Every row of x normalised to mean 0 and variance 1, times `scale`, plus `shift`.
    ///
    /// - Parameter use: `.factors` if the result is mostly a factor of products
    package func layerNorm(
        _ x: Tensor, _ scale: Tensor, _ shift: Tensor, epsilon: Double = 1e-6, for use: BufferUse = .values
    ) -> Tensor {
        let (rows, width) = (x.rows, x.width)
        let y = result(rows, width, from: [x, scale, shift], for: use)
        let statistics = engine.allocate(rows * 2)
        let norm = { [engine] (y: Buffer) in
            engine.layerNorm(
                x.value, scale: scale.value, shift: shift.value, into: y, statistics: statistics, rows: rows,
                width: width, epsilon: epsilon)
        }
        norm(y.value)
        if y.learns {
            y.remake = { [engine] in
                let again = engine.allocate(rows * width, for: use)
                norm(again)
                return again
            }
        }
        record(y) { tape, dy in
            let (dx, accumulating) = tape.writable(x)
            tape.engine.layerNormGradient(
                dy, x: x.value, scale: scale.value, statistics: statistics, into: dx,
                accumulating: accumulating,
                addingTo: tape.accumulator(scale), and: tape.accumulator(shift), rows: rows, width: width)
            tape.learned(scale)
            tape.learned(shift)
        }
        return y
    }

    /// Multi-head self-attention of packed sequences; x is [rows, 3·width] of queries, keys and values. The result is for
    /// what x is for.
    package func attention(_ x: Tensor, _ shape: AttentionShape) -> Tensor {
        precondition(x.rows == shape.rows && x.width == 3 * shape.width, "attention's input fills its shape")
        let y = result(x.rows, shape.width, from: [x], for: x.use)
        let logSums = engine.allocate(x.rows * shape.heads)
        engine.attention(x.value, into: y.value, logSums: logSums, shape: shape)
        record(y) { tape, dy in
            precondition(x.gradient == nil, "attention is the only user of its queries, keys and values")
            let (dx, _) = tape.writable(x)
            tape.engine.attentionGradient(
                dy, qkv: x.value, y: y.value, logSums: logSums, into: dx, shape: shape)
        }
        return y
    }

    /// Multi-head attention of packed queries [queryRows, width] to the keys and values [keyRows, 2·width] of other
    /// sequences. The result is for what q is for.
    package func crossAttention(_ q: Tensor, _ kv: Tensor, _ shape: CrossAttentionShape) -> Tensor {
        precondition(
            q.rows == shape.queryRows && q.width == shape.width && kv.rows == shape.keyRows
                && kv.width == 2 * shape.width, "attention's inputs fill its shape")
        let y = result(q.rows, shape.width, from: [q, kv], for: q.use)
        let logSums = engine.allocate(q.rows * shape.heads)
        engine.crossAttention(q.value, kv.value, into: y.value, logSums: logSums, shape: shape)
        record(y) { tape, dy in
            precondition(
                q.gradient == nil && kv.gradient == nil,
                "attention is the only user of its queries, keys and values")
            tape.engine.crossAttentionGradient(
                dy, q: q.value, kv: kv.value, y: y.value, logSums: logSums, into: tape.writable(q).buffer,
                and: tape.writable(kv).buffer, shape: shape)
        }
        return y
    }

    /// All rows of x, so many times one after the other.
    package func repeated(_ x: Tensor, times: Int) -> Tensor {
        let y = result(times * x.rows, x.width, from: [x])
        // One row as wide as all of x, which fills every place.
        let places = engine.rows([Int32](repeating: -1, count: times))
        engine.gather(x.value, rows: places, filler: x.value, into: y.value, width: x.count)
        record(y) { tape, dy in
            let none = tape.engine.allocate(0)
            tape.engine.gatherGradient(
                dy, rows: places, into: none, accumulating: false, addingTo: tape.accumulator(x), rows: 0,
                width: x.count)
            tape.learned(x)
        }
        return y
    }

    /// Rows of x by number, each at most once, and `filler` [1, width] where the number is −1.
    package func gather(_ x: Tensor, _ index: RowIndex, filler: Tensor? = nil) -> Tensor {
        let y = result(index.count, x.width, from: [x, filler])
        engine.gather(x.value, rows: index, filler: filler?.value, into: y.value, width: x.width)
        record(y) { tape, dy in
            let (dx, accumulating) = tape.writable(x)
            tape.engine.gatherGradient(
                dy, rows: index, into: dx, accumulating: accumulating, addingTo: filler.map(tape.accumulator),
                rows: x.rows, width: x.width)
            if let filler { tape.learned(filler) }
        }
        return y
    }

    /// Adds rows of a constant table by number to x, in place: x comes from `linear`, `gather` or `layerNorm`,
    /// which do not look at their result again, and nothing has used it yet.
    package func addRows(of table: Buffer, at index: RowIndex, to x: Tensor) {
        x.remake = nil
        engine.addRows(of: table, at: index, to: x.value, width: x.width)
    }

    /// The mean of each of the consecutive segments of rows.
    package func mean(_ x: Tensor, ofSegments segments: [Int]) -> Tensor {
        let y = result(segments.count, x.width, from: [x])
        engine.meanOfSegments(x.value, segments: segments, into: y.value, width: x.width)
        record(y) { tape, dy in
            let (dx, accumulating) = tape.writable(x)
            tape.engine.meanOfSegmentsGradient(
                dy, segments: segments, into: dx, accumulating: accumulating, width: x.width)
        }
        return y
    }

    /// `scale` · Σ weights[r] · mean of (x − target)² over row r is added to `loss`; its gradient goes to x. With as many
    /// weights as numbers each is a row of its own.
    package func squaredError(
        _ x: Tensor, target: Buffer, weights: Buffer, scale: Double, addingTo loss: Buffer
    ) {
        engine.squaredError(
            x.value, target: target, weights: weights, width: x.count / weights.count,
            gradient: lossGradient(x), scale: scale, addingTo: loss)
    }

    /// `scale` · Σ weights · binary cross-entropy of logits is added to `loss`; its gradient goes to x.
    package func binaryCrossEntropy(
        _ x: Tensor, target: Buffer, weights: Buffer, scale: Double, addingTo loss: Buffer
    ) {
        engine.binaryCrossEntropy(
            x.value, target: target, weights: weights, gradient: lossGradient(x), scale: scale, addingTo: loss
        )
    }

    /// What `body` makes of x, computed again on the way back instead of kept: time for memory.
    ///
    /// - Parameter body: operations on the tape that it is given, whose result has a gradient
    package func again(_ x: Tensor, _ body: @escaping (Tensor, Tape) -> Tensor) -> Tensor {
        let made = body(x, Tape(engine, recording: false))
        let y = Tensor(made.value, rows: made.rows, width: made.width, learns: recording, for: made.use)
        record(y) { tape, dy in
            let input = Tensor(x.value, rows: x.rows, width: x.width, learns: true)
            let inner = Tape(tape.engine, recording: true, whenLearned: tape.whenLearned)
            let output = body(input, inner)
            output.gradient = dy
            inner.backward()
            if let dx = input.gradient { tape.pass(dx, to: x) }
        }
        return y
    }

    // MARK: Gradients

    private func result(
        _ rows: Int, _ width: Int, from inputs: [Tensor?], for use: BufferUse = .values
    ) -> Tensor {
        let learns = recording && inputs.contains { $0?.learns == true }
        let buffer = engine.allocate(rows * width, for: use)
        return Tensor(buffer, rows: rows, width: width, learns: learns, for: use)
    }

    /// Appends a step that runs if a gradient reached `y`, and then frees that gradient.
    private func record(_ y: Tensor, _ step: @escaping (_ tape: Tape, _ dy: Buffer) -> Void) {
        guard y.learns else { return }
        steps.append { tape in
            guard let dy = y.gradient else { return }
            y.gradient = nil
            step(tape, dy)
        }
    }

    private func weightGradient(_ dy: Buffer, _ x: Tensor, _ weight: Tensor, _ bias: Tensor) {
        guard weight.learns else { return }
        let (dWeight, accumulating) = writable(weight)
        engine.linearWeightGradient(
            dy, x: x.value, into: dWeight, and: writable(bias).buffer, accumulating: accumulating,
            rows: dy.count / weight.rows, inputs: weight.width, outputs: weight.rows)
        learned(weight)
        learned(bias)
    }

    private func learned(_ x: Tensor) { if x.learns { whenLearned(x) } }

    private func inputGradient(_ dy: Buffer, _ weight: Tensor, to x: Tensor) {
        guard x.learns else { return }
        let (dx, accumulating) = writable(x)
        engine.linearInputGradient(
            dy, weight: weight.value, into: dx, accumulating: accumulating, rows: x.rows,
            inputs: weight.width,
            outputs: weight.rows, through: nil)
    }

    /// Gives `dy`, which the step has finished with, to a tensor that was only added.
    private func pass(_ dy: Buffer, to x: Tensor) {
        guard x.learns else { return }
        if let held = x.gradient { engine.add(dy, to: held) } else { x.gradient = dy }
    }

    /// The gradient of a parameter, zero at first.
    private func accumulator(_ x: Tensor) -> Buffer {
        if let held = x.gradient { return held }
        let buffer = x.gradientPlace ?? engine.allocate(x.count)
        engine.fill(buffer, with: 0)
        if x.learns { x.gradient = buffer }
        return buffer
    }

    private func lossGradient(_ x: Tensor) -> Buffer? {
        guard x.learns else { return nil }
        precondition(x.gradient == nil, "a loss is the only user of its input")
        return writable(x).buffer
    }

    /// Where the gradient of `x` is to be written, and whether something is there already that must be kept.
    ///
    /// A tensor that wants no gradient gets memory for it all the same where an operation makes all gradients at once.
    private func writable(_ x: Tensor) -> (buffer: Buffer, accumulating: Bool) {
        guard x.learns else { return (engine.allocate(x.count, for: x.use), false) }
        guard let held = x.gradient else {
            let buffer = x.gradientPlace ?? engine.allocate(x.count, for: x.use)
            x.gradient = buffer
            return (buffer, false)
        }
        return (held, true)
    }
}
