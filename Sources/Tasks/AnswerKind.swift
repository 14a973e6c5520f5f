// What kind of answers a model gives: by it they are learned, chosen by, scored and shown, whatever the task.

package import Catalog
import EchoCore
import Foundation
package import Models

/// A number that a model tells of each study, in a unit of its own.
package struct Quantity: Sendable, Hashable {
    /// As it stands in config.json and in tables of answers, as "EF".
    package let name: String
    /// In headings, as "Ejection fraction".
    package let title: String
    /// As "%"; nil where it is not known.
    package let unit: String?
    /// Of errors in that unit.
    package let decimals: Int
    /// Of an ordinal scale its grades, from the least to the greatest; empty for a number.
    package let grades: [MeasurementKind.Grade]

    package init(
        _ name: String, title: String, unit: String?, decimals: Int, grades: [MeasurementKind.Grade] = []
    ) {
        self.name = name
        self.title = title
        self.unit = unit
        self.decimals = decimals
        self.grades = grades
    }

    /// A quantity that a task measures, or one of another program, of which no more than its name is known.
    package init(named name: String) {
        let known = TrainTask.all.lazy.flatMap(\.heads).compactMap(\.answers.measured).first {
            $0.name == name
        }
        self = known ?? Quantity(measured: name)
    }

    /// A number of this quantity with its unit.
    package func text(_ value: Double) -> String {
        String(format: "%.\(decimals)f", value) + (unit.map { " \($0)" } ?? "")
    }
}

/// What kind of answers a model gives, and so how they are learned, written, scored and shown.
package enum AnswerKind: Sendable, Hashable {
    /// For each of several classes the probability that a study has it.
    case classes
    case quantity(Quantity)

    package var measured: Quantity? { if case .quantity(let quantity) = self { quantity } else { nil } }

    /// What fine-tuning makes small, and its name on the page of a run.
    package var loss: HeadLoss.Kind {
        switch self {
        case .classes: .binaryCrossEntropy
        case .quantity: .meanSquaredError
        }
    }
    package var lossName: String {
        switch self {
        case .classes: "Binary cross-entropy"
        case .quantity: "Squared error, standardised"
        }
    }

    /// How the numbers of the training split are standardised before they are learned; nil where they are not.
    package func scale(of values: [Float]) -> TargetScale? {
        let known = values.filter { !$0.isNaN }.map(Double.init)
        return measured == nil || known.isEmpty ? nil : TargetScale(of: known)
    }

    /// How good a model is on the validation split.
    ///
    /// - Parameters:
    ///   - outputs, targets: [studies, count], as the model has them; a target that is not known is NaN and does not count
    ///   - positiveWeights: how much a target of 1 counts; nil for 1
    package func score(
        outputs: [Float], targets: [Float], count: Int, scale: TargetScale?, positiveWeights: [Float]?
    ) -> ValidationScore {
        switch self {
        case .classes:
            ValidationScore(
                loss: binaryCrossEntropy(
                    logits: outputs, targets: targets, positiveWeights: positiveWeights),
                auroc: meanAUROC(logits: outputs, targets: targets, outputs: count))
        case .quantity: ValidationScore(outputs: outputs, targets: targets, scale: scale)
        }
    }

    /// What the best epoch was chosen by, in words: "mean absolute error 5.10 %".
    package func criterionText(_ value: Double) -> String {
        switch self {
        case .classes: String(format: "validation loss %.5f", value)
        case .quantity(let quantity): "mean absolute error \(quantity.text(value))"
        }
    }

    /// The measure that is followed from epoch to epoch.
    package var measure: ValidationMeasure {
        switch self {
        case .classes: ValidationMeasure(title: "Macro AUROC on validation", ignorance: 0.5) { $0.auroc }
        case .quantity(let quantity):
            ValidationMeasure(
                title: "Mean absolute error on validation" + (quantity.unit.map { ", \($0)" } ?? ""),
                ignorance: nil
            ) { $0.errors?.mae }
        }
    }
}

/// A measure that training writes after each epoch.
package struct ValidationMeasure: Sendable {
    package let title: String
    /// What a model that knows nothing has of it, where that is a number for all.
    package let ignorance: Double?
    package let value: @Sendable (ValidationScore) -> Double?
}

extension TrainTask {
    /// What training is called.
    package var stage: String { heads.isEmpty ? "Pre-training" : "Fine-tuning" }
    package var lossName: String {
        switch heads.count {
        case 0: "Squared error of masked patches"
        case 1: heads[0].answers.lossName
        default: "Sum of the heads' losses"
        }
    }
    /// What the best epoch was chosen by, in words: of several heads that of each.
    ///
    /// - Parameter own: each head's own criterion, where there are several
    package func criterionText(_ value: Double, heads own: [Double]?) -> String {
        if heads.count == 1 { return heads[0].answers.criterionText(value) }
        let whole = String(format: "validation loss %.5f", value)
        guard let own, own.count == heads.count else { return whole }
        return zip(heads, own).map { "\($0.task) \($0.answers.criterionText($1))" }.joined(separator: ", ")
    }
}
