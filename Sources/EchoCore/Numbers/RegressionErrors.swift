// How far predictions of a number are off: for the choice of the best epoch and for the report, by one rule.

/// The errors of predictions, in the unit of the number.
package struct RegressionErrors: Sendable, Codable, Equatable {
    /// The mean absolute error.
    package let mae: Double
    /// The root of the mean squared error.
    package let rmse: Double
    /// The coefficient of determination, 1 − Σ(prediction − truth)² / Σ(truth − mean truth)²; nil where all truths are
    /// the same.
    package let r2: Double?

    package init(mae: Double, rmse: Double, r2: Double?) {
        self.mae = mae
        self.rmse = rmse
        self.r2 = r2
    }

    /// - Precondition: a prediction for every truth, and at least one
    package init(truths: [Double], predictions: [Double]) {
        precondition(truths.count == predictions.count && !truths.isEmpty, "a prediction for every truth")
        let count = Double(truths.count)
        let errors = zip(truths, predictions).map { $1 - $0 }
        let squares = errors.reduce(0) { $0 + $1 * $1 }
        let mean = truths.reduce(0, +) / count
        let spread = truths.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        mae = errors.reduce(0) { $0 + abs($1) } / count
        rmse = (squares / count).squareRoot()
        r2 = spread > 0 ? 1 - squares / spread : nil
    }
}
