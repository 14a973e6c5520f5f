// Answers on an ordinal scale: told apart at each grade, and counted grade against grade.

import Catalog
import EchoCore

/// One target's truths and answers as grades.
package struct GradedAnswers: Sendable {
    /// For each grade but the least: who has at least it, in the order of the answers.
    private let thresholds: [RankedScores]
    private let count: Int
    /// Of each row: the places of the grades nearest to truth and answer, and the subject.
    private let rows: [(truth: Int, answer: Int, subject: Int)]

    /// - Parameters:
    ///   - truths, answers: in the scale's values
    ///   - grades: from the least to the greatest
    init(truths: [Double], answers: [Double], subjects: [Int], grades: [MeasurementKind.Grade]) {
        let values = grades.map(\.value)
        thresholds = values.dropFirst().map { grade in
            RankedScores(labels: truths.map { $0 >= grade }, scores: answers, subjects: subjects)
        }
        count = values.count
        rows = truths.indices.map {
            (Self.nearest(truths[$0], values), Self.nearest(answers[$0], values), subjects[$0])
        }
    }

    /// The place of the nearest grade, of two the lower.
    private static func nearest(_ value: Double, _ grades: [Double]) -> Int {
        grades.indices.min { abs(grades[$0] - value) < abs(grades[$1] - value) } ?? 0
    }

    /// The area under the ROC curve of "at least this grade".
    ///
    /// - Parameter grade: its place, from 1
    func auroc(from grade: Int, _ weights: [Int]?) -> Double? {
        thresholds[grade - 1].auroc(weights: weights)
    }

    /// How often each grade (a row) was answered with each (a column).
    package func counts(_ weights: [Int]? = nil) -> [[Int]] {
        var counts = Array(repeating: Array(repeating: 0, count: count), count: count)
        for row in rows { counts[row.truth][row.answer] += weights?[row.subject] ?? 1 }
        return counts
    }

    /// Cohen's kappa with quadratic weights (Cohen 1968), grades being one apart; nil where chance alone would never
    /// disagree.
    func quadraticKappa(_ weights: [Int]?) -> Double? {
        let counts = counts(weights)
        let truths = counts.map { Double($0.reduce(0, +)) }
        let answers = (0..<count).map { column in Double(counts.reduce(0) { $0 + $1[column] }) }
        let all = truths.reduce(0, +)
        var found = 0.0, byChance = 0.0
        for truth in 0..<count {
            for answer in 0..<count {
                let apart = Double((truth - answer) * (truth - answer))
                found += apart * Double(counts[truth][answer])
                byChance += apart * truths[truth] * answers[answer]
            }
        }
        return byChance > 0 ? 1 - found * all / byChance : nil
    }
}
