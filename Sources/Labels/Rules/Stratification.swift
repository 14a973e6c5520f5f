// Splits in which every target is about as common as in the cohort, however rare it is.

import EchoCore

extension SplitRule {
    /// Deals labelled subjects out to the splits, the rarest label first.
    ///
    /// This is the iterative stratification of Sechidis, Tsoumakas and Vlahavas (2011), with subjects as examples and
    /// ties broken by the subject's hash, so the same cohort is dealt out the same way. Unlike the hash alone, one
    /// subject more or less may move others.
    ///
    /// - Parameter labels: for each subject the labels of all its studies
    func stratified(_ labels: [Int: Set<String>]) -> [Int: Split] {
        let shares = normalised
        var wanted = shares.map { $0.share * Double(labels.count) }
        var carriers: [String: Set<Int>] = [:]
        for (subject, own) in labels { for label in own { carriers[label, default: []].insert(subject) } }
        var wantedOf = carriers.mapValues { subjects in shares.map { $0.share * Double(subjects.count) } }
        var order = labels.keys.sorted { (place(of: $0), $0) < (place(of: $1), $1) }
        let rank = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        var split: [Int: Split] = [:]

        func deal(_ subject: Int, by need: [Double]) {
            // The split that needs it most, then the one that needs subjects most, then the first.
            let best = shares.indices.filter { shares[$0].share > 0 }
                .max { (need[$0], wanted[$0], $1) < (need[$1], wanted[$1], $0) }
            guard let best else { return }
            split[subject] = shares[best].split
            wanted[best] -= 1
            for label in labels[subject] ?? [] {
                wantedOf[label]?[best] -= 1
                carriers[label]?.remove(subject)
            }
        }
        while let rarest = carriers.filter({ !$0.value.isEmpty }).min(by: {
            ($0.value.count, $0.key) < ($1.value.count, $1.key)
        }) {
            for subject in rarest.value.sorted(by: { (rank[$0] ?? 0) < (rank[$1] ?? 0) }) {
                deal(subject, by: wantedOf[rarest.key] ?? wanted)
            }
        }
        order.removeAll { split[$0] != nil }
        for subject in order { deal(subject, by: wanted) }
        return split
    }
}
