// Whether a probability of 0.7 comes true seven times in ten.

/// Answers for all classes together, in ten bins of equal width.
package struct Calibration: Codable, Sendable, Equatable {
    /// The answers whose probability lies in one tenth.
    package struct Bin: Codable, Sendable, Equatable {
        package let count: Int
        /// Mean probability, and share of positives.
        package let predicted: Double, observed: Double
    }

    /// Bins that hold an answer, from the lowest probability up, as scikit-learn's `calibration_curve` gives them.
    package let bins: [Bin]
    /// Expected calibration error: the mean over answers of |predicted − observed| of their bin.
    package let error: Double

    init(bins: [Bin], error: Double) { (self.bins, self.error) = (bins, error) }

    package init(_ answers: Answers, bins count: Int = 10) {
        var sums = [(count: Int, predicted: Double, positives: Int)](repeating: (0, 0, 0), count: count)
        for row in answers.rows {
            // A bin holds its upper edge, the first one also 0, as in scikit-learn.
            let bin = (0..<count - 1).first { row.answer <= edge($0 + 1, of: count) } ?? count - 1
            sums[bin].count += 1
            sums[bin].predicted += row.answer
            sums[bin].positives += row.isPositive ? 1 : 0
        }
        bins = sums.filter { $0.count > 0 }.map {
            Bin(
                count: $0.count, predicted: $0.predicted / Double($0.count),
                observed: Double($0.positives) / Double($0.count))
        }
        let whole = Double(max(1, bins.reduce(0) { $0 + $1.count }))
        error = bins.reduce(0) { $0 + Double($1.count) * abs($1.predicted - $1.observed) } / whole
    }
}

/// Edge number `index` of `count` bins between 0 and 1, rounded as NumPy's `linspace` rounds it.
private func edge(_ index: Int, of count: Int) -> Double { Double(index) * (1 / Double(count)) }
