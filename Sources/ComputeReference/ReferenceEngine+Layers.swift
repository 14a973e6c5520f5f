// The reference's linear layers, GELU and layer norm.

package import Compute
import Foundation

extension ReferenceEngine {
    package func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) {
        let x = values(x), weight = values(weight), bias = values(bias)
        var out = [Double](repeating: 0, count: rows * outputs)
        for r in 0..<rows {
            for o in 0..<outputs {
                var sum = bias[o]
                for i in 0..<inputs { sum += x[r * inputs + i] * weight[o * inputs + i] }
                out[r * outputs + o] = sum
            }
        }
        switch epilogue {
        case .none: break
        case .gelu(let activated): store(out.map(gelu), in: activated)
        case .adding(let residual):
            let residual = values(residual)
            for i in out.indices { out[i] += residual[i] }
        }
        store(out, in: y)
    }

    package func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int,
        through gelu: Buffer?
    ) {
        let dy = values(dy), weight = values(weight), before = gelu.map(values)
        var out = [Double](repeating: 0, count: rows * inputs)
        for r in 0..<rows {
            for o in 0..<outputs {
                for i in 0..<inputs { out[r * inputs + i] += dy[r * outputs + o] * weight[o * inputs + i] }
            }
        }
        if let gelu, let before {
            for i in out.indices { out[i] *= geluDerivative(before[i]) }
            store(before.map(self.gelu), in: gelu)
        }
        store(out, in: dx, accumulating: accumulating)
    }

    package func linearWeightGradient(
        _ dy: Buffer, x: Buffer, into dWeight: Buffer, and dBias: Buffer, accumulating: Bool, rows: Int,
        inputs: Int, outputs: Int
    ) {
        let dy = values(dy), x = values(x)
        var weight = [Double](repeating: 0, count: outputs * inputs)
        var bias = [Double](repeating: 0, count: outputs)
        for r in 0..<rows {
            for o in 0..<outputs {
                bias[o] += dy[r * outputs + o]
                for i in 0..<inputs { weight[o * inputs + i] += dy[r * outputs + o] * x[r * inputs + i] }
            }
        }
        store(weight, in: dWeight, accumulating: accumulating)
        store(bias, in: dBias, accumulating: accumulating)
    }

    package func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {
        let x = values(x), scale = values(scale), shift = values(shift)
        var out = x
        var figures: [Double] = []
        for r in 0..<rows {
            let row = x[r * width..<(r + 1) * width]
            let mean = row.reduce(0, +) / Double(width)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            let inverse = 1 / (variance + epsilon).squareRoot()
            for i in 0..<width {
                out[r * width + i] = (x[r * width + i] - mean) * inverse * scale[i] + shift[i]
            }
            figures += [mean, inverse]
        }
        store(out, in: y)
        store(figures, in: statistics)
    }

    package func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {
        let dy = values(dy), x = values(x), scale = values(scale), statistics = values(statistics)
        var out = [Double](repeating: 0, count: rows * width)
        var byScale = [Double](repeating: 0, count: width), byShift = byScale
        for r in 0..<rows {
            let mean = statistics[2 * r], inverse = statistics[2 * r + 1]
            let normal = (0..<width).map { (x[r * width + $0] - mean) * inverse }
            let d = (0..<width).map { dy[r * width + $0] * scale[$0] }
            let meanOfD = d.reduce(0, +) / Double(width)
            let meanOfDNormal = zip(d, normal).reduce(0) { $0 + $1.0 * $1.1 } / Double(width)
            for i in 0..<width {
                out[r * width + i] = (d[i] - meanOfD - normal[i] * meanOfDNormal) * inverse
                byScale[i] += dy[r * width + i] * normal[i]
                byShift[i] += dy[r * width + i]
            }
        }
        store(out, in: dx, accumulating: accumulating)
        store(byScale, in: dScale, accumulating: true)
        store(byShift, in: dShift, accumulating: true)
    }

    // MARK: Functions

    /// x Φ(x), Φ the standard normal distribution (Hendrycks and Gimpel 2016).
    private func gelu(_ x: Double) -> Double { 0.5 * x * (1 + erf(x / 2.0.squareRoot())) }

    /// Φ(x) + x φ(x).
    private func geluDerivative(_ x: Double) -> Double {
        0.5 * (1 + erf(x / 2.0.squareRoot())) + x * exp(-0.5 * x * x) / (2 * Double.pi).squareRoot()
    }
}
