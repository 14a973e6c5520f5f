// Which split a subject is in: a seeded hash of its number, so that no other subject has a say.

/// The shares of train, val and test, the seed of the hash, and what may take its place.
package struct SplitRule: Sendable, Equatable {
    /// The shares as given; only their ratio counts.
    package let train: Double, val: Double, test: Double
    package let seed: UInt64
    /// Spread the targets evenly over the splits, instead of the hash alone.
    package var stratified = false
    /// A csv file with the columns subject_id and split, instead of either.
    package var file: String?

    /// The rule unless another is asked for: the shares of the paper's 6652/223/239 studies.
    package static let usual = SplitRule(train: 93.5, val: 3.2, test: 3.3, seed: 1)

    private init(train: Double, val: Double, test: Double, seed: UInt64) {
        (self.train, self.val, self.test) = (train, val, test)
        self.seed = seed
    }

    /// - Parameter shares: three numbers with slashes between, as "93.5/3.2/3.3" or "0.6/0.2/0.2"
    /// - Throws: `EchoError` where they are not three numbers ≥ 0 with something in train, or nearly add up to 1 or 100
    package init(_ shares: String = usual.shares, seed: UInt64) throws(EchoError) {
        let numbers = shares.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) ?? -1 }
        guard numbers.count == 3, numbers.allSatisfy({ $0 >= 0 && $0.isFinite }), numbers[0] > 0 else {
            throw EchoError(
                "--split", "three shares are train/val/test, train above 0",
                try: "--split \(Self.usual.shares)", isUsage: true)
        }
        // Only the ratio counts; but what nearly adds up to a whole was to do so.
        let sum = numbers.reduce(0, +)
        for whole in [1.0, 100] where abs(sum / whole - 1) <= 0.5 && abs(sum / whole - 1) > 0.005 {
            throw EchoError(
                "--split",
                "the shares add up to \((sum * 1e6).rounded() / 1e6), not to \(whole == 1 ? "1" : "100")",
                try: "three shares of the studies, or numbers of them", isUsage: true)
        }
        self.init(train: numbers[0], val: numbers[1], test: numbers[2], seed: seed)
    }

    /// The shares as text.
    package var shares: String { "\(train)/\(val)/\(test)" }

    /// The shares with a sum of 1.
    package var normalised: [(split: Split, share: Double)] {
        let sum = train + val + test
        return [(.train, train / sum), (.val, val / sum), (.test, test / sum)]
    }

    /// The split of a subject by its hash.
    ///
    /// With `mix` the finaliser of SplitMix64, a subject's place in 0 ..< 1 is the upper 53 bits of
    /// mix(subject_id XOR mix(seed + 0x9E3779B97F4A7C15)); train is below train / sum, val below (train + val) / sum.
    /// A subject keeps its split whoever else is in the cohort, so small cohorts come near the shares only roughly.
    package func split(of subject: Int) -> Split { split(at: place(of: subject)) }

    /// The split of a study whose subject is not known, by a hash of its name.
    package func split(ofStudy key: String) -> Split {
        var random = SeededRandom(seed: seed, "split", key)
        return split(at: random.uniform())
    }

    private func split(at place: Double) -> Split {
        let sum = train + val + test
        return place < train / sum ? .train : place < (train + val) / sum ? .val : .test
    }

    /// The subject's place in 0 ..< 1.
    package func place(of subject: Int) -> Double {
        let key = SeededRandom.mix(seed &+ 0x9E37_79B9_7F4A_7C15)
        return Double(SeededRandom.mix(UInt64(bitPattern: Int64(subject)) ^ key) >> 11) * 0x1p-53
    }
}
