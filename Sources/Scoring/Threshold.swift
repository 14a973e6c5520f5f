// From which probability on an answer counts as "yes": one number, or for each code what suited the validation split.

/// The threshold of F1 and of the confusion table.
package enum Threshold: Sendable, Equatable {
    case fixed(Double)
    /// Each code's own; 0.5 for a code that is not among them.
    case fitted([String: Double])

    /// The threshold of one code.
    package subscript(_ code: String) -> Double {
        switch self {
        case .fixed(let value): value
        case .fitted(let values): values[code] ?? 0.5
        }
    }

    /// The one number, if it is one.
    package var shared: Double? { if case .fixed(let value) = self { value } else { nil } }

    /// For each code the threshold with the highest F1 on these answers, half-way between two probabilities; of
    /// equals the highest. A code without a positive gets none.
    package init(fittedTo answers: Answers) {
        var best: [String: Double] = [:]
        for code in answers.targets {
            let rows = answers[code].sorted { $0.answer > $1.answer }
            let positives = rows.count(where: \.isPositive)
            guard positives > 0 else { continue }
            var found = 0, highest = -1.0
            for (index, row) in rows.enumerated() {
                found += row.isPositive ? 1 : 0
                let next = index + 1 < rows.count ? rows[index + 1].answer : 0
                guard next < row.answer || index + 1 == rows.count else { continue }
                let f1 = 2 * Double(found) / Double(index + 1 + positives)
                if f1 > highest {
                    highest = f1
                    best[code] = (row.answer + next) / 2
                }
            }
        }
        self = .fitted(best)
    }
}
