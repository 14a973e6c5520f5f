// From a study's tokens to what fine-tuning asks about it.

import Compute

/// How a head reads the tokens of a study.
package enum Probe: String, Codable, Sendable, CaseIterable {
    /// Their mean.
    case mean
    /// A learned query attends to all of them.
    case attentive
}

/// A head: the paper's two layers with a GELU between them, or one, of the mean token; or one layer of what a learned
/// query has read of all tokens.
enum Head {
    case mlp(Linear, Linear)
    case linear(Linear)
    case attentive(AttentivePooling, Linear)

    /// - Parameter name: what stands before the names of its weights
    init(_ name: String, _ c: ModelConfiguration, outputs: Int, in list: inout ParameterList) {
        if c.probe == .attentive {
            self = .attentive(
                AttentivePooling(name, c, in: &list), Linear("\(name).linear", c.dim, outputs, in: &list))
        } else if c.linearHead == true {
            self = .linear(Linear("\(name).linear", c.dim, outputs, in: &list))
        } else {
            self = .mlp(
                Linear("\(name).fc1", c.dim, c.dim, in: &list),
                Linear("\(name).fc2", c.dim, outputs, in: &list))
        }
    }

    /// The heads of a model: one called `head`, or several, `head.0` and so on; none in pre-training.
    static func all(_ c: ModelConfiguration, in list: inout ParameterList) -> [Head] {
        guard let several = c.headOutputs else {
            return c.outputs == 0 ? [] : [Head("head", c, outputs: c.outputs, in: &list)]
        }
        var heads: [Head] = []
        for (index, outputs) in several.enumerated() {
            heads.append(Head("head.\(index)", c, outputs: outputs, in: &list))
        }
        return heads
    }

    /// Outputs [studies, outputs] from tokens [rows, dim].
    ///
    /// - Parameters:
    ///   - segments: the number of tokens of each study
    ///   - mean: the mean token of each study, [studies, dim]
    func callAsFunction(
        _ tokens: Tensor, segments: [Int], mean: @autoclosure () -> Tensor, on tape: Tape
    ) -> Tensor {
        switch self {
        case .mlp(let fc1, let fc2): tape.mlp(mean(), fc1.weight, fc1.bias, fc2.weight, fc2.bias)
        case .linear(let linear): linear(mean(), on: tape)
        case .attentive(let pooling, let linear):
            linear(pooling(tokens, segments: segments, on: tape), on: tape)
        }
    }
}

/// What fine-tuning minimises of one head, as a mean over its outputs of all studies that are known.
package struct HeadLoss: Sendable {
    package enum Kind: Sendable { case binaryCrossEntropy, meanSquaredError }

    package let kind: Kind
    /// How much a target of 1 counts in the cross-entropy of each output; nil for 1.
    package let positiveWeights: [Float]?
    /// What its mean is multiplied by.
    package let weight: Double

    package init(_ kind: Kind, positiveWeights: [Float]? = nil, weight: Double = 1) {
        self.kind = kind
        self.positiveWeights = positiveWeights
        self.weight = weight
    }
}
