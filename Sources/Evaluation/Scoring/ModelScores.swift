// Runs that differ in their seed alone, as one model: mean and standard deviation.

/// The mean over runs and their standard deviation (n − 1 below), which is nil for a single run.
public struct Spread: Codable, Sendable, Equatable {
    public let mean: Double
    public let deviation: Double?

    /// Nil for no values.
    init?(_ values: [Double]) {
        guard let mean = Metrics.mean(values) else { return nil }
        self.mean = mean
        deviation = Metrics.standardDeviation(values)
    }
}

/// One model over its seeds.
public struct ModelScores: Codable, Sendable, Equatable {
    public let model: String
    public let runs: [String]
    public let groups: [Group]

    /// The macro averages over one group of codes; the first group is all codes.
    public struct Group: Codable, Sendable, Equatable {
        public let name: String
        public let auroc: Spread?, f1: Spread?, averagePrecision: Spread?, brier: Spread?
    }
}

extension ModelScores {
    /// Runs of the same model together, in the order in which they first appear.
    static func models(of runs: [RunScores]) -> [ModelScores] {
        var names: [String] = []
        for run in runs where !names.contains(run.modelName) { names.append(run.modelName) }
        return names.map { name in
            let mine = runs.filter { $0.modelName == name }
            let groups = mine[0].averages.indices.map { index in
                func spread(_ measure: Measure) -> Spread? {
                    Spread(mine.compactMap { $0.averages[index].scores[measure]?.value })
                }
                return ModelScores.Group(
                    name: mine[0].averages[index].name, auroc: spread(.auroc), f1: spread(.f1),
                    averagePrecision: spread(.averagePrecision), brier: spread(.brier))
            }
            return ModelScores(model: name, runs: mine.map(\.run), groups: groups)
        }
    }
}
