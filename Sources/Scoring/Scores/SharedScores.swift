// What of an evaluation outsiders may see: no names of runs and studies, no count below ten, nothing of a single study.

package import EchoCore
import Tasks

extension Standings {
    /// The same for outsiders: runs by their numbers, scores without small counts, no answer of a study.
    ///
    /// Differences of models are those of all answers.
    /// - Parameter models: what each run's model is called, without names of folders
    /// - Throws: `EchoError` where fewer than ten studies or subjects were judged
    package func shared(models: [String]) throws(EchoError) -> Standings {
        var named = runs
        for index in named.indices {
            named[index].scores.run = "run \(index + 1)"
            named[index].scores.model = models[index]
        }
        let differences = Standings(named).comparisons.map(\.rounded)
        var shared: [ScoredRun] = []
        for run in named { shared.append(try run.shared) }
        return Standings(shared, comparisons: differences)
    }
}

extension ScoredRun {
    /// Without answers, of which each is about a study.
    fileprivate var shared: ScoredRun {
        get throws(EchoError) {
            ScoredRun(
                scores: try scores.shared, answers: Answers(answers.kind, of: answers.unit), draws: draws)
        }
    }
}

extension RunScores {
    /// Without targets that too few studies have, or lack, without small counts and what they follow from, and rounded: the
    /// digits of a share tell of how many it is one.
    fileprivate var shared: RunScores {
        get throws(EchoError) {
            guard studies >= Answers.fewest, subjects >= Answers.fewest else {
                throw EchoError(
                    "--share", "fewer than \(Answers.fewest) studies or subjects were judged",
                    try: "share results on more of them")
            }
            var shared = self
            shared.asked = nil
            shared.targets = shownTargets.map(\.shared)
            guard !shared.targets.isEmpty else {
                throw EchoError(
                    "--share",
                    "no code is had by \(Answers.fewest) of the judged studies and lacked by as many",
                    try: "share results on more of them")
            }
            let names = Set(shared.targets.map(\.target))
            shared.averages = averages.map { group in
                GroupScores(
                    name: group.name, targets: group.targets.filter(names.contains), undefined: [],
                    scores: group.scores.rounded)
            }
            shared.calibration = calibration.map { calibration in
                Calibration(
                    bins: calibration.bins.filter(\.isLarge).map(\.rounded),
                    error: rounded(calibration.error))
            }
            shared.choice = choice?.shared
            shared.strata = shownStrata
            return shared
        }
    }

    /// Of classes those that at least ten studies have and ten have not. Where one of several classes holds, what is left
    /// out must not follow from the others: with less than ten together, the smallest of those goes, too.
    private var shownTargets: [TargetScores] {
        var shown = targets.filter { target in
            guard target.studies >= Answers.fewest, let decisions = target.decisions else {
                return target.decisions == nil && target.studies >= Answers.fewest
            }
            return decisions.positives >= Answers.fewest
                && target.studies - decisions.positives >= Answers.fewest
        }
        if choice != nil, shown.count < targets.count {
            let positives = shown.reduce(0) { $0 + ($1.decisions?.positives ?? 0) }
            if studies - positives < Answers.fewest,
                let least = shown.min(by: { $0.decisions?.positives ?? 0 < $1.decisions?.positives ?? 0 })
            {
                shown.removeAll { $0.target == least.target }
            }
        }
        return shown
    }

    /// The parts of at least ten studies and subjects; none by what the rest of the people follows from, where that is small.
    private var shownStrata: [StratumScores] {
        let large = strata.filter { $0.studies >= Answers.fewest && $0.subjects >= Answers.fewest }
        return large.filter { part in
            let own = large.filter { $0.attribute == part.attribute }
            let rest = [
                studies - own.reduce(0) { $0 + $1.studies }, subjects - own.reduce(0) { $0 + $1.subjects },
            ]
            return rest.allSatisfy { $0 == 0 || $0 >= Answers.fewest }
        }.map { part in
            StratumScores(
                attribute: part.attribute, value: part.value, studies: part.studies, subjects: part.subjects,
                score: part.score?.rounded, targets: part.targets)
        }
    }
}

extension TargetScores {
    fileprivate var shared: TargetScores {
        let cells = decisions.map { found in
            [found.confusion.truePositives, found.confusion.falsePositives]
                + [found.confusion.falseNegatives, found.confusion.trueNegatives]
        }
        let hasSmallCells = cells?.contains { $0 < Answers.fewest } ?? false
        var scores = scores.rounded
        // From these three and the number of positives the four cells follow.
        if hasSmallCells { scores[.f1] = nil }
        let grades = gradeCounts?.joined().allSatisfy { $0 >= Answers.fewest } == true
        return TargetScores(
            target: target, title: title, studies: studies, scores: scores,
            decisions: hasSmallCells ? nil : decisions, agreement: agreement?.rounded,
            gradeCounts: grades ? gradeCounts : nil)
    }
}

extension ChoiceScores {
    /// The confusion as a whole or not at all: a cell that is left out follows from the others.
    fileprivate var shared: ChoiceScores {
        let isLarge = confusion.joined().allSatisfy { $0 >= Answers.fewest }
        return ChoiceScores(
            field: field, values: isLarge ? values : [], accuracy: accuracy.rounded,
            balanced: balanced.rounded, confusion: isLarge ? confusion : [])
    }
}

private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }

extension Estimate {
    fileprivate var rounded: Estimate {
        Estimate(
            Scoring.rounded(value), lower: lower.map(Scoring.rounded), upper: upper.map(Scoring.rounded))
    }
}

extension Scores {
    fileprivate var rounded: Scores {
        var scores = self
        scores.estimates = estimates.mapValues(\.rounded)
        return scores
    }
}

extension Calibration.Bin {
    /// Whether at least ten of its answers are about what is true, and ten about what is not: their number follows from the share.
    fileprivate var isLarge: Bool {
        let positives = Int((observed * Double(count)).rounded())
        return min(positives, count - positives) >= Answers.fewest
    }

    fileprivate var rounded: Calibration.Bin {
        Calibration.Bin(
            count: count, predicted: Scoring.rounded(predicted), observed: Scoring.rounded(observed))
    }
}

extension Agreement {
    fileprivate var rounded: Agreement {
        Agreement(
            ofMean: ofMean.rounded, bias: Scoring.rounded(bias), lowerLimit: Scoring.rounded(lowerLimit),
            upperLimit: Scoring.rounded(upperLimit))
    }
}

extension Comparison {
    fileprivate var rounded: Comparison {
        Comparison(
            first: first, second: second, group: group, difference: difference.rounded,
            p: p.map(Scoring.rounded))
    }
}
