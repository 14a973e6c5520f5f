// Predictions with everything sorted and looked up once, ready to be scored under any weights of the subjects.

import EchoCore

/// The examples of every code, each with its subject as an index into `subjects`.
struct CodeTable {
    private struct Column {
        let subjects: [Int]
        let labels: [Bool]
        let probabilities: [Double]
        let ranked: RankedScores
        let threshold: Double
    }

    let subjects: [String]
    private let columns: [Column]
    private let positions: [String: Int]

    init(_ predictions: Predictions, threshold: Threshold) {
        let subjects = predictions.subjects
        let index = Dictionary(uniqueKeysWithValues: zip(subjects, subjects.indices))
        self.subjects = subjects
        columns = predictions.codes.map { code in
            let rows = predictions[code]
            let owners = rows.map { index[$0.subject]! }, labels = rows.map(\.label)
            let probabilities = rows.map(\.probability)
            return Column(
                subjects: owners, labels: labels, probabilities: probabilities,
                ranked: RankedScores(labels: labels, scores: probabilities, subjects: owners),
                threshold: threshold[code])
        }
        positions = Dictionary(uniqueKeysWithValues: zip(predictions.codes, predictions.codes.indices))
    }

    /// The positions of `codes` in the table.
    func indices(of codes: [String], group: String) throws(EchoError) -> [Int] {
        var found: [Int] = []
        for code in codes {
            guard let index = positions[code] else {
                throw EchoError(
                    "--group \(group)", "no predictions for code \(code)",
                    try: "the codes are \(positions.keys.sorted().joined(separator: ","))")
            }
            found.append(index)
        }
        return found
    }

    /// Every code's measures with each subject counted `weights` times, or once.
    func values(weights: [Int]?) -> [Values] {
        columns.map { column in
            let confusion = confusion(column, weights)
            return Values { measure in
                switch measure {
                case .auroc: column.ranked.auroc(weights: weights)
                case .averagePrecision: column.ranked.averagePrecision(weights: weights)
                case .f1: confusion.f1
                case .brier: brier(column, weights)
                }
            }
        }
    }

    /// What became of a code's examples at the threshold.
    func confusion(_ index: Int) -> Confusion { confusion(columns[index], nil) }

    private func confusion(_ column: Column, _ weights: [Int]?) -> Confusion {
        var confusion = Confusion()
        for i in column.labels.indices {
            confusion.add(
                label: column.labels[i], predicted: column.probabilities[i] >= column.threshold,
                times: weights?[column.subjects[i]] ?? 1)
        }
        return confusion
    }

    private func brier(_ column: Column, _ weights: [Int]?) -> Double? {
        var sum = 0.0, count = 0
        for i in column.labels.indices {
            let weight = weights?[column.subjects[i]] ?? 1
            let error = column.probabilities[i] - (column.labels[i] ? 1 : 0)
            sum += Double(weight) * error * error
            count += weight
        }
        return count > 0 ? sum / Double(count) : nil
    }
}
