// Classes of which one holds, as the views of clips: how often that one was the most probable, and what was it taken for.

import Catalog
import EchoCore
import Tasks

/// What became of answers where one of several classes holds.
package struct ChoiceScores: Sendable, Equatable {
    /// What is asked, as "view".
    package let field: String
    /// As the targets are called, without the field.
    package let values: [String]
    /// The share of clips whose most probable class is theirs; and the mean of that share over the classes that there are.
    package let accuracy: Estimate, balanced: Estimate
    /// How often each class (a row) was answered with each (a column); empty where that is not to be shown.
    package let confusion: [[Int]]
}

/// Answers to a question, each as its true and its most probable class; of equals the first.
struct ChoiceTable {
    private let field: String, targets: [String]
    /// The places of both classes, and of the subject among all.
    private let rows: [(truth: Int, answer: Int, subject: Int)]

    /// Nil where the targets are not the answers to one question, or not exactly one of them holds.
    init?(_ answers: Answers) {
        guard answers.kind == .classes, let field = LabelField.name(ofAll: answers.targets) else {
            return nil
        }
        let subjects = answers.subjects
        let places = Dictionary(uniqueKeysWithValues: zip(subjects, subjects.indices))
        var found: [String: (truth: Int?, answer: Int, best: Double, subject: Int, count: Int)] = [:]
        for (place, target) in answers.targets.enumerated() {
            for row in answers[target] {
                var own = found[row.study] ?? (nil, place, row.answer, places[row.subject]!, 0)
                if row.isPositive {
                    guard own.truth == nil else { return nil }
                    own.truth = place
                }
                if row.answer > own.best { (own.answer, own.best) = (place, row.answer) }
                own.count += 1
                found[row.study] = own
            }
        }
        guard found.values.allSatisfy({ $0.truth != nil && $0.count == answers.targets.count }) else {
            return nil
        }
        (self.field, targets) = (field, answers.targets)
        rows = found.values.map { ($0.truth!, $0.answer, $0.subject) }
    }

    /// How often each class was answered with each, each subject counting for its weight, or for one.
    private func counts(_ weights: [Int]?) -> [[Int]] {
        var counts = Array(repeating: Array(repeating: 0, count: targets.count), count: targets.count)
        for row in rows { counts[row.truth][row.answer] += weights?[row.subject] ?? 1 }
        return counts
    }

    /// Accuracy, and the mean recall of the classes that there are.
    func shares(_ weights: [Int]?) -> (accuracy: Double, balanced: Double) {
        let counts = counts(weights), sizes = counts.map { $0.reduce(0, +) }
        let right = counts.indices.reduce(0) { $0 + counts[$1][$1] }
        let recalls = counts.indices.filter { sizes[$0] > 0 }.map {
            Double(counts[$0][$0]) / Double(sizes[$0])
        }
        return (
            Double(right) / Double(max(1, sizes.reduce(0, +))),
            recalls.reduce(0, +) / Double(max(1, recalls.count))
        )
    }

    /// - Parameter draws: what `shares` are on each resampling
    func scores(_ draws: [(accuracy: Double, balanced: Double)], confidence: Double) -> ChoiceScores {
        let whole = shares(nil)
        return ChoiceScores(
            field: field, values: targets.map(LabelField.value),
            accuracy: interval(around: whole.accuracy, draws.map(\.accuracy), confidence: confidence),
            balanced: interval(around: whole.balanced, draws.map(\.balanced), confidence: confidence),
            confusion: counts(nil))
    }
}

extension RunScores {
    /// A line for both shares, and a line a true class, a column an answer.
    var choiceText: String {
        guard let choice else { return "" }
        var table = TextTable([("true \\ answered", .left)] + choice.values.map { ($0, .right) })
        for (value, row) in zip(choice.values, choice.confusion) { table.add([value] + row.map(grouped)) }
        return """

            accuracy \(intervalText(choice.accuracy)), balanced \(intervalText(choice.balanced)): the most probable \
            \(choice.field) of each \(unit.rawValue)

            \(table.text)
            """
    }

    /// A line a true class and an answered one.
    var choiceCSV: String? {
        choice.map { choice in
            csvText(
                ["true", "answered", unit.plural],
                choice.confusion.enumerated().flatMap { truth, row in
                    row.enumerated().map { [choice.values[truth], choice.values[$0], "\($1)"] }
                })
        }
    }
}
