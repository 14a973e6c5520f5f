// From a study's tokens to what fine-tuning asks about it.

import Compute

/// How a head reads the tokens of a study.
package enum Probe: String, Codable, Sendable, CaseIterable {
    /// Their mean.
    case mean
    /// A learned query attends to all of them.
    case attentive
}

/// The head: the paper's two layers with a GELU between them, or one, of the mean token; or one layer of what a learned
/// query has read of all tokens.
enum Head {
    case mlp(Linear, Linear)
    case linear(Linear)
    case attentive(AttentivePooling, Linear)

    init(_ c: ModelConfiguration, in list: inout ParameterList) {
        if c.probe == .attentive {
            self = .attentive(
                AttentivePooling(c, in: &list), Linear("head.linear", c.dim, c.outputs, in: &list))
        } else if c.linearHead == true {
            self = .linear(Linear("head.linear", c.dim, c.outputs, in: &list))
        } else {
            self = .mlp(
                Linear("head.fc1", c.dim, c.dim, in: &list), Linear("head.fc2", c.dim, c.outputs, in: &list))
        }
    }

    /// Outputs [studies, outputs] from tokens [rows, dim].
    ///
    /// - Parameter segments: the number of tokens of each study
    func callAsFunction(_ tokens: Tensor, segments: [Int], on tape: Tape) -> Tensor {
        switch self {
        case .mlp(let fc1, let fc2):
            tape.mlp(
                tape.mean(tokens, ofSegments: segments), fc1.weight, fc1.bias, fc2.weight, fc2.bias)
        case .linear(let linear): linear(tape.mean(tokens, ofSegments: segments), on: tape)
        case .attentive(let pooling, let linear):
            linear(pooling(tokens, segments: segments, on: tape), on: tape)
        }
    }
}
