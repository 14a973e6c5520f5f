// What kind of answers a model gives: by it they are learned, chosen by, scored and shown, whatever the task.

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

    package init(_ name: String, title: String, unit: String?, decimals: Int) {
        self.name = name
        self.title = title
        self.unit = unit
        self.decimals = decimals
    }

    /// A quantity that a task measures, or one of another program, of which no more than its name is known.
    package init(named name: String) {
        let known = TrainTask.all.lazy.compactMap { $0.labels?.answers.measured }.first { $0.name == name }
        self = known ?? Quantity(name, title: name, unit: nil, decimals: 2)
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
    package var loss: EchoModel.FinetuneLoss {
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
    /// What a model of the task answers about a study; nil where it answers nothing, for it is only a beginning.
    package var answers: AnswerKind? { labels?.answers }
    /// What training is called.
    package var stage: String { labels == nil ? "Pre-training" : "Fine-tuning" }
    package var lossName: String { answers?.lossName ?? "Squared error of masked patches" }
    /// What the best epoch was chosen by, in words.
    package func criterionText(_ value: Double) -> String {
        answers?.criterionText(value) ?? String(format: "validation loss %.5f", value)
    }
}
