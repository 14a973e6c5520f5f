// Whether one model is better than another on the same studies: a paired bootstrap over subjects.

/// The difference of two models' macro AUROC, each the mean over its runs.
public struct Comparison: Codable, Sendable, Equatable {
    public let first: String, second: String
    public let group: String
    /// First minus second, with the percentile interval over resamplings that both models share.
    public let difference: Estimate
    /// Two-sided: twice the share of resamplings on the far side of zero, each count raised by one.
    public let p: Double?
}

extension Comparison {
    /// Every pair of models over every group of codes; empty where the runs did not judge the same studies.
    static func all(_ runs: [ScoredRun], _ models: [ModelScores], confidence: Double) -> [Comparison] {
        guard let first = runs.first, models.count > 1 else { return [] }
        guard runs.allSatisfy({ $0.predictions.truths == first.predictions.truths }) else { return [] }
        return models.indices.flatMap { a in
            models.indices.dropFirst(a + 1).flatMap { b in
                models[a].groups.indices.compactMap { group in
                    compare(
                        models[a], models[b], group, runs.filter { $0.scores.modelName == models[a].model },
                        runs.filter { $0.scores.modelName == models[b].model }, confidence)
                }
            }
        }
    }
}

private func compare(
    _ a: ModelScores, _ b: ModelScores, _ group: Int, _ runsA: [ScoredRun], _ runsB: [ScoredRun],
    _ confidence: Double
) -> Comparison? {
    func samples(_ runs: [ScoredRun]) -> Samples? {
        Samples(
            runs: runs.compactMap { $0.scores.averages[group].scores.auroc?.value },
            draws: runs.map { run in run.draws.map { $0[group][.auroc] } })
    }
    guard let here = samples(runsA), let there = samples(runsB) else { return nil }
    let (difference, p) = here.difference(from: there, confidence: confidence)
    return Comparison(
        first: a.model, second: b.model, group: a.groups[group].name, difference: difference, p: p)
}
