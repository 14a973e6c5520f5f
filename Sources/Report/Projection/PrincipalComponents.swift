// The plane in which points differ most: two principal components.

import EchoCore
import Foundation

/// The first principal components of some points.
package struct PrincipalComponents {
    /// [components][width], unit vectors, each with its largest number positive (as scikit-learn turns them).
    package let axes: [[Double]]
    /// The variance along each (n − 1 below), and its share of all.
    package let variances: [Double], shares: [Double]
    private let mean: [Double]

    /// Subspace iteration with Rayleigh and Ritz's projection (Halko, Martinsson and Tropp 2011, algorithm 4.4, without
    /// chance): ten vectors, whose first `count` converge long before the last.
    ///
    /// - Parameter points: at least two, all of one width
    package init(_ points: [[Float]], count: Int = 2) {
        precondition(points.count > 1, "two points make a line")
        let width = points[0].count, count = min(count, width)
        var mean = [Double](repeating: 0, count: width)
        for point in points { for index in 0..<width { mean[index] += Double(point[index]) } }
        for index in 0..<width { mean[index] /= Double(points.count) }
        let rows = points.map { point in (0..<width).map { Double(point[$0]) - mean[$0] } }
        let size = min(width, count + 8)
        var random = SeededRandom(seed: 0, "principal components")
        var basis = orthonormal((0..<size).map { _ in (0..<width).map { _ in random.normal() } })
        var values: [Double] = []
        for _ in 0..<500 {
            let images = covariance(rows, times: basis)
            // The small matrix of the covariance in this basis, and its eigenvectors.
            let small = basis.map { a in images.map { inner(a, $0) } }
            let (found, turns) = eigenvectors(small)
            let turned = turns.map { turn in combine(images, turn) }
            let change = zip(found, values).map { abs($0 - $1) }.prefix(count).max() ?? .infinity
            values = found
            basis = orthonormal(turned)
            if change <= 1e-14 * (found.first ?? 0) { break }
        }
        self.mean = mean
        axes = basis.prefix(count).map { axis in
            let largest = axis.max { abs($0) < abs($1) } ?? 0
            return largest < 0 ? axis.map { -$0 } : axis
        }
        variances = Array(values.prefix(count))
        let all = rows.reduce(0) { $0 + inner($1, $1) } / Double(points.count - 1)
        shares = variances.map { all > 0 ? $0 / all : 0 }
    }

    /// The coordinates of a point along the axes.
    package func callAsFunction(_ point: [Float]) -> [Double] {
        let centred = mean.indices.map { Double(point[$0]) - mean[$0] }
        return axes.map { inner($0, centred) }
    }
}

/// XᵀX v / (n − 1) for each vector.
private func covariance(_ rows: [[Double]], times vectors: [[Double]]) -> [[Double]] {
    parallelMap(vectors.count) { place in
        var image = [Double](repeating: 0, count: vectors[place].count)
        for row in rows {
            let share = inner(row, vectors[place]) / Double(rows.count - 1)
            for index in image.indices { image[index] += share * row[index] }
        }
        return image
    }
}

private func inner(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
}

private func combine(_ vectors: [[Double]], _ factors: [Double]) -> [Double] {
    var sum = [Double](repeating: 0, count: vectors[0].count)
    for (vector, factor) in zip(vectors, factors) {
        for index in sum.indices { sum[index] += factor * vector[index] }
    }
    return sum
}

/// Gram and Schmidt, twice for the sake of rounding; a vector that lies in the others' span becomes zero.
private func orthonormal(_ vectors: [[Double]]) -> [[Double]] {
    var basis: [[Double]] = []
    for vector in vectors {
        var rest = vector
        let length = inner(vector, vector).squareRoot()
        for _ in 0..<2 {
            for other in basis {
                let share = inner(rest, other)
                for index in rest.indices { rest[index] -= share * other[index] }
            }
        }
        let size = inner(rest, rest).squareRoot()
        basis.append(size > 1e-13 * length ? rest.map { $0 / size } : rest.map { _ in 0 })
    }
    return basis
}

/// Eigenvalues of a small symmetric matrix in descending order, and a unit vector for each, by Jacobi's rotations.
private func eigenvectors(_ matrix: [[Double]]) -> (values: [Double], vectors: [[Double]]) {
    let size = matrix.count
    var a = matrix
    var v = (0..<size).map { row in (0..<size).map { $0 == row ? 1.0 : 0 } }
    for _ in 0..<60 {
        var rest = 0.0
        for p in 0..<size {
            for q in 0..<p {
                rest += a[p][q] * a[p][q]
                guard abs(a[p][q]) > 1e-300 else { continue }
                let angle = 0.5 * atan2(2 * a[p][q], a[q][q] - a[p][p])
                let (c, s) = (cos(angle), sin(angle))
                for k in 0..<size {
                    (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q])
                }
                for k in 0..<size {
                    (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k])
                }
                for k in 0..<size {
                    (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q])
                }
            }
        }
        if rest == 0 { break }
    }
    let order = (0..<size).sorted { a[$0][$0] > a[$1][$1] }
    return (order.map { a[$0][$0] }, order.map { column in (0..<size).map { v[$0][column] } })
}
