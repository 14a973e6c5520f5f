// What one head of a run learned: what its outputs stand for, and how numbers became what it says.

/// The outputs of one head, as a run finds them in its dataset and keeps them.
package struct LearnedHead: Codable, Sendable, Equatable {
    /// What the outputs stand for, as categories or "EF".
    package var targets: [String]
    /// How an output stands for a quantity in its unit; nil for classes.
    package var scale: TargetScale?
    /// How much a positive study counts for each class; nil for as much as a negative one.
    package var positiveWeights: [Float]?

    package init(targets: [String], scale: TargetScale? = nil, positiveWeights: [Float]? = nil) {
        self.targets = targets
        self.scale = scale
        self.positiveWeights = positiveWeights
    }
}

extension [LearnedHead] {
    /// The places of each head's outputs among all of a model.
    package var columns: [Range<Int>] {
        var end = 0
        return map { head in
            defer { end += head.targets.count }
            return end..<end + head.targets.count
        }
    }

    /// What a study's outputs stand for, each in its unit.
    package func values(of outputs: [Float]) -> [Float] {
        zip(self, columns).flatMap { head, columns in
            outputs[columns].map { head.scale?.value(of: $0) ?? $0 }
        }
    }

    /// What the model is to say for a study's truths.
    package func standardised(_ truths: [Float]) -> [Float] {
        zip(self, columns).flatMap { head, columns in
            truths[columns].map { head.scale?.standardised($0) ?? $0 }
        }
    }
}
