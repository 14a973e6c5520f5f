// How scores stand in metrics.json: the fields of each kind of answers.

import Catalog
import EchoCore
import Tasks

/// A key that is a measure's name.
package struct ScoreKey: CodingKey, ExpressibleByStringLiteral {
    package let stringValue: String
    package var intValue: Int? { nil }

    package init(stringValue: String) { self.stringValue = stringValue }
    package init(stringLiteral value: String) { stringValue = value }
    package init?(intValue: Int) { nil }
}

extension Scores: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: ScoreKey.self)
        for (name, estimate) in estimates { try fields.encode(estimate, forKey: ScoreKey(stringValue: name)) }
    }
}

extension TargetScores: Encodable {
    /// A class: a quantity's fields stand with those of its run.
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: ScoreKey.self)
        try fields.encode(target, forKey: "code")
        try fields.encodeIfPresent(title, forKey: "title")
        try fields.encode(studies, forKey: "studies")
        try fields.encode(scores, forKey: "scores")
        guard let decisions else { return }
        try fields.encode(decisions.positives, forKey: "positives")
        try fields.encode(decisions.threshold, forKey: "threshold")
        try fields.encode(decisions.confusion, forKey: "confusion")
        try fields.encode(decisions.confusion.precision, forKey: "precision")
        try fields.encode(decisions.confusion.recall, forKey: "recall")
        try fields.encode(decisions.confusion.specificity, forKey: "specificity")
    }
}

extension GroupScores: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: ScoreKey.self)
        try fields.encode(name, forKey: "name")
        try fields.encode(targets, forKey: "codes")
        try fields.encode(undefined, forKey: "undefined")
        try fields.encode(scores, forKey: "scores")
    }
}

extension RunScores: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: ScoreKey.self)
        try fields.encode(run, forKey: "run")
        try fields.encodeIfPresent(model, forKey: "model")
        try fields.encodeIfPresent(task, forKey: "task")
        try fields.encode(split, forKey: "split")
        try fields.encodeIfPresent(asked, forKey: "asked")
        if unit != .study { try fields.encode(unit.rawValue, forKey: "unit") }
        try fields.encode(studies, forKey: "studies")
        try fields.encode(subjects, forKey: "subjects")
        try fields.encode(bootstrap, forKey: "bootstrap")
        try fields.encode(seed, forKey: "seed")
        try fields.encode(confidence, forKey: "confidence")
        if !strata.isEmpty { try fields.encode(strata, forKey: "strata") }
        switch kind {
        case .classes:
            try fields.encodeIfPresent(threshold, forKey: "threshold")
            try fields.encode(macro, forKey: "macro")
            try fields.encode(Array(averages.dropFirst()), forKey: "groups")
            try fields.encode(targets, forKey: "codes")
            try fields.encodeIfPresent(calibration, forKey: "calibration")
            if let choice {
                try fields.encode(choice.accuracy, forKey: "accuracy")
                try fields.encode(choice.balanced, forKey: "balanced_accuracy")
                try fields.encode(choice.confusion, forKey: "confusion")
            }
        case .quantity(let quantity):
            try fields.encode(quantity.name, forKey: "quantity")
            for target in targets { try encode(target, in: &fields) }
        }
    }

    private func encode(_ target: TargetScores, in fields: inout KeyedEncodingContainer<ScoreKey>) throws {
        for measure in kind.measures {
            try fields.encodeIfPresent(target.scores[measure], forKey: ScoreKey(stringValue: measure.name))
        }
        guard let agreement = target.agreement else { return }
        for measure in kind.errors {
            let key = ScoreKey(stringValue: "mean_\(measure.name)")
            try fields.encodeIfPresent(agreement.ofMean[measure], forKey: key)
        }
        try fields.encode(agreement.bias, forKey: "bias")
        try fields.encode(agreement.lowerLimit, forKey: "lowerLimit")
        try fields.encode(agreement.upperLimit, forKey: "upperLimit")
        guard let counts = target.gradeCounts else { return }
        try fields.encode(kind.measured?.grades, forKey: "grades")
        try fields.encode(counts, forKey: "confusion")
    }
}

extension ModelScores: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: ScoreKey.self)
        try fields.encode(model, forKey: "model")
        try fields.encode(runs, forKey: "runs")
        switch kind {
        case .classes: try fields.encode(groups, forKey: "groups")
        case .quantity: try groups[0].encode(spreadsIn: &fields)
        }
    }
}

extension ModelScores.Group: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: ScoreKey.self)
        try fields.encode(name, forKey: "name")
        try encode(spreadsIn: &fields)
    }

    fileprivate func encode(spreadsIn fields: inout KeyedEncodingContainer<ScoreKey>) throws {
        for (name, spread) in spreads { try fields.encode(spread, forKey: ScoreKey(stringValue: name)) }
    }
}
