// What a task's model answers, and the words for it: the one place where evaluation asks about tasks.

/// A number that a model tells of each study, in a unit of its own.
public struct Quantity: Sendable, Hashable {
    /// As it stands in config.json and in tables of answers, as "EF".
    public let name: String
    /// In headings, as "Ejection fraction".
    public let title: String
    /// As "%"; nil where it is not known.
    public let unit: String?
    /// Of errors in that unit.
    public let decimals: Int

    /// A quantity that a task measures, or one of another program, of which no more than its name is known.
    package init(named name: String) {
        let known = TrainTask.allCases.lazy.compactMap { $0.answers?.measured }.first { $0.name == name }
        self = known ?? Quantity(name: name, title: name, unit: nil, decimals: 2)
    }

    private init(name: String, title: String, unit: String?, decimals: Int) {
        self.name = name
        self.title = title
        self.unit = unit
        self.decimals = decimals
    }

    static let ejectionFraction = Quantity(
        name: StudySet.ejectionFraction, title: "Ejection fraction", unit: "%", decimals: 2)
}

/// What kind of answers a model gives, and so how they are written, scored and shown.
public enum AnswerKind: Sendable, Hashable {
    /// For each of several classes the probability that a study has it.
    case classes
    case quantity(Quantity)

    package var measured: Quantity? { if case .quantity(let quantity) = self { quantity } else { nil } }
}

extension TrainTask {
    /// What a model of the task answers about a study; nil where it answers nothing, for it is only a beginning.
    public var answers: AnswerKind? {
        switch self {
        case .pretrain: nil
        case .icd: .classes
        case .lvef: .quantity(.ejectionFraction)
        }
    }

    /// What a model is judged on, for the title of its page.
    package func subject(targets: Int) -> String {
        switch self {
        case .pretrain: "masked patches"
        case .icd: "\(targets) ICD-10 categories"
        case .lvef: "the ejection fraction"
        }
    }

    /// What training is called.
    package var stage: String { answers == nil ? "Pre-training" : "Fine-tuning" }

    /// What training makes small.
    package var lossName: String {
        switch self {
        case .pretrain: "Squared error of masked patches"
        case .icd: "Binary cross-entropy"
        case .lvef: "Squared error, standardised"
        }
    }

    /// How good a model is on the validation split after an epoch; nil where its loss says it all.
    package var validation: ValidationMeasure? {
        switch self {
        case .pretrain: nil
        case .icd: ValidationMeasure(title: "Macro AUROC on validation", ignorance: 0.5) { $0.auroc }
        case .lvef:
            ValidationMeasure(title: "Mean absolute error on validation, %", ignorance: nil) { $0.mae }
        }
    }
}

/// A measure that training writes after each epoch.
package struct ValidationMeasure: Sendable {
    package let title: String
    /// What a model that knows nothing has of it, where that is a number for all.
    package let ignorance: Double?
    /// Where it stands in a line of metrics.jsonl.
    package let value: @Sendable (MetricsLine) -> Double?
}
