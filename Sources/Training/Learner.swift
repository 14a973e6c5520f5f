// A model that is being trained, with all that changes from step to step.

package import Compute
package import Models

/// A model, its optimiser and, if asked for, the average of its weights.
package struct Learner {
    package let model: EchoModel
    package let optimiser: AdamW
    package let average: WeightAverage?

    /// A fresh learner of a run.
    package init(_ configuration: RunConfiguration, on engine: any Engine) {
        let learning = configuration.learning
        model = EchoModel(configuration.model, engine: engine, seed: learning.seed)
        optimiser = AdamW(model)
        optimiser.weightDecay = learning.weightDecay
        optimiser.factors.clip = learning.clip
        if let decay = learning.layerDecay {
            optimiser.rateFactors = configuration.model.rateFactors(
                decay: decay, of: model.parameters.map(\.name))
        }
        average = learning.averageDecay.map { [model] in WeightAverage(of: model, decay: $0) }
    }

    /// Calls `body` while the model has the weights that it is judged by: the average where there is one.
    package func judged<Answer>(_ body: () throws -> Answer) rethrows -> Answer {
        try average.map { try $0.lend(body) } ?? body()
    }
}
