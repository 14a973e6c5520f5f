// The exponential moving average of a model's weights, which often does better than the last of them.

package import Compute

/// Keeps the average where the weights are, and lends it to the model.
package final class WeightAverage {
    private let model: EchoModel
    private let decay: Double
    private let averages: [Buffer]

    /// Begins with the model's weights.
    package init(of model: EchoModel, decay: Double) {
        self.model = model
        self.decay = decay
        averages = model.parameterList.map { model.engine.allocate($0.tensor.count, for: .weights) }
        restart()
    }

    private var weights: [Buffer] { model.parameterList.map(\.tensor.value) }

    /// Takes in the weights after step number `step`, from 1; the first steps forget faster.
    package func update(step: Int) {
        let share = 1 - min(decay, Double(1 + step) / Double(10 + step))
        model.engine.blend(weights, into: averages, share: share)
    }

    /// Begins again with the weights that the model has now.
    package func restart() {
        for (weight, average) in zip(weights, averages) { model.engine.copy(weight, to: average) }
    }

    /// The averages in the order of the model's parameters.
    package var values: [(name: String, shape: [Int], average: Buffer)] {
        zip(model.parameterList, averages).map { ($0.name, $0.shape, $1) }
    }

    /// Goes on from the values of a checkpoint, in the order of the model's parameters.
    package func restore(_ values: [[Float]]) {
        precondition(values.map(\.count) == averages.map(\.count), "an average fits its model")
        for (average, values) in zip(averages, values) { model.engine.write(values, to: average) }
    }

    /// Calls `body` while the model has the average for its weights.
    package func lend<Answer>(_ body: () throws -> Answer) rethrows -> Answer {
        exchange()
        defer { exchange() }
        return try body()
    }

    /// The average for the weights, and the weights for the average.
    private func exchange() {
        let engine = model.engine
        for (weight, average) in zip(weights, averages) {
            let held = engine.allocate(weight.count)
            engine.copy(weight, to: held)
            engine.copy(average, to: weight)
            engine.copy(held, to: average)
        }
    }
}
