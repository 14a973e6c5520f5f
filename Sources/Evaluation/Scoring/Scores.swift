// The numbers that come out of an evaluation, as they are printed, drawn and written to metrics.json.

import EchoCore

/// One of the four measures that are reported for every code.
public enum Measure: String, CaseIterable, Sendable, Codable {
    case auroc, f1
    case averagePrecision = "average_precision"
    case brier

    /// The name in tables.
    public var title: String {
        switch self {
        case .auroc: "AUROC"
        case .f1: "F1"
        case .averagePrecision: "Average precision"
        case .brier: "Brier score"
        }
    }
}

/// A number with the percentile interval of its bootstrap; bounds are nil where fewer than two resamplings define it.
public struct Estimate: Codable, Sendable, Equatable {
    public let value: Double
    public let lower: Double?, upper: Double?

    public init(_ value: Double, lower: Double? = nil, upper: Double? = nil) {
        self.value = value
        self.lower = lower
        self.upper = upper
    }
}

/// The four measures; nil where a measure is undefined (AUROC with one class, average precision with no positive).
public struct Scores: Codable, Sendable, Equatable {
    public var auroc: Estimate?, f1: Estimate?, averagePrecision: Estimate?, brier: Estimate?

    public init() {}

    public subscript(_ measure: Measure) -> Estimate? {
        get {
            switch measure {
            case .auroc: auroc
            case .f1: f1
            case .averagePrecision: averagePrecision
            case .brier: brier
            }
        }
        set {
            switch measure {
            case .auroc: auroc = newValue
            case .f1: f1 = newValue
            case .averagePrecision: averagePrecision = newValue
            case .brier: brier = newValue
            }
        }
    }
}

/// How well one code is told.
public struct CodeScores: Codable, Sendable, Equatable {
    public let code: String
    public var title: String?
    /// Studies with a label for this code, and those of them that have it.
    public let studies: Int, positives: Int
    /// From which probability on a study counts as positive in F1 and the confusion.
    public let threshold: Double
    public let scores: Scores
    public let confusion: Confusion
    public let precision: Double, recall: Double, specificity: Double
}

/// The mean over several codes.
public struct GroupScores: Codable, Sendable, Equatable {
    public let name: String
    public let codes: [String]
    /// Codes whose AUROC is undefined for want of a class; the macro AUROC is over the others.
    public let undefined: [String]
    public let scores: Scores
}

/// One model on one split.
public struct RunScores: Codable, Sendable, Equatable {
    /// The run folder's name or the predictions file's.
    public let run: String
    /// What the run shares with those that differ in their seed alone.
    public var model: String?
    public let split: String
    public let studies: Int, subjects: Int
    /// Of all codes; nil where each has its own.
    public let threshold: Double?
    /// Resamplings of subjects behind the intervals, their seed, and the intervals' percentage.
    public let bootstrap: Int, seed: UInt64, confidence: Double
    public let macro: GroupScores
    public let groups: [GroupScores]
    public var codes: [CodeScores]
    /// Over all codes and studies together.
    public let calibration: Calibration

    /// The model's name, the run's own where it has none.
    var modelName: String { model ?? run }
    /// "239 studies of 161 subjects".
    var population: String { "\(grouped(studies)) studies of \(grouped(subjects)) subjects" }
    /// The macro average over all codes, then those over the groups.
    var averages: [GroupScores] { [macro] + groups }
}
