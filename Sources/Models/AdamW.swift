// The optimiser: AdamW with clipping by the global norm.

import Compute

/// AdamW (Loshchilov and Hutter 2019) over the parameters of a model that have gradients.
///
/// Matrices decay; biases, norms and the mask token do not.
public final class AdamW {
    public var beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.05
    /// Gradients whose norm over all parameters exceeds this are scaled down to it; nil never does.
    public var clip: Double? = 1
    /// What the learning rate of a parameter is multiplied by; 1 for those that are not named.
    public var rateFactors: [String: Double] = [:]
    /// How many steps have been taken.
    public private(set) var steps = 0

    private let model: EchoModel
    private var moments: [String: (first: Buffer, second: Buffer)] = [:]

    public init(_ model: EchoModel) { self.model = model }

    /// Takes one step along the model's gradients and forgets them; a parameter without a gradient stays as it is.
    ///
    /// If the gradients are not finite, nothing is changed: the weights are those before the fault.
    /// - Returns: the norm of all gradients before clipping
    public func step(learningRate: Double) -> Double {
        defer { model.forgetGradients() }
        let engine = model.engine
        let learning = model.parameterList.filter { $0.tensor.gradient != nil }
        let norm = learning.reduce(0) { $0 + ($1.tensor.gradient.map(engine.sumOfSquares) ?? 0) }.squareRoot()
        guard norm.isFinite else { return norm }
        steps += 1
        // As torch.nn.utils.clip_grad_norm_, which divides by the norm plus 1e-6.
        let gradientScale = clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1
        for parameter in learning {
            guard let gradient = parameter.tensor.gradient else { continue }
            let (first, second) = moments(of: parameter)
            engine.adamW(
                parameter.tensor.value, gradient: gradient, firstMoment: first, secondMoment: second,
                AdamWFactors(
                    learningRate: learningRate * (rateFactors[parameter.name] ?? 1), beta1: beta1,
                    beta2: beta2, epsilon: epsilon,
                    weightDecay: parameter.shape.count > 1 ? weightDecay : 0, step: steps,
                    gradientScale: gradientScale))
        }
        return norm
    }

    // MARK: State

    /// The first and second moments of the parameters that have taken a step, in the order of the model; each is read
    /// when the sequence comes to it.
    public var state: some Sequence<(name: String, shape: [Int], first: [Float], second: [Float])> {
        model.parameterList.lazy.compactMap { [moments, model] parameter in
            moments[parameter.name].map {
                (parameter.name, parameter.shape, model.engine.read($0.first), model.engine.read($0.second))
            }
        }
    }

    /// Goes on from a state that was taken after `steps` steps.
    public func restore(
        steps: Int, _ state: [(name: String, first: [Float], second: [Float])]
    ) {
        self.steps = steps
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
