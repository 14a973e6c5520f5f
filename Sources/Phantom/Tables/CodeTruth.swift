// How well each code could be told from perfect measurements: what a model's score is to be judged against.

#if canImport(Glibc)
    import Glibc
#endif
import EchoCore

/// A category of codes: how common it is in the cohort and how far the anatomy gives it away.
package struct CodeTruth: Sendable, Encodable {
    package let category: String
    package let role: ConditionRole
    /// Studies whose anatomy was shaped by it, and their share.
    package let studies: Int
    package let prevalence: Double
    /// AUROC of the best linear rule on the true parameters that any view shows, and on what two views show together.
    package let auroc: Double
    /// The same without what two views show together: evidence that is summed over views.
    package let aurocOfSum: Double
    /// The same with one view alone, in the order of `CodeTruth.views`.
    package let aurocByView: [Double]

    package static let views: [View] = [
        .parasternalLongAxis, .parasternalShortAxis, .apicalFourChamber, .apicalTwoChamber,
    ]

    /// Measures every category of the cohort on hearts drawn anew.
    ///
    /// - Parameter diagnoses: of each study of the cohort
    /// - Parameter population: diagnoses to draw hearts for
    package static func all(
        cohort diagnoses: [Diagnoses], population: [Diagnoses], seed: UInt64, isSynthetic: Bool
    ) -> [CodeTruth] {
        let hearts = population.enumerated().map { index, drawn in
            Anatomy(
                drawn, subject: SeededRandom(seed: seed, "truth", "subject", index),
                study: SeededRandom(seed: seed, "truth", "study", index))
        }
        let summed = hearts.map { heart in Self.views.flatMap { heart.shown(in: $0) } }
        var rules = [LinearRule(zip(hearts, summed).map { $0.shownTogether + $1 }), LinearRule(summed)]
        for view in Self.views { rules.append(LinearRule(hearts.map { $0.shown(in: view) })) }
        let known = Set(Condition.all.map(\.category))
        var counts: [String: Int] = [:]
        for one in diagnoses { for category in one.categories { counts[category, default: 0] += 1 } }
        // A real cohort has hundreds of categories: those that could become targets are enough.
        let listed = counts.filter { known.contains($0.key) || $0.value * 20 >= diagnoses.count }
        func role(_ category: String) -> ConditionRole {
            let drawn = Condition.byCategory[category]?.role ?? .carried
            return isSynthetic || drawn == .shown ? drawn : .carried
        }
        return listed.sorted { $0.key < $1.key }.map { category, count in
            let labels = population.map { $0.has(category) }
            let scores = rules.map { $0.auroc(labels) }
            return CodeTruth(
                category: category, role: role(category), studies: count,
                prevalence: Double(count) / Double(max(1, diagnoses.count)), auroc: scores[0],
                aurocOfSum: scores[1], aurocByView: Array(scores.dropFirst(2)))
        }
    }
}

extension Anatomy {
    /// What a perfect reader would see only by holding two views side by side: whether they show the same.
    var shownTogether: [Double] { [(outerSpace[0] > 0) == (outerSpace[1] > 0) ? 0 : 1] }

    /// The parameters that a perfect reader would take from one view.
    func shown(in view: View) -> [Double] {
        let kick = atrialKick ? 1.0 : 0
        switch view {
        case .apicalFourChamber:
            return [
                log(septalLateralRadius), log(longRadius), ejectionFraction, wall, log(rightVentricle),
                log(rightAtrium), log(atriumFourChamber), log(atriumLength),
                min(wallMotion[0], wallMotion[1]), kick, effusion, outerSpace[0],
            ]
        case .apicalTwoChamber:
            return [
                log(anteriorInferiorRadius), log(longRadius), ejectionFraction, wall, log(atriumTwoChamber),
                log(atriumLength), min(wallMotion[2], wallMotion[3]), kick, effusion, outerSpace[1],
            ]
        case .parasternalLongAxis, .apicalThreeChamber:
            return [
                log(septalLateralRadius * anteriorInferiorRadius), ejectionFraction, wall,
                log(rightVentricle),
                log(atriumLongAxis), aorticCalcium, kick, effusion,
            ]
        case .parasternalShortAxis:
            return [
                log(septalLateralRadius), log(anteriorInferiorRadius), ejectionFraction, wall,
                log(rightVentricle),
                wallMotion.min(), kick, effusion,
            ]
        }
    }
}

/// Fisher's linear discriminant: fitted on the even rows, judged on the odd ones.
struct LinearRule {
    private let rows: [[Double]]
    /// Cholesky factor of the covariance, lower triangle.
    private let factor: [[Double]]

    init(_ rows: [[Double]]) {
        self.rows = rows
        let width = rows[0].count, count = Double(rows.count)
        var mean = [Double](repeating: 0, count: width)
        for row in rows { for i in 0..<width { mean[i] += row[i] / count } }
        var covariance = [[Double]](repeating: [Double](repeating: 0, count: width), count: width)
        for row in rows {
            for i in 0..<width {
                for j in 0...i { covariance[i][j] += (row[i] - mean[i]) * (row[j] - mean[j]) / count }
            }
        }
        // A little of the diagonal keeps features that repeat each other apart.
        for i in 0..<width { covariance[i][i] = covariance[i][i] * 1.0001 + 1e-9 }
        for i in 0..<width {
            for j in 0...i {
                var sum = covariance[i][j]
                for k in 0..<j { sum -= covariance[i][k] * covariance[j][k] }
                covariance[i][j] = i == j ? max(sum, 1e-12).squareRoot() : sum / covariance[j][j]
            }
        }
        factor = covariance
    }

    /// The area under the receiver operating characteristic for telling the rows with a label; ½ where none or all
    /// have it.
    func auroc(_ labels: [Bool]) -> Double {
        let weights = direction(labels)
        let judged = stride(from: 1, to: rows.count, by: 2)
        let scores = judged.map { index in zip(rows[index], weights).reduce(0) { $0 + $1.0 * $1.1 } }
        return RankedScores(labels: judged.map { labels[$0] }, scores: scores).auroc() ?? 0.5
    }

    /// The covariance's inverse times the difference of the classes' means.
    private func direction(_ labels: [Bool]) -> [Double] {
        let width = rows[0].count
        var sums = [[Double]](repeating: [Double](repeating: 0, count: width), count: 2)
        var counts = [0.0, 0.0]
        for index in stride(from: 0, to: rows.count, by: 2) {
            let side = labels[index] ? 1 : 0
            counts[side] += 1
            for i in 0..<width { sums[side][i] += rows[index][i] }
        }
        var x = (0..<width).map { sums[1][$0] / max(1, counts[1]) - sums[0][$0] / max(1, counts[0]) }
        for i in 0..<width {
            for k in 0..<i { x[i] -= factor[i][k] * x[k] }
            x[i] /= factor[i][i]
        }
        for i in (0..<width).reversed() {
            for k in (i + 1)..<width { x[i] -= factor[k][i] * x[k] }
            x[i] /= factor[i][i]
        }
        return x
    }
}
