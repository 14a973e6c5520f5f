// How far raters agree: Cohen's kappa, weighted kappa, Krippendorff's alpha, with intervals by subject.

import EchoCore
import Foundation

/// What two raters said of the same items, as places in a list of values.
struct RatingPairs: Sendable {
    /// Of each item what the first and the second said, and the subject that it is of.
    var pairs: [(a: Int, b: Int, subject: Int)]
    /// How many values there are.
    let values: Int

    /// Cohen's kappa (1960), or weighted by the squares of differences (1968); nil where chance alone would agree.
    func kappa(squared: Bool, times: [Int]? = nil) -> Double? {
        var both = [Double](repeating: 0, count: values * values)
        var first = [Double](repeating: 0, count: values), second = first, total = 0.0
        for pair in pairs {
            let weight = Double(times?[pair.subject] ?? 1)
            both[pair.a * values + pair.b] += weight
            first[pair.a] += weight
            second[pair.b] += weight
            total += weight
        }
        guard total > 0 else { return nil }
        var observed = 0.0, expected = 0.0
        for a in 0..<values {
            for b in 0..<values {
                let cost = squared ? Double((a - b) * (a - b)) : a == b ? 0 : 1
                observed += cost * both[a * values + b]
                expected += cost * first[a] * second[b] / total
            }
        }
        return expected > 0 ? 1 - observed / expected : nil
    }
}

/// Krippendorff's alpha of any number of raters with gaps (Krippendorff 2011, Computing Krippendorff's alpha-reliability).
///
/// - Parameters:
///   - items: of each item what was said of it, as places in the list of values; one saying alone does not count
///   - isOrdinal: whether the values have an order, by which differences are weighed
/// - Returns: nil where all that was said is alike
func krippendorffAlpha(
    _ items: [(said: [Int], subject: Int)], values: Int, isOrdinal: Bool, times: [Int]? = nil
)
    -> Double?
{
    var coincidences = [Double](repeating: 0, count: values * values)
    for item in items where item.said.count > 1 {
        let weight = Double(times?[item.subject] ?? 1) / Double(item.said.count - 1)
        for (i, a) in item.said.enumerated() {
            for (j, b) in item.said.enumerated() where i != j { coincidences[a * values + b] += weight }
        }
    }
    let sums = (0..<values).map { a in (0..<values).reduce(0.0) { $0 + coincidences[a * values + $1] } }
    let total = sums.reduce(0, +)
    guard total > 1 else { return nil }
    var observed = 0.0, expected = 0.0
    for a in 0..<values {
        for b in 0..<values where a != b {
            var distance = 1.0
            if isOrdinal {
                let between = (min(a, b)...max(a, b)).reduce(0.0) { $0 + sums[$1] } - (sums[a] + sums[b]) / 2
                distance = between * between
            }
            observed += coincidences[a * values + b] * distance
            expected += sums[a] * sums[b] / (total - 1) * distance
        }
    }
    return expected > 0 ? 1 - observed / expected : nil
}
