// The runs that answered the same question, side by side: by model, and every pair of models.

import EchoCore
package import Tasks

/// Runs' answers of one kind.
package struct Standings: Sendable {
    package let kind: AnswerKind
    /// The first is the one that a page is about.
    package let runs: [ScoredRun]
    /// Runs that differ in their seed alone, together.
    package let models: [ModelScores]
    package let comparisons: [Comparison]

    /// - Parameters:
    ///   - runs: at least one, all of one kind
    ///   - comparisons: those that are wanted; nil for every pair of models
    package init(_ runs: [ScoredRun], comparisons: [Comparison]? = nil) {
        let byModel = Self.byModel(runs)
        kind = runs[0].answers.kind
        self.runs = runs
        models = byModel.map { ModelScores($0.map(\.scores)) }
        self.comparisons = comparisons ?? Self.pairs(byModel)
    }

    package var scores: [RunScores] { runs.map(\.scores) }
    /// Whether there is one run and nothing to compare.
    package var isSingle: Bool { runs.count == 1 }

    package func runs(of model: ModelScores) -> [ScoredRun] {
        runs.filter { $0.scores.modelName == model.model }
    }

    /// Runs of the same model together, in the order in which they first appear.
    private static func byModel(_ runs: [ScoredRun]) -> [[ScoredRun]] {
        var names: [String] = []
        for run in runs where !names.contains(run.scores.modelName) { names.append(run.scores.modelName) }
        return names.map { name in runs.filter { $0.scores.modelName == name } }
    }

    /// Every pair of models in the main measure, over every group; empty where they did not judge the same studies.
    private static func pairs(_ models: [[ScoredRun]]) -> [Comparison] {
        let first = models[0][0], main = first.answers.kind.main
        guard models.count > 1 else { return [] }
        guard models.joined().allSatisfy({ $0.answers.truths == first.answers.truths }) else { return [] }
        return models.indices.flatMap { a in
            models.indices.dropFirst(a + 1).flatMap { b in
                first.scores.averages.enumerated().compactMap { index, group in
                    Comparison(
                        models[a], models[b], main, group: index,
                        called: first.answers.kind == .classes ? group.name : main.title)
                }
            }
        }
    }
}

/// The difference of two models in one measure, each the mean over its runs: a paired bootstrap over subjects.
package struct Comparison: Codable, Sendable, Equatable {
    package let first: String, second: String
    /// The group of targets, or the measure.
    package let group: String
    /// First minus second, with the percentile interval over resamplings that both models share.
    package let difference: Estimate
    /// Two-sided: twice the share of resamplings on the far side of zero, each count raised by one.
    package let p: Double?

    init(first: String, second: String, group: String, difference: Estimate, p: Double?) {
        (self.first, self.second, self.group) = (first, second, group)
        (self.difference, self.p) = (difference, p)
    }

    /// - Parameters:
    ///   - a, b: runs of each model, which judged the same studies
    ///   - name: what the group is called
    package init?(_ a: [ScoredRun], _ b: [ScoredRun], _ measure: Measure, group: Int, called name: String) {
        guard let here = a.samples(measure, group: group), let there = b.samples(measure, group: group),
            let (one, other) = a.first.flatMap({ a in b.first.map { (a.scores, $0.scores) } })
        else { return nil }
        (first, second) = (one.modelName, other.modelName)
        self.group = name
        (difference, p) = here.difference(from: there, confidence: one.confidence)
    }
}
