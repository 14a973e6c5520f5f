// Runs that differ in their seed alone, as one model: mean and standard deviation.

import EchoCore
package import Tasks

/// The mean over runs and their standard deviation (n − 1 below), which is nil for a single run.
package struct Spread: Codable, Sendable, Equatable {
    package let mean: Double
    package let deviation: Double?

    /// As somebody else has found them.
    package init(mean: Double, deviation: Double?) {
        self.mean = mean
        self.deviation = deviation
    }

    /// Nil for no values.
    package init?(_ values: [Double]) {
        guard let mean = Metrics.mean(values) else { return nil }
        self.mean = mean
        deviation = Metrics.standardDeviation(values)
    }
}

/// One model over its seeds.
package struct ModelScores: Sendable, Equatable {
    package let model: String
    package let kind: AnswerKind
    package let runs: [String]
    /// The first is of all targets.
    package let groups: [Group]

    /// The means over one group of targets.
    package struct Group: Sendable, Equatable {
        package let name: String
        package let spreads: [String: Spread]

        package subscript(_ measure: Measure) -> Spread? { spreads[measure.name] }
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
