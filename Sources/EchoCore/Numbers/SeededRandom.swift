// Randomness that is the same on every machine, thread count and resume: a named stream of a seed.

#if canImport(Glibc)
    import Glibc
#endif

/// xoshiro256** (Blackman and Vigna 2018), seeded through SplitMix64.
///
/// Work that is split over threads takes a stream of its own, named by what it is for, never by who does it:
/// `SeededRandom(seed: 7, "augment", epoch, study)`.
package struct SeededRandom: RandomNumberGenerator, Sendable, Equatable {
    /// The four words of the generator, for checkpoints.
    package var state: (UInt64, UInt64, UInt64, UInt64)
    private var spareNormal: Double?

    /// The stream of `seed` that `labels` name; labels are compared by their description.
    package init(seed: UInt64, _ labels: any CustomStringConvertible & Sendable...) {
        var key = seed
        for label in labels {
            for byte in label.description.utf8 { key = (key ^ UInt64(byte)) &* 0x100_0000_01B3 }
            key = SeededRandom.mix(key &+ 0x9E37_79B9_7F4A_7C15)
        }
        func word(_ index: UInt64) -> UInt64 { SeededRandom.mix(key &+ index &* 0x9E37_79B9_7F4A_7C15) }
        state = (word(1), word(2), word(3), word(4))
    }

    package static func == (a: SeededRandom, b: SeededRandom) -> Bool {
        a.state == b.state && a.spareNormal == b.spareNormal
    }

    /// SplitMix64's finaliser: a bijection of 64 bits that scatters them.
    package static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    package mutating func next() -> UInt64 {
        func rotate(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
        let result = rotate(state.1 &* 5, 7) &* 9
        let t = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= t
        state.3 = rotate(state.3, 45)
        return result
    }

    /// Uniform in 0 ..< 1, with 53 random bits.
    package mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// Uniform in `range`.
    package mutating func uniform(_ range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// Uniform in 0 ..< `bound`, without bias (Lemire 2019).
    package mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a bound is positive")
        return Int(next(upperBound: UInt64(bound)))
    }

    /// Standard normal, by Box and Muller's polar form.
    package mutating func normal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        while true {
            let u = 2 * uniform() - 1
            let v = 2 * uniform() - 1
            let s = u * u + v * v
            if s > 0, s < 1 {
                let factor = (-2 * log(s) / s).squareRoot()
                spareNormal = v * factor
                return u * factor
            }
        }
    }

    /// The first `count` of a random order of 0 ..< `total`, by a partial Fisher–Yates shuffle.
    package mutating func sample(_ count: Int, of total: Int) -> [Int] {
        precondition(count <= total, "a sample is no larger than its population")
        var order = Array(0..<total)
        for i in 0..<count { order.swapAt(i, i + below(total - i)) }
        return Array(order[..<count])
    }
}
