// What a model said about each study, beside what is true: probabilities of classes, or measurements of a quantity.

package import Catalog
import EchoCore
import Foundation
package import Runs
package import Tasks

/// The answers of one model of one kind on one split: for each target the studies whose truth is known.
///
/// A target is a class, as the code "I50", or the one quantity of its kind. A model that answers in several kinds has
/// an `Answers` for each.
package struct Answers: Sendable {
    /// One study's, or clip's, answer for one target.
    package struct Row: Sendable, Equatable {
        package let study: String, subject: String
        /// Of a class 0 or 1, of a quantity in its unit; so is the answer, which of a class is a probability.
        package let truth: Double, answer: Double
        /// The probability before the logistic function, where it is known.
        package let logit: Double?

        package init(study: String, subject: String, truth: Double, answer: Double, logit: Double? = nil) {
            self.study = study
            self.subject = subject
            self.truth = truth
            self.answer = answer
            self.logit = logit
        }

        /// Of a class: whether the study has it.
        package var isPositive: Bool { truth == 1 }
    }

    package let kind: AnswerKind
    /// What is answered about.
    package let unit: LabelSource.Unit
    /// In the order of the table.
    package private(set) var targets: [String] = []
    private var table: [String: [Row]] = [:]

    package init(_ kind: AnswerKind, of unit: LabelSource.Unit = .study) {
        self.kind = kind
        self.unit = unit
    }

    /// The rows of one target.
    package subscript(_ target: String) -> [Row] { table[target] ?? [] }

    package mutating func append(_ row: Row, to target: String) {
        if table[target] == nil { targets.append(target) }
        table[target, default: []].append(row)
    }

    /// All rows, target by target.
    package var rows: [Row] { targets.flatMap { self[$0] } }

    /// Every subject once, in ascending order of its text: the order of the bootstrap's draws.
    package var subjects: [String] { Set(table.values.joined().map(\.subject)).sorted() }

    package var studies: Int { Set(table.values.joined().map(\.study)).count }

    /// What is true of whom, in one order: equal for two models that judged the same.
    package var truths: [[String]] {
        targets.flatMap { target in self[target].map { [target, $0.study, $0.subject, "\($0.truth)"] } }
            .sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The same studies and truths, each answered with the mean of its target's truths.
    package var ofMean: Answers {
        var constant = Answers(kind, of: unit)
        for target in targets {
            let mean = Metrics.mean(self[target].map(\.truth))!
            for row in self[target] {
                constant.append(
                    Row(study: row.study, subject: row.subject, truth: row.truth, answer: mean), to: target)
            }
        }
        return constant
    }
}

extension Answers {
    /// What each head of a run's model said.
    package static func all(_ predictions: [Prediction], of trained: TrainedModel) -> [Answers] {
        let heads = trained.configuration.heads
        return zip(trained.configuration.task.heads, zip(heads, heads.columns)).map {
            Answers(predictions, $0.answers, targets: $1.0.targets, from: $1.1.lowerBound)
        }
    }

    /// What one head of a model said.
    ///
    /// - Parameters:
    ///   - predictions: a label that is not a number is a truth that is not known
    ///   - targets: what its outputs stand for
    ///   - first: the place of the first of them among all outputs
    package init(_ predictions: [Prediction], _ kind: AnswerKind, targets: [String], from first: Int = 0) {
        self.init(kind, of: predictions.first?.unit ?? .study)
        for (index, target) in zip(first..., targets) {
            for prediction in predictions where !prediction.labels[index].isNaN {
                let output = Double(prediction.logits[index]), isClass = kind == .classes
                append(
                    Row(
                        study: prediction.study,
                        subject: prediction.subject,
                        truth: Double(prediction.labels[index]),
                        answer: isClass ? 1 / (1 + exp(-output)) : output, logit: isClass ? output : nil),
                    to: target)
            }
        }
    }
}
