// What heads read of a frozen encoder, computed once, and heads that learn from it without the encoder.

package import Compute

/// What heads read of some studies: all their tokens, or of each its mean token.
package struct HeadFeatures: Sendable {
    /// [rows, dim]: the rows of the first study, then those of the next.
    package let values: [Float]
    /// Rows of each study.
    package let rows: [Int]

    package init(values: [Float], rows: [Int]) {
        self.values = values
        self.rows = rows
    }

    /// Those of several studies side by side.
    package init(_ studies: [HeadFeatures]) {
        values = studies.flatMap(\.values)
        rows = studies.flatMap(\.rows)
    }
}

extension EchoModel {
    /// What the heads read of a batch: a row for each token where they attend to all, else one for each study.
    package func features(_ batch: StudyBatch) -> HeadFeatures {
        let tape = Tape(engine, recording: false), tokens = tokens(of: batch, on: tape)
        let segments = segments(of: batch)
        guard configuration.probe != .attentive else {
            return HeadFeatures(values: engine.read(tokens.value), rows: segments)
        }
        return HeadFeatures(
            values: engine.read(tape.mean(tokens, ofSegments: segments).value), rows: segments.map { _ in 1 })
    }

    /// One step forward and back of all heads, which answer the same; the gradients of each one's loss are added to its
    /// parameters', and it to its number of `sums`.
    ///
    /// - Parameters:
    ///   - targets: [studies, outputs of one head]; NaN where one is not known
    ///   - sums: a number for sums for each head
    package func headStep(
        _ features: HeadFeatures, targets: [Float], _ loss: HeadLoss, addingTo sums: [Buffer]
    ) {
        let tape = Tape(engine, recording: true)
        for (output, sum) in zip(outputs(features, on: tape), sums) {
            add(loss, of: output, targets, to: sum, on: tape)
        }
        tape.backward()
    }

    /// The outputs of each head, [studies, outputs].
    package func outputs(of features: HeadFeatures) -> [[Float]] {
        outputs(features, on: Tape(engine, recording: false)).map { engine.read($0.value) }
    }

    private func outputs(_ features: HeadFeatures, on tape: Tape) -> [Tensor] {
        let width = configuration.dim, rows = features.rows.reduce(0, +)
        precondition(features.values.count == rows * width, "features fill [rows, dim]")
        let tokens = Tensor(engine.upload(features.values), rows: rows, width: width, learns: false)
        return heads.map { $0(tokens, segments: features.rows, mean: tokens, on: tape) }
    }
}
