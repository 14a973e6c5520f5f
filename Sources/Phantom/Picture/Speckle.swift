// Speckle: the grain of an ultrasound picture, the magnitude of many echoes that add up with random phases.

#if canImport(Glibc)
    import Glibc
#endif
package import EchoCore

/// A field of fully developed speckle in beams × samples, as logarithm of a Rayleigh-distributed envelope, mean 0 and
/// standard deviation 1.
package struct Speckle: Sendable {
    package let beams: Int, samples: Int
    /// [beams, samples].
    package let values: [Float]

    /// - Parameters:
    ///   - lateral: width of the point spread across beams, in beams (standard deviation)
    ///   - axial: width along a beam, in samples
    package init(beams: Int, samples: Int, lateral: Double, axial: Double, random: inout SeededRandom) {
        self.beams = beams
        self.samples = samples
        func component() -> [Float] {
            var field = Speckle.noise(beams * samples, &random)
            Speckle.blurAlong(&field, samples: samples, sigma: axial)
            Speckle.blurAcross(&field, samples: samples, sigma: lateral)
            return field
        }
        let real = component(), imaginary = component()
        var power = 0.0
        for (a, b) in zip(real, imaginary) { power += Double(a * a + b * b) }
        let scale = Float(Double(real.count) / max(power, 1e-12))
        // ln of an exponential variate of mean 1 has mean −γ and variance π²/6.
        let deviation = Float((Double.pi * Double.pi / 6).squareRoot())
        var out = [Float](repeating: 0, count: real.count)
        for i in 0..<out.count {
            let intensity = (real[i] * real[i] + imaginary[i] * imaginary[i]) * scale
            out[i] = max(-3, (logf(intensity + 1e-6) + 0.5772157) / deviation)
        }
        values = out
    }

    /// Nearly normal noise: four 16-bit uniforms a value.
    private static func noise(_ count: Int, _ random: inout SeededRandom) -> [Float] {
        var out = [Float](repeating: 0, count: count)
        for i in 0..<count {
            let w = random.next()
            let sum = (w & 0xFFFF) + (w >> 16 & 0xFFFF) + (w >> 32 & 0xFFFF) + (w >> 48)
            out[i] = Float(sum) * (1 / 65536) - 2
        }
        return out
    }

    private static func kernel(_ sigma: Double) -> [Float] {
        let radius = max(1, Int((2.2 * sigma).rounded(.up)))
        let weights = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
        let total = weights.reduce(0, +)
        return weights.map { Float($0 / total) }
    }

    private static func blurAlong(_ field: inout [Float], samples: Int, sigma: Double) {
        let weights = kernel(sigma)
        let radius = weights.count / 2
        let source = field
        for row in stride(from: 0, to: field.count, by: samples) {
            for s in radius..<(samples - radius) {
                var sum: Float = 0
                for k in 0..<weights.count { sum += weights[k] * source[row + s + k - radius] }
                field[row + s] = sum
            }
        }
    }

    private static func blurAcross(_ field: inout [Float], samples: Int, sigma: Double) {
        let weights = kernel(sigma)
        let radius = weights.count / 2
        let source = field
        let beams = field.count / samples
        for b in 0..<beams {
            for s in 0..<samples { field[b * samples + s] = 0 }
            for k in 0..<weights.count {
                let from = max(0, min(beams - 1, b + k - radius)) * samples
                let weight = weights[k]
                for s in 0..<samples { field[b * samples + s] += weight * source[from + s] }
            }
        }
    }
}
