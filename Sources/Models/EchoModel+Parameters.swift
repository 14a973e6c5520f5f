// The weights of a model by name, as checkpoints and traces hold them.

import Compute

extension EchoModel {
    /// Names and shapes in the order of the forward pass.
    package var parameters: [(name: String, shape: [Int])] { parameterList.map { ($0.name, $0.shape) } }

    /// How many numbers the model learns.
    package var parameterCount: Int { parameterList.reduce(0) { $0 + $1.tensor.value.count } }

    func parameter(_ name: String) -> Parameter {
        guard let found = parameterList.first(where: { $0.name == name }) else {
            preconditionFailure("the model has no parameter \(name)")
        }
        return found
    }

    /// The numbers of a parameter of the model.
    package func read(_ name: String) -> [Float] { engine.read(parameter(name).tensor.value) }

    /// Replaces the numbers of a parameter of the model by as many.
    package func write(_ name: String, _ values: [Float]) {
        let buffer = parameter(name).tensor.value
        precondition(buffer.count == values.count, "values fill \(name)")
        engine.write(values, to: buffer)
    }

    /// The gradient of a parameter since `forgetGradients`; nil if no step has given it one.
    package func gradient(_ name: String) -> [Float]? { parameter(name).tensor.gradient.map(engine.read) }

    /// Empties all gradients; the next step starts anew.
    package func forgetGradients() {
        for parameter in parameterList { parameter.tensor.forgetGradient() }
    }
}
