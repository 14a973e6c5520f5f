// What answers are measured by: the list of measures of each kind.

package import Catalog
import EchoCore
package import Tasks

/// A measure of one target's answers; two of one name are the same.
package struct Measure: Sendable, Equatable {
    /// In json and csv.
    package let name: String
    /// In tables, and in a sentence.
    package let title: String, words: String
    package let decimals: Int
    package let higherIsBetter: Bool
    /// What a coin has, where that is a number for all.
    package let chance: Double?
    /// Below this a value says no more than "useless", and no axis goes further.
    package let least: Double?
    /// Of grades: from which on it tells studies apart.
    package var grade: MeasurementKind.Grade?
    /// Its value on a target's answers with each subject counting for its weight, or for one; nil where it is undefined.
    package let value: @Sendable (AnswerTable.Column, _ weights: [Int]?) -> Double?

    private init(
        _ name: String, _ title: String, words: String? = nil, decimals: Int = 3, higherIsBetter: Bool,
        chance: Double? = nil,
        least: Double? = nil, value: @escaping @Sendable (AnswerTable.Column, [Int]?) -> Double?
    ) {
        self.name = name
        self.title = title
        self.words = words ?? title
        self.decimals = decimals
        self.higherIsBetter = higherIsBetter
        self.chance = chance
        self.least = least
        self.value = value
    }

    package static func == (a: Measure, b: Measure) -> Bool { a.name == b.name }

    // MARK: Of classes

    /// The area under the ROC curve; undefined with one class.
    package static let auroc = Measure("auroc", "AUROC", higherIsBetter: true, chance: 0.5) {
        $0.ranked?.auroc(weights: $1)
    }
    package static let f1 = Measure("f1", "F1", higherIsBetter: true) { $0.confusion($1).f1 }
    /// Undefined without a positive.
    package static let averagePrecision = Measure(
        "average_precision", "Average precision", words: "average precision", higherIsBetter: true
    ) { $0.ranked?.averagePrecision(weights: $1) }
    package static let brier = Measure("brier", "Brier score", higherIsBetter: false) {
        $0.mean($1) { $0.weight * $0.error * $0.error }
    }

    // MARK: Of a quantity

    /// The mean absolute error, in the quantity's unit.
    package static let mae = absolute(decimals: 2)
    /// The root of the mean squared error, in the quantity's unit.
    package static let rmse = rootSquared(decimals: 2)
    /// The coefficient of determination; undefined where all truths are alike.
    package static let r2 = Measure("r2", "R²", higherIsBetter: true, least: -1) { $0.determination($1) }

    fileprivate static func absolute(decimals: Int) -> Measure {
        Measure("mae", "MAE", decimals: decimals, higherIsBetter: false) {
            $0.mean($1) { $0.weight * abs($0.error) }
        }
    }

    fileprivate static func rootSquared(decimals: Int) -> Measure {
        Measure("rmse", "RMSE", decimals: decimals, higherIsBetter: false) {
            $0.mean($1) { $0.weight * $0.error * $0.error }?.squareRoot()
        }
    }

    // MARK: Of grades

    /// Cohen's kappa, disagreements weighing with the square of the grades between; each answer counts as the grade nearest
    /// to it. Undefined where truths and answers are all of one grade.
    package static let kappa = Measure(
        "quadratic_kappa", "Quadratic κ", words: "quadratic kappa", higherIsBetter: true, chance: 0, least: -1
    ) { $0.graded?.quadraticKappa($1) }

    /// The area under the ROC curve of studies of at least a grade against those below; undefined with one of the two.
    fileprivate static func auroc(from grade: MeasurementKind.Grade, at index: Int) -> Measure {
        let value = grade.value == grade.value.rounded() ? "\(Int(grade.value))" : "\(grade.value)"
        var measure = Measure(
            "auroc_from_\(value)", "AUROC, \(grade.name) or more", higherIsBetter: true, chance: 0.5
        ) { $0.graded?.auroc(from: index, $1) }
        measure.grade = grade
        return measure
    }
}

extension AnswerKind {
    /// All measures, in the order of files.
    package var measures: [Measure] {
        switch self {
        case .classes: [.auroc, .f1, .averagePrecision, .brier]
        case .quantity(let quantity):
            errors + [.r2] + (quantity.grades.isEmpty ? [] : [.kappa]) + thresholds
        }
    }

    /// Those in a quantity's unit: what its mean is measured by, of which others are known by definition.
    package var errors: [Measure] {
        measured.map { [.absolute(decimals: $0.decimals), .rootSquared(decimals: $0.decimals)] } ?? []
    }

    /// Of grades the areas under the ROC curve, from each grade but the least on.
    package var thresholds: [Measure] {
        (measured?.grades ?? []).enumerated().dropFirst().map { Measure.auroc(from: $1, at: $0) }
    }

    /// What models are compared by.
    package var main: Measure { measures[0] }

    /// That in a sentence.
    package var mainWords: String {
        switch self {
        case .classes: "macro AUROC"
        case .quantity: "mean absolute error"
        }
    }

    /// What is printed of a model beside others.
    package var printed: [Measure] {
        self == .classes ? [.auroc, .f1, .averagePrecision] : measures.filter { $0.grade == nil }
    }

    /// What an experiment's table has of all targets together.
    package var tabled: [Measure] { self == .classes ? [.auroc, .f1] : printed }
}
