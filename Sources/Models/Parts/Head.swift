// From a study's mean token to what fine-tuning asks about it.

import Compute

/// A head: the paper's two layers with a GELU between them, or one.
enum Head {
    case linear(Linear)
    case mlp(Linear, Linear)

    /// - Parameter name: what stands before the names of its weights
    init(_ name: String, _ c: ModelConfiguration, outputs: Int, in list: inout ParameterList) {
        self =
            c.linearHead == true
            ? .linear(Linear("\(name).linear", c.dim, outputs, in: &list))
            : .mlp(
                Linear("\(name).fc1", c.dim, c.dim, in: &list),
                Linear("\(name).fc2", c.dim, outputs, in: &list))
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

    /// Outputs [studies, outputs] from [studies, dim].
    func callAsFunction(_ study: Tensor, on tape: Tape) -> Tensor {
        switch self {
        case .linear(let linear): linear(study, on: tape)
        case .mlp(let fc1, let fc2): tape.mlp(study, fc1.weight, fc1.bias, fc2.weight, fc2.bias)
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
