// A map that keeps neighbours together: t-SNE, exact, for as many points as a page can show.

import EchoCore
import Foundation

/// t-SNE (van der Maaten and Hinton 2008) of at most 2,000 points, with every pair of them, begun at the principal
/// components, so that the same points always give the same map.
package struct NeighbourMap {
    package static let most = 2000

    /// [points][2].
    package let places: [[Double]]
    /// Kullback and Leibler's divergence of the map from the points.
    package let divergence: Double

    /// - Parameter perplexity: how many neighbours a point has, roughly; at most a third of the points
    package init(_ points: [[Float]], perplexity: Double = 30, steps: Int = 750) {
        precondition(points.count <= Self.most, "an exact map has few points")
        let count = points.count
        guard count > 3 else {
            (places, divergence) = (points.indices.map { [Double($0), 0] }, 0)
            return
        }
        let affinities = Self.affinities(points, perplexity: min(perplexity, Double(count - 1) / 3))
        let components = PrincipalComponents(points)
        let start = points.map { components($0) }
        let squares: [Double] = start.map { $0[0] * $0[0] }
        let size = (squares.reduce(0, +) / Double(count)).squareRoot()
        var map: [[Double]] = start.map { (place: [Double]) -> [Double] in
            (0..<2).map { axis in
                let isKnown = size > 0 && axis < place.count
                return isKnown ? 1e-4 * place[axis] / size : 1e-4 * Double(axis)
            }
        }
        // Rates and momenta as scikit-learn's.
        let rate = max(Double(count) / 12 / 4, 50)
        var speed = map.map { _ in [0.0, 0.0] }, gains = map.map { _ in [1.0, 1.0] }
        for step in 0..<steps {
            let early = step < 250
            let (gradient, _) = Self.gradient(map, affinities, exaggeration: early ? 12 : 1)
            for point in 0..<count {
                for axis in 0..<2 {
                    let turns = speed[point][axis] * gradient[point][axis] < 0
                    gains[point][axis] = max(
                        0.01, turns ? gains[point][axis] + 0.2 : gains[point][axis] * 0.8)
                    speed[point][axis] =
                        (early ? 0.5 : 0.8) * speed[point][axis]
                        - rate * gains[point][axis] * gradient[point][axis]
                    map[point][axis] += speed[point][axis]
                }
            }
        }
        (places, divergence) = (map, Self.gradient(map, affinities, exaggeration: 1).divergence)
    }

    /// Symmetric affinities, row by row, that sum to 1: Gaussians whose width gives every point the perplexity.
    private static func affinities(_ points: [[Float]], perplexity: Double) -> [[Double]] {
        let count = points.count, wanted = log(perplexity)
        let found = parallelMap(count) { i in
            let distances = points.map { other in
                zip(points[i], other).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
            }
            let nearest = distances.indices.filter { $0 != i }.map { distances[$0] }.min() ?? 0
            var (precision, low, high) = (1.0, 0.0, Double.infinity)
            var row = [Double](repeating: 0, count: count)
            for _ in 0..<100 {
                var sum = 0.0, moment = 0.0
                for j in 0..<count where j != i {
                    let distance = distances[j] - nearest
                    row[j] = exp(-precision * distance)
                    sum += row[j]
                    moment += row[j] * distance
                }
                let entropy = log(sum) + precision * moment / sum
                for j in 0..<count { row[j] /= sum }
                if abs(entropy - wanted) < 1e-7 { break }
                if entropy > wanted { low = precision } else { high = precision }
                precision = high.isInfinite ? precision * 2 : (low + high) / 2
            }
            return row
        }
        return (0..<count).map { i in
            (0..<count).map { j in max((found[i][j] + found[j][i]) / (2 * Double(count)), i == j ? 0 : 1e-300)
            }
        }
    }

    /// The gradient of the divergence, and the divergence itself.
    private static func gradient(
        _ map: [[Double]], _ affinities: [[Double]], exaggeration: Double
    ) -> (gradient: [[Double]], divergence: Double) {
        let count = map.count
        let x = map.map { $0[0] }, y = map.map { $0[1] }
        let sums = parallelMap(count) { i in
            var sum = 0.0
            for j in 0..<count where j != i {
                let (dx, dy) = (x[i] - x[j], y[i] - y[j])
                sum += 1 / (1 + dx * dx + dy * dy)
            }
            return sum
        }
        let total = sums.reduce(0, +)
        let found = parallelMap(count) { i in
            var (gx, gy, divergence) = (0.0, 0.0, 0.0)
            for j in 0..<count where j != i {
                let (dx, dy) = (x[i] - x[j], y[i] - y[j])
                let near = 1 / (1 + dx * dx + dy * dy), p = affinities[i][j]
                let force = 4 * (exaggeration * p - near / total) * near
                gx += force * dx
                gy += force * dy
                if exaggeration == 1 { divergence += p * log(p * total / near) }
            }
            return [gx, gy, divergence]
        }
        return (found.map { Array($0[..<2]) }, found.reduce(0) { $0 + $1[2] })
    }
}
