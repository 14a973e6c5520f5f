// One code's examples sorted by score once, so that each of a thousand resamplings is a single pass.

/// Examples in descending order of score, each belonging to a subject whose weight a resampling may change.
package struct RankedScores: Sendable {
    private struct Example {
        let subject: Int
        let positive: Bool
        /// Whether the next example scores lower: ties are counted together.
        let endsTie: Bool
    }

    private let examples: [Example]

    /// - Parameter subjects: the subject of each example as an index into the weights; by default each its own.
    package init(labels: [Bool], scores: [Double], subjects: [Int]? = nil) {
        precondition(labels.count == scores.count, "a score for every label")
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        examples = order.indices.map { i in
            let last = i + 1 == order.count || scores[order[i + 1]] != scores[order[i]]
            return Example(
                subject: subjects?[order[i]] ?? order[i], positive: labels[order[i]], endsTie: last)
        }
    }

    /// The area under the ROC curve; nil unless both classes are there.
    ///
    /// - Parameter weights: what each subject counts for; nil counts every example once.
    package func auroc(weights: [Int]? = nil) -> Double? {
        // In whole numbers of half pairs, therefore exact; of millions of weighted examples they fill more than 64 bits.
        var halfPairs: Int128 = 0, positives = 0, negatives = 0
        visitTies(weights) { tiedPositives, tiedNegatives in
            halfPairs += Int128(tiedNegatives) * Int128(2 * positives + tiedPositives)
            positives += tiedPositives
            negatives += tiedNegatives
        }
        guard positives > 0, negatives > 0 else { return nil }
        return Double(halfPairs) / (2 * Double(positives) * Double(negatives))
    }

    /// - Parameter weights: what each subject counts for; nil counts every example once.
    package func averagePrecision(weights: [Int]? = nil) -> Double? {
        var sum = 0.0, positives = 0, seen = 0
        visitTies(weights) { tiedPositives, tiedNegatives in
            positives += tiedPositives
            seen += tiedPositives + tiedNegatives
            if tiedPositives > 0 { sum += Double(tiedPositives) * Double(positives) / Double(seen) }
        }
        return positives > 0 ? sum / Double(positives) : nil
    }

    /// Calls `body` with the weights of positives and negatives at each distinct score, from the highest down.
    package func visitTies(_ weights: [Int]? = nil, _ body: (Int, Int) -> Void) {
        var positives = 0, negatives = 0
        for example in examples {
            let weight = weights?[example.subject] ?? 1
            if example.positive { positives += weight } else { negatives += weight }
            guard example.endsTie else { continue }
            body(positives, negatives)
            (positives, negatives) = (0, 0)
        }
    }
}
