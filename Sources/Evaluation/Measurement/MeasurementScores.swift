// How far a model's measurements are off, with intervals over resamplings of the subjects.

import EchoCore

/// A measure of how far measurements are off.
public enum ErrorMeasure: String, CaseIterable, Sendable, Codable {
    /// Mean absolute error, root of the mean squared error (both in the quantity's unit), and R².
    case mae, rmse, r2

    /// The name in tables.
    public var title: String {
        switch self {
        case .mae: "MAE"
        case .rmse: "RMSE"
        case .r2: "R²"
        }
    }

    var decimals: Int { self == .r2 ? 3 : 2 }
}

/// One model's measurements on one split.
public struct MeasurementScores: Codable, Sendable, Equatable {
    /// The run folder's name or the predictions file's.
    public let run: String
    /// What the run shares with those that differ in their seed alone.
    public var model: String?
    public let split: String
    public let quantity: String
    public let studies: Int, subjects: Int
    /// Resamplings of subjects behind the intervals, their seed, and the intervals' percentage.
    public let bootstrap: Int, seed: UInt64, confidence: Double
    public let mae: Estimate, rmse: Estimate
    /// Nil where all true values are alike.
    public let r2: Estimate?
    /// The mean absolute error of answering with these studies' own mean, and their mean squared error's root.
    public let meanMAE: Estimate, meanRMSE: Estimate
    /// Mean of prediction − truth, and the limits of agreement around it: ± 1.96 standard deviations of it.
    public let bias: Double, lowerLimit: Double, upperLimit: Double

    var modelName: String { model ?? run }
    var population: String { "\(grouped(studies)) studies of \(grouped(subjects)) subjects" }

    subscript(_ measure: ErrorMeasure) -> Estimate? {
        switch measure {
        case .mae: mae
        case .rmse: rmse
        case .r2: r2
        }
    }
}

/// One model's measurements with what they are worth, on the data and on every resampling.
struct ScoredMeasurements: Sendable {
    var scores: MeasurementScores
    let measurements: Measurements
    /// For each resampling the measures in the order of `ErrorMeasure.allCases`.
    let draws: [[Double?]]
}

/// Scores one model's measurements as `score(_:run:split:options:)` does its probabilities: by resampling subjects.
func score(_ measurements: Measurements, run: String, split: String, options: ScoringOptions) throws
    -> ScoredMeasurements
{
    let rows = measurements.rows, subjects = measurements.subjects
    let index = Dictionary(uniqueKeysWithValues: zip(subjects, subjects.indices))
    let owners = rows.map { index[$0.subject]! }
    let mean = Metrics.mean(rows.map(\.truth))!
    let constant = rows.map {
        Measurements.Row(study: $0.study, subject: $0.subject, truth: $0.truth, prediction: mean)
    }
    func errors(_ rows: [Measurements.Row], _ weights: [Int]?) -> [Double?] {
        Metrics.errors(rows, weights: weights.map { weights in owners.map { weights[$0] } })
    }
    var draws: [[Double?]] = [], constantDraws: [[Double?]] = []
    for draw in 0..<options.bootstrap {
        try Interruption.check()
        let weights = subjectWeights(subjects.count, options.seed, draw: draw)
        draws.append(errors(rows, weights))
        constantDraws.append(errors(constant, weights))
    }
    func estimate(_ measure: Int, _ rows: [Measurements.Row], _ draws: [[Double?]]) -> Estimate? {
        errors(rows, nil)[measure].map {
            interval(around: $0, draws.compactMap { $0[measure] }, confidence: options.confidence)
        }
    }
    let differences = rows.map { $0.prediction - $0.truth }
    let bias = Metrics.mean(differences)!, deviation = Metrics.standardDeviation(differences) ?? 0
    return ScoredMeasurements(
        scores: MeasurementScores(
            run: run, model: nil, split: split, quantity: measurements.name, studies: rows.count,
            subjects: subjects.count, bootstrap: options.bootstrap, seed: options.seed,
            confidence: options.confidence, mae: estimate(0, rows, draws)!, rmse: estimate(1, rows, draws)!,
            r2: estimate(2, rows, draws), meanMAE: estimate(0, constant, constantDraws)!,
            meanRMSE: estimate(1, constant, constantDraws)!, bias: bias, lowerLimit: bias - 1.96 * deviation,
            upperLimit: bias + 1.96 * deviation),
        measurements: measurements, draws: draws)
}

extension Metrics {
    /// Mean absolute error, root mean squared error and R² as scikit-learn defines them, in this order; R² is nil where
    /// all true values are alike.
    ///
    /// - Parameter weights: how often each row is counted; nil counts each once
    static func errors(_ rows: [Measurements.Row], weights: [Int]?) -> [Double?] {
        var count = 0.0, truth = 0.0, absolute = 0.0, squared = 0.0
        for (index, row) in rows.enumerated() {
            let weight = Double(weights?[index] ?? 1), error = row.prediction - row.truth
            count += weight
            truth += weight * row.truth
            absolute += weight * abs(error)
            squared += weight * error * error
        }
        guard count > 0 else { return [nil, nil, nil] }
        let mean = truth / count
        let spread = rows.enumerated().reduce(0) { sum, row in
            sum + Double(weights?[row.offset] ?? 1) * (row.element.truth - mean) * (row.element.truth - mean)
        }
        return [absolute / count, (squared / count).squareRoot(), spread > 0 ? 1 - squared / spread : nil]
    }
}
