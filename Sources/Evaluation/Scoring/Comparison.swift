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
    func mean(_ runs: [ScoredRun], _ draw: Int) -> Double? {
        Metrics.mean(runs.compactMap { $0.draws[draw][group][.auroc] })
    }
    guard let here = a.groups[group].auroc, let there = b.groups[group].auroc else { return nil }
    let differences = runsA[0].draws.indices.compactMap { draw in
        mean(runsA, draw).flatMap { x in mean(runsB, draw).map { x - $0 } }
    }
    let below = differences.count { $0 <= 0 }, above = differences.count { $0 >= 0 }
    let share = Double(min(below, above) + 1) / Double(differences.count + 1)
    return Comparison(
        first: a.model, second: b.model, group: a.groups[group].name,
        difference: interval(around: here.mean - there.mean, differences, confidence: confidence),
        p: differences.isEmpty ? nil : min(1, 2 * share))
}
