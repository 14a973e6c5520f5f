// Answers with everything sorted and looked up once, ready to be scored under any weights of the subjects.

package import EchoCore
import Tasks

/// The answers for every target, each with its subject as an index into `subjects`.
package struct AnswerTable {
    /// One target's answers.
    package struct Column {
        private let subjects: [Int]
        private let truths: [Double], answers: [Double]
        /// Of classes: in the order of their probabilities.
        package let ranked: RankedScores?
        /// Of an ordinal scale.
        package let graded: GradedAnswers?
        private let threshold: Double

        fileprivate init(_ rows: [Answers.Row], _ subjects: [Int], _ kind: AnswerKind, threshold: Double) {
            self.subjects = subjects
            truths = rows.map(\.truth)
            answers = rows.map(\.answer)
            ranked =
                kind == .classes
                ? RankedScores(labels: rows.map(\.isPositive), scores: answers, subjects: subjects) : nil
            let grades = kind.measured?.grades ?? []
            graded =
                grades.isEmpty
                ? nil : GradedAnswers(truths: truths, answers: answers, subjects: subjects, grades: grades)
            self.threshold = threshold
        }

        /// What became of a class's examples at the threshold.
        package func confusion(_ weights: [Int]?) -> Confusion {
            var confusion = Confusion()
            for i in truths.indices {
                confusion.add(
                    label: truths[i] == 1, predicted: answers[i] >= threshold,
                    times: weights?[subjects[i]] ?? 1)
            }
            return confusion
        }

        /// What a row gives to a mean: its error is answer − truth.
        package struct Term { let weight: Double, error: Double, truth: Double }

        /// The mean over rows of a term that holds the row's weight; nil for no row.
        package func mean(
            _ weights: [Int]?, _ term: (Term) -> Double
        ) -> Double? {
            let (sum, count) = sum(weights, term)
            return count > 0 ? sum / count : nil
        }

        /// R² as scikit-learn defines it; nil where all true values are alike.
        package func determination(_ weights: [Int]?) -> Double? {
            guard let mean = mean(weights, { $0.weight * $0.truth }) else { return nil }
            let squared = sum(weights) { $0.weight * $0.error * $0.error }.sum
            let spread = sum(weights) { $0.weight * ($0.truth - mean) * ($0.truth - mean) }.sum
            return spread > 0 ? 1 - squared / spread : nil
        }

        private func sum(
            _ weights: [Int]?, _ term: (Term) -> Double
        ) -> (sum: Double, count: Double) {
            var sum = 0.0, count = 0.0
            for i in truths.indices {
                let weight = Double(weights?[subjects[i]] ?? 1)
                sum += term(Term(weight: weight, error: answers[i] - truths[i], truth: truths[i]))
                count += weight
            }
            return (sum, count)
        }
    }

    package let subjects: [String]
    package let columns: [Column]
    private let measures: [Measure]
    private let positions: [String: Int]

    package init(_ answers: Answers, threshold: Threshold) {
        let subjects = answers.subjects
        let index = Dictionary(uniqueKeysWithValues: zip(subjects, subjects.indices))
        self.subjects = subjects
        columns = answers.targets.map { target in
            let rows = answers[target]
            return Column(
                rows, rows.map { index[$0.subject]! }, answers.kind, threshold: threshold[target])
        }
        measures = answers.kind.measures
        positions = Dictionary(uniqueKeysWithValues: zip(answers.targets, answers.targets.indices))
    }

    /// The positions of `targets` in the table.
    package func indices(of targets: [String], group: String) throws(EchoError) -> [Int] {
        var found: [Int] = []
        for target in targets {
            guard let index = positions[target] else {
                throw EchoError(
                    "--group \(group)", "no predictions for code \(target)",
                    try: "the codes are \(positions.keys.sorted().joined(separator: ","))")
            }
            found.append(index)
        }
        return found
    }

    /// Every target's measures with each subject counting for its weight, or for one.
    package func values(weights: [Int]?) -> [Values] {
        columns.map { column in Values(measures) { $0.value(column, weights) } }
    }
}

/// The measures of one target or group on one resampling; nil where undefined.
package struct Values: Sendable {
    private let measures: [Measure]
    private let values: [Double?]

    package init(_ measures: [Measure], _ value: (Measure) -> Double?) {
        self.measures = measures
        values = measures.map(value)
    }

    /// Each measure's mean over the targets that define it.
    package init(_ measures: [Measure], mean targets: [Values]) {
        self.init(measures) { measure in Metrics.mean(targets.compactMap { $0[measure] }) }
    }

    package subscript(_ measure: Measure) -> Double? {
        measures.firstIndex(of: measure).flatMap { values[$0] }
    }
}
