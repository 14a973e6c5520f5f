// Several models' measurements side by side: means over seeds and paired differences.

import EchoCore

/// One model's measurements over its seeds.
public struct MeasuredModel: Codable, Sendable, Equatable {
    public let model: String
    public let runs: [String]
    public let mae: Spread, rmse: Spread
    public let r2: Spread?

    subscript(_ measure: ErrorMeasure) -> Spread? {
        switch measure {
        case .mae: mae
        case .rmse: rmse
        case .r2: r2
        }
    }
}

extension [ScoredMeasurements] {
    /// One measure over these runs.
    func samples(_ measure: ErrorMeasure) -> Samples? {
        let place = ErrorMeasure.allCases.firstIndex(of: measure)!
        return Samples(
            runs: compactMap { $0.scores[measure]?.value }, draws: map { $0.draws.map { $0[place] } })
    }

    /// Runs of the same model together, in the order in which they first appear.
    private var byModel: [(name: String, runs: [ScoredMeasurements])] {
        var names: [String] = []
        for run in self where !names.contains(run.scores.modelName) { names.append(run.scores.modelName) }
        return names.map { name in (name, filter { $0.scores.modelName == name }) }
    }

    var models: [MeasuredModel] {
        byModel.compactMap { name, runs in
            guard let mae = runs.samples(.mae), let rmse = runs.samples(.rmse) else { return nil }
            return MeasuredModel(
                model: name, runs: runs.map(\.scores.run), mae: mae.spread, rmse: rmse.spread,
                r2: runs.samples(.r2)?.spread)
        }
    }

    /// The difference in mean absolute error of every pair of models; empty where they did not measure the same.
    func comparisons(confidence: Double) -> [Comparison] {
        let models = byModel
        guard models.count > 1, allSatisfy({ $0.measurements.truths == self[0].measurements.truths }) else {
            return []
        }
        return models.indices.flatMap { a in
            models.indices.dropFirst(a + 1).compactMap { b in
                guard let here = models[a].runs.samples(.mae), let there = models[b].runs.samples(.mae) else {
                    return nil
                }
                let (difference, p) = here.difference(from: there, confidence: confidence)
                return Comparison(
                    first: models[a].name, second: models[b].name, group: ErrorMeasure.mae.title,
                    difference: difference, p: p)
            }
        }
    }
}
