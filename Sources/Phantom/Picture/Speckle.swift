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
        blur(&field) { source, field in
            for row in stride(from: 0, to: field.count, by: samples) {
                let inner = field.extracting((row + radius)..<(row + samples - radius))
                inner.update(repeating: 0)
                for (k, weight) in weights.enumerated() {
                    add(weight, of: source.extracting((row + k)...), to: inner)
                }
            }
        }
    }

    private static func blurAcross(_ field: inout [Float], samples: Int, sigma: Double) {
        let weights = kernel(sigma)
        let radius = weights.count / 2
        let beams = field.count / samples
        blur(&field) { source, field in
            field.update(repeating: 0)
            for b in 0..<beams {
                let beam = field.extracting((b * samples)..<((b + 1) * samples))
                for (k, weight) in weights.enumerated() {
                    let from = max(0, min(beams - 1, b + k - radius)) * samples
                    add(weight, of: source.extracting(from...), to: beam)
                }
            }
        }
    }

    private static func blur(
        _ field: inout [Float],
        by make: (UnsafeBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> Void
    ) {
        let source = field
        source.withUnsafeBufferPointer { source in field.withUnsafeMutableBufferPointer { make(source, $0) } }
    }

    /// One weight over a whole line is eight products at a time, in the order of the weights for each number.
    private static func add(
        _ weight: Float, of source: UnsafeBufferPointer<Float>, to sums: UnsafeMutableBufferPointer<Float>
    ) {
        for i in sums.indices { sums[i] += weight * source[i] }
    }
}
