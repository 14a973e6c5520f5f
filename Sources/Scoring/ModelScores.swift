// Runs that differ in their seed alone, as one model: mean and standard deviation.

import EchoCore
public import Tasks

/// The mean over runs and their standard deviation (n − 1 below), which is nil for a single run.
public struct Spread: Codable, Sendable, Equatable {
    public let mean: Double
    public let deviation: Double?

    /// Nil for no values.
    package init?(_ values: [Double]) {
        guard let mean = Metrics.mean(values) else { return nil }
        self.mean = mean
        deviation = Metrics.standardDeviation(values)
    }
}

/// One model over its seeds.
public struct ModelScores: Sendable, Equatable {
    public let model: String
    public let kind: AnswerKind
    public let runs: [String]
    /// The first is of all targets.
    public let groups: [Group]

    /// The means over one group of targets.
    public struct Group: Sendable, Equatable {
        public let name: String
        package let spreads: [String: Spread]

        public subscript(_ measure: Measure) -> Spread? { spreads[measure.name] }
    }

    /// - Parameter runs: at least one, of the same model
    package init(_ runs: [RunScores]) {
        (model, kind) = (runs[0].modelName, runs[0].kind)
        self.runs = runs.map(\.run)
        groups = runs[0].averages.indices.map { index in
            var spreads: [String: Spread] = [:]
            for measure in runs[0].kind.measures {
                let values = runs.compactMap { $0.averages[index].scores[measure]?.value }
                spreads[measure.name] = Spread(values)
            }
            return Group(name: runs[0].averages[index].name, spreads: spreads)
        }
    }
}
