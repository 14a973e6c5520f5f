// Whether a model is as good for some people as for others: its main measure on each part of them alone.

package import Catalog
package import EchoCore
package import Runs
import Tasks

/// One part of the people who were judged, as the women.
package struct StratumScores: Sendable, Equatable, Codable {
    /// What tells them apart, and which they are: "sex" and "F".
    package let attribute: String, value: String
    package let studies: Int, subjects: Int
    /// The measure that runs are compared by, over all targets that define it there, with its interval; nil where none does.
    package let score: Estimate?
    /// How many targets do.
    package let targets: Int
}

extension Answers {
    /// Fewer are a part of their own no more.
    package static let fewest = 10

    /// The main measure on each part of the people, in the order of attributes and of the parts' names; parts with fewer than
    /// ten studies are left out.
    ///
    /// Resamplings are those of the whole: of the subjects in the part.
    /// - Parameter people: for each attribute the part that a study, or a clip's study, belongs to, by the name of what is
    ///   answered about
    package func strata(
        of people: [String: [String: String]], options: ScoringOptions
    ) throws -> [StratumScores] {
        try Catalog.attributes.flatMap { attribute -> [StratumScores] in
            let parts = people[attribute] ?? [:]
            return try Set(parts.values).sorted().compactMap { value -> StratumScores? in
                let own = keeping { parts[$0] == value }
                guard own.studies >= Self.fewest else { return nil }
                let table = AnswerTable(own, threshold: options.threshold)
                func scores(_ weights: [Int]?) -> [Double] {
                    table.columns.compactMap { kind.main.value($0, weights) }
                }
                let whole = scores(nil)
                let draws = try (0..<options.bootstrap).compactMap { draw -> Double? in
                    try Interruption.check()
                    return Metrics.mean(
                        scores(subjectWeights(table.subjects.count, options.seed, draw: draw)))
                }
                return StratumScores(
                    attribute: attribute, value: value, studies: own.studies, subjects: table.subjects.count,
                    score: Metrics.mean(whole).map {
                        interval(around: $0, draws, confidence: options.confidence)
                    }, targets: whole.count)
            }
        }
    }

    /// The answers about some studies, or clips.
    private func keeping(_ isKept: (String) -> Bool) -> Answers {
        var kept = Answers(kind, of: unit)
        for target in targets {
            for row in self[target] where isKept(row.study) { kept.append(row, to: target) }
        }
        return kept
    }
}

extension Answers {
    /// Who the people of predictions are, by the name of what is answered about.
    package static func people(
        of predictions: [Prediction], in catalog: Catalog
    ) throws(EchoError) -> [String: [String: String]] {
        let people = try catalog.people()
        return people.mapValues { parts in
            Dictionary(predictions.compactMap { own in parts[own.owner].map { (own.study, $0) } }) {
                first, _ in first
            }
        }
    }
}

extension RunScores {
    /// A line a part.
    var strataCSV: String {
        csvText(
            ["attribute", "part", unit.plural, "subjects", kind.main.name]
                + ["_lower", "_upper"].map { kind.main.name + $0 } + ["targets"],
            strata.map { part in
                [part.attribute, part.value, "\(part.studies)", "\(part.subjects)"]
                    + [part.score?.value, part.score?.lower, part.score?.upper].map { $0.map { "\($0)" } }
                    + ["\(part.targets)"]
            })
    }
}
