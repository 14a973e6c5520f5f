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
        let recipe = configuration.recipe
        model = EchoModel(configuration.model, engine: engine, seed: recipe.seed)
        optimiser = AdamW(model)
        optimiser.weightDecay = recipe.weightDecay
        optimiser.factors.clip = recipe.clip
        if let decay = recipe.layerDecay {
            optimiser.rateFactors = configuration.model.rateFactors(
                decay: decay, of: model.parameters.map(\.name))
        }
        average = recipe.averageDecay.map { [model] in WeightAverage(of: model, decay: $0) }
    }

    /// Calls `body` while the model has the weights that it is judged by: the average where there is one.
    package func judged<Answer>(_ body: () throws -> Answer) rethrows -> Answer {
        try average.map { try $0.lend(body) } ?? body()
    }
}
