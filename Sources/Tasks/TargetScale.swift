// A number as a model learns it: standardised on the studies that it learns from.

/// The mean and the standard deviation of a regression's target over the training split, in the target's unit.
package struct TargetScale: Codable, Sendable, Equatable {
    package var mean: Double, deviation: Double

    /// Of at least one value; where all are alike the deviation is 1.
    package init(of values: [Double]) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        self.mean = mean
        deviation = variance > 0 ? variance.squareRoot() : 1
    }

    /// What the model is to say for a value.
    package func standardised(_ value: Float) -> Float { Float((Double(value) - mean) / deviation) }

    /// The value that an output of the model stands for.
    package func value(of output: Float) -> Float { Float(Double(output) * deviation + mean) }
}
