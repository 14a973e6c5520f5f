// The optimiser: AdamW with clipping by the global norm, and the average of weights that it may keep.

package import Compute

/// AdamW (Loshchilov and Hutter 2019) over the parameters of a model that have gradients.
///
/// Matrices decay; biases, norms and the mask token do not.
package final class AdamW {
    package var factors = AdamWFactors(clip: 1)
    package var weightDecay = 0.05
    /// What the learning rate of a parameter is multiplied by; 1 for those that are not named.
    package var rateFactors: [String: Double] = [:]

    private let model: EchoModel
    private let parameters: [Parameter]
    private var moments: [String: (first: Buffer, second: Buffer)] = [:]
    private let count: Buffer

    /// - Parameter head: the only one of several heads that learns; nil for the whole model
    package init(_ model: EchoModel, head: Int? = nil) {
        self.model = model
        parameters = model.parameterList.filter { parameter in
            head.map { parameter.name.hasPrefix("head.\($0).") } ?? true
        }
        count = model.engine.zero()
    }

    /// How many steps have been taken; asking waits for the last.
    package var steps: Int { Int(model.engine.sums(count)[0]) }

    /// Takes one step along the model's gradients and forgets them; a parameter without a gradient stays as it is.
    ///
    /// If the gradients are not finite, or a number of `sound` is not, nothing is changed: the weights are those before the
    /// fault.
    /// - Parameter sound: numbers for sums, as the loss
    /// - Returns: the norm of all gradients before clipping, a number for sums
    package func step(learningRate: Double, sound: [Buffer]) -> Buffer {
        let norm = model.engine.zero()
        defer { for parameter in parameters { parameter.tensor.forgetGradient() } }
        let learned = parameters.compactMap { parameter in
            parameter.tensor.gradient.map { gradient in
                let (first, second) = moments(of: parameter)
                return Learned(
                    value: parameter.tensor.value, gradient: gradient, first: first, second: second,
                    rate: learningRate * (rateFactors[parameter.name] ?? 1),
                    weightDecay: parameter.shape.count > 1 ? weightDecay : 0)
            }
        }
        model.engine.norm(of: learned.map(\.gradient), into: norm)
        model.engine.adamW(learned, factors, sound: [norm] + sound, steps: count)
        return norm
    }

    /// The same, with the norm at once.
    package func step(learningRate: Double) -> Double {
        model.engine.sums(step(learningRate: learningRate, sound: []))[0]
    }

    // MARK: State

    /// The first and second moments of the parameters that have taken a step, in the order of the model.
    package var state: [(name: String, shape: [Int], first: Buffer, second: Buffer)] {
        model.parameterList.compactMap { parameter in
            moments[parameter.name].map { (parameter.name, parameter.shape, $0.first, $0.second) }
        }
    }

    /// Goes on from a state that was taken after `steps` steps.
    package func restore(
        steps: Int, _ state: [(name: String, first: [Float], second: [Float])]
    ) {
        model.engine.write([Float(steps)], to: count)
        moments = [:]
        for (name, first, second) in state {
            let (firstBuffer, secondBuffer) = moments(of: model.parameter(name))
            model.engine.write(first, to: firstBuffer)
            model.engine.write(second, to: secondBuffer)
        }
    }

    private func moments(of parameter: Parameter) -> (first: Buffer, second: Buffer) {
        if let held = moments[parameter.name] { return held }
        func zeros() -> Buffer {
            let buffer = model.engine.allocate(parameter.tensor.count, for: .weights)
            model.engine.fill(buffer, with: 0)
            return buffer
        }
        let fresh = (zeros(), zeros())
        moments[parameter.name] = fresh
        return fresh
    }
}
