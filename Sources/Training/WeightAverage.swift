// The exponential moving average of a model's weights, which often does better than the last of them.

package import Models

/// Keeps the average and lends it to the model.
package final class WeightAverage {
    private let model: EchoModel
    private let decay: Double
    package private(set) var values: [[Float]]

    /// Begins with the model's weights.
    package init(of model: EchoModel, decay: Double) {
        self.model = model
        self.decay = decay
        values = model.parameters.map { model.read($0.name) }
    }

    /// Takes in the weights after step number `step`, from 1; the first steps forget faster.
    package func update(step: Int) {
        let share = Float(1 - min(decay, Double(1 + step) / Double(10 + step)))
        for (index, parameter) in model.parameters.enumerated() {
            let weights = model.read(parameter.name)
            for at in weights.indices { values[index][at] += share * (weights[at] - values[index][at]) }
        }
    }

    /// Begins again with the weights that the model has now.
    package func restart() { values = model.parameters.map { model.read($0.name) } }

    /// Goes on from the values of a checkpoint, in the order of the model's parameters.
    package func restore(_ values: [[Float]]) {
        precondition(values.map(\.count) == self.values.map(\.count), "an average fits its model")
        self.values = values
    }

    /// Calls `body` while the model has the average for its weights.
    package func lend<Answer>(_ body: () throws -> Answer) rethrows -> Answer {
        let names = model.parameters.map(\.name)
        let weights = names.map(model.read)
        for (name, average) in zip(names, values) { model.write(name, average) }
        defer { for (name, own) in zip(names, weights) { model.write(name, own) } }
        return try body()
    }
}
