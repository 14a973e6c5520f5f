// From a study's mean token to what fine-tuning asks about it.

import Compute

/// The head: the paper's two layers with a GELU between them, or one.
enum Head {
    case linear(Linear)
    case mlp(Linear, Linear)

    init(_ c: ModelConfiguration, in list: inout ParameterList) {
        self =
            c.linearHead == true
            ? .linear(Linear("head.linear", c.dim, c.outputs, in: &list))
            : .mlp(
                Linear("head.fc1", c.dim, c.dim, in: &list), Linear("head.fc2", c.dim, c.outputs, in: &list))
    }

    /// Outputs [studies, outputs] from [studies, dim].
    func callAsFunction(_ study: Tensor, on tape: Tape) -> Tensor {
        switch self {
        case .linear(let linear): linear(study, on: tape)
        case .mlp(let fc1, let fc2): tape.mlp(study, fc1.weight, fc1.bias, fc2.weight, fc2.bias)
        }
    }
}
