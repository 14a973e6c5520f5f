// The floor: linear models on raw features, by full gradient steps to the end, so that nothing is a matter of luck.

import EchoCore
import Foundation

/// Logistic or least-squares models, one an output, with an L2 penalty that the validation split chooses.
package struct LinearProbe: Sendable {
    package enum Loss: Sendable { case logistic, squared }

    /// Weights [outputs, features] on standardised features, and an intercept each.
    package private(set) var weights: [[Float]], intercepts: [Float]
    private let mean: [Float], scale: [Float]

    /// - Parameters:
    ///   - features: [studies][features]
    ///   - targets: [studies][outputs]; one that is not known is NaN, and its study says nothing of that output
    ///   - penalty: λ of (mean loss) + λ/2 · ‖w‖²; the intercept is free
    package init(features: [[Float]], targets: [[Float]], loss: Loss, penalty: Float) {
        let (mean, scale) = Self.moments(features)
        let rows = features.map { Self.standardised($0, mean, scale) }
        @Sendable func steepness(_ rows: [[Float]]) -> Float {
            (loss == .logistic ? 0.25 : 1) * (Self.largestEigenvalue(rows) + 1) + penalty
        }
        let whole = steepness(rows)
        let fits = parallelMap(targets[0].count) { output in
            let known = targets.indices.filter { !targets[$0][output].isNaN }
            guard !known.isEmpty else { return ([Float](repeating: 0, count: rows[0].count), Float(0)) }
            let mine = known.count == rows.count ? rows : known.map { rows[$0] }
            return Self.fit(
                mine, known.map { targets[$0][output] }, loss, penalty,
                known.count == rows.count ? whole : steepness(mine))
        }
        (weights, intercepts) = (fits.map(\.0), fits.map(\.1))
        (self.mean, self.scale) = (mean, scale)
    }

    /// Fits with each penalty of a grid and keeps the one with the lowest loss on `validation`.
    init(
        training: (features: [[Float]], targets: [[Float]]),
        validation: (features: [[Float]], targets: [[Float]]),
        loss: Loss
    ) {
        let fits = [0.01, 0.1, 1, 10, 100].map {
            LinearProbe(
                features: training.features, targets: training.targets, loss: loss, penalty: Float($0))
        }
        let judged = validation.features.isEmpty ? training : validation
        self = fits.min { $0.loss(judged, loss) < $1.loss(judged, loss) }!
    }

    /// Logits or values, one an output.
    package func callAsFunction(_ features: [Float]) -> [Float] {
        let row = Self.standardised(features, mean, scale)
        return zip(weights, intercepts).map { dot($0, row) + $1 }
    }

    private func loss(_ data: (features: [[Float]], targets: [[Float]]), _ kind: Loss) -> Double {
        zip(data.features, data.targets).reduce(0) { sum, pair in
            zip(self(pair.0), pair.1).reduce(sum) { sum, value in
                let (x, y) = (Double(value.0), Double(value.1))
                guard !y.isNaN else { return sum }
                return sum + (kind == .logistic ? max(x, 0) - x * y + log1p(exp(-abs(x))) : (x - y) * (x - y))
            }
        }
    }

    // MARK: Fitting

    /// Nesterov's accelerated gradient with the step 1/L, started anew whenever it points uphill (O'Donoghue and
    /// Candès 2015), until no part of the gradient is above 1e-5: a tenth of where scikit-learn's models stop.
    ///
    /// Its error falls with exp(−n/√(L/λ)); the bound on n is many times what the smallest penalty needs.
    private static func fit(
        _ rows: [[Float]], _ targets: [Float], _ loss: Loss, _ penalty: Float, _ steepness: Float
    ) -> (weights: [Float], intercept: Float) {
        let width = rows[0].count, share = 1 / Float(rows.count)
        // The last number is the intercept.
        var current = [Float](repeating: 0, count: width + 1), ahead = current
        var momentum: Float = 1
        for _ in 0..<20_000 {
            var gradient = ahead.map { penalty * $0 }
            gradient[width] = 0
            for (row, target) in zip(rows, targets) {
                let value = dot(row, ahead) + ahead[width]
                let answer = loss == .logistic ? 1 / (1 + exp(-value)) : value
                let slope = share * (answer - target)
                for index in 0..<width { gradient[index] += slope * row[index] }
                gradient[width] += slope
            }
            if gradient.allSatisfy({ abs($0) < 1e-5 }) { return (Array(ahead[..<width]), ahead[width]) }
            var next = ahead
            for index in next.indices { next[index] -= gradient[index] / steepness }
            var uphill: Float = 0
            for index in next.indices { uphill += gradient[index] * (next[index] - current[index]) }
            let following = uphill > 0 ? 1 : (1 + (1 + 4 * momentum * momentum).squareRoot()) / 2
            let factor = uphill > 0 ? 0 : (momentum - 1) / following
            for index in next.indices { ahead[index] = next[index] + factor * (next[index] - current[index]) }
            (current, momentum) = (next, following)
        }
        return (Array(current[..<width]), current[width])
    }

    /// λmax of XᵀX/n by power iteration, a little above.
    private static func largestEigenvalue(_ rows: [[Float]]) -> Float {
        var vector = [Float](repeating: 1, count: rows[0].count), size: Float = 0
        for _ in 0..<30 {
            var next = [Float](repeating: 0, count: vector.count)
            for row in rows {
                let share = dot(row, vector) / Float(rows.count)
                for index in next.indices { next[index] += share * row[index] }
            }
            size = dot(next, next).squareRoot()
            guard size > 0 else { return 0 }
            vector = next.map { $0 / size }
        }
        return 1.1 * size
    }

    private static func moments(_ rows: [[Float]]) -> (mean: [Float], scale: [Float]) {
        let count = Float(rows.count), width = rows[0].count
        var mean = [Float](repeating: 0, count: width), squares = mean
        for row in rows { for index in 0..<width { mean[index] += row[index] / count } }
        for row in rows {
            for index in 0..<width {
                let difference = row[index] - mean[index]
                squares[index] += difference * difference / count
            }
        }
        // A feature that never changes says nothing.
        return (mean, squares.map { $0 > 1e-12 ? 1 / $0.squareRoot() : 0 })
    }

    private static func standardised(_ row: [Float], _ mean: [Float], _ scale: [Float]) -> [Float] {
        row.indices.map { (row[$0] - mean[$0]) * scale[$0] }
    }
}

/// The inner product over as many elements as `a` has.
private func dot(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Float = 0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
}
