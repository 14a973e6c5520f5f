// The numbers that come out of an evaluation, as they are printed, drawn and written to metrics.json.

package import Catalog
import EchoCore
package import Tasks

/// A number with the percentile interval of its bootstrap; bounds are nil where there are fewer than two resamplings.
package struct Estimate: Codable, Sendable, Equatable {
    package let value: Double
    package let lower: Double?, upper: Double?

    package init(_ value: Double, lower: Double? = nil, upper: Double? = nil) {
        self.value = value
        self.lower = lower
        self.upper = upper
    }
}

/// The measures that are defined.
package struct Scores: Sendable, Equatable {
    var estimates: [String: Estimate] = [:]

    package init() {}

    package subscript(_ measure: Measure) -> Estimate? {
        get { estimates[measure.name] }
        set { estimates[measure.name] = newValue }
    }
}

/// How well one target is told.
package struct TargetScores: Sendable, Equatable {
    package let target: String
    package var title: String?
    /// Studies whose truth is known.
    package let studies: Int
    package let scores: Scores
    /// Of a class.
    package let decisions: Decisions?
    /// Of a quantity.
    package let agreement: Agreement?
    /// Of grades: how often each (a row) was answered with each (a column).
    package let gradeCounts: [[Int]]?
}

/// What becomes of a class's studies where a probability is taken for yes or no.
package struct Decisions: Sendable, Equatable {
    /// Studies that have it.
    package let positives: Int
    /// From which probability on a study counts as positive in F1 and the confusion.
    package let threshold: Double
    package let confusion: Confusion
}

/// How measurements of a quantity lie to the truths (Bland and Altman 1986).
package struct Agreement: Sendable, Equatable {
    /// What answering with these studies' own mean is worth.
    package let ofMean: Scores
    /// Mean of answer − truth, and the limits of agreement around it: ± 1.96 standard deviations of it.
    package let bias: Double, lowerLimit: Double, upperLimit: Double

    init(ofMean: Scores, bias: Double, lowerLimit: Double, upperLimit: Double) {
        (self.ofMean, self.bias) = (ofMean, bias)
        (self.lowerLimit, self.upperLimit) = (lowerLimit, upperLimit)
    }

    package init(_ rows: [Answers.Row], ofMean: Scores) {
        let differences = rows.map { $0.answer - $0.truth }
        let deviation = Metrics.standardDeviation(differences) ?? 0
        self.ofMean = ofMean
        bias = Metrics.mean(differences)!
        lowerLimit = bias - 1.96 * deviation
        upperLimit = bias + 1.96 * deviation
    }
}

/// The mean over several targets.
package struct GroupScores: Sendable, Equatable {
    package let name: String
    package let targets: [String]
    /// Targets whose main measure is undefined, as AUROC for want of a class; its mean is over the others.
    package let undefined: [String]
    package let scores: Scores
}

/// One model's answers of one kind on one split.
package struct RunScores: Sendable, Equatable {
    /// The run folder's name or the predictions file's.
    package internal(set) var run: String
    /// What the run shares with those that differ in their seed alone.
    package var model: String?
    /// Of a run with several heads, the task of this one.
    package var task: String?
    package let split: String
    package let kind: AnswerKind
    /// What was judged: studies or clips, as many as `studies` says.
    package let unit: LabelSource.Unit
    package let studies: Int, subjects: Int
    /// Of all classes; nil where each has its own, and for a quantity.
    package let threshold: Double?
    /// Resamplings of subjects behind the intervals, their seed, and the intervals' percentage.
    package let bootstrap: Int, seed: UInt64, confidence: Double
    /// Over all targets, then over the groups that were named.
    package internal(set) var averages: [GroupScores]
    package var targets: [TargetScores]
    /// Of classes: over all of them and all studies together.
    package internal(set) var calibration: Calibration?
    /// Of classes of which one holds: how often that was the most probable.
    package internal(set) var choice: ChoiceScores?
    /// On parts of the people alone; empty where nothing is known of them.
    package var strata: [StratumScores] = []
    /// What a run was asked; nil for a file of answers.
    package var asked: Asked?

    /// Over all targets.
    package var macro: GroupScores { averages[0] }
    /// The model's name, the run's own where it has none.
    package var modelName: String { model ?? run }
    /// "239 studies of 161 subjects".
    package var population: String {
        "\(grouped(studies)) \(unit.plural) of \(grouped(subjects)) subjects"
    }
    /// The classes with their decisions.
    package var classes: [(code: TargetScores, decisions: Decisions)] {
        targets.compactMap { target in target.decisions.map { (target, $0) } }
    }
}

/// What an evaluation was asked of a run.
package struct Asked: Codable, Sendable, Equatable {
    /// The dataset as seen from the run folder where both lie in one tree, and what its studies were chosen by.
    package let dataset: String
    package let cohort: Cohort?, views: ChosenViews?
    package let split: String
    /// Sets of views a study.
    package let draws: Int
    /// A number or "fit"; nil for a quantity.
    package let threshold: String?

    package init(
        dataset: String, cohort: Cohort?, views: ChosenViews?, split: String, draws: Int, threshold: String?
    ) {
        self.dataset = dataset
        self.cohort = cohort
        self.views = views
        self.split = split
        self.draws = draws
        self.threshold = threshold
    }
}

extension RunScores {
    /// Names the codes as the dataset does.
    package mutating func addTitles(of targets: [Target]) {
        let titles = Dictionary(uniqueKeysWithValues: targets.map { ($0.category, $0.title) })
        for index in self.targets.indices { self.targets[index].title = titles[self.targets[index].target] }
    }
}
