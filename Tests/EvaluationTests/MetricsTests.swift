import EchoCore
import Evaluation
import Foundation
import Scoring
import Tasks
import Testing
import TestSupport
import Training

/// Rows and scikit-learn's numbers for them, frozen by `RECORD=1 python Tests/Oracles/metrics.py`.
private struct FrozenCase: Decodable {
    let threshold: Double, seed: UInt64, draws: Int
    let rows: [Row]
    /// Code or "macro" → measure → value and bounds, or the four counts of "confusion".
    let expected: [String: [String: [Double?]]]

    struct Row: Decodable {
        let study: String, subject: String, code: String, label: Int, probability: Double

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            study = try list.decode(String.self)
            subject = try list.decode(String.self)
            code = try list.decode(String.self)
            label = try list.decode(Int.self)
            probability = try list.decode(Double.self)
        }
    }

    init(named name: String) throws {
        let file = Built.repository.appendingPathComponent("fixtures/metrics/\(name).json")
        self = try JSONDecoder().decode(FrozenCase.self, from: Data(contentsOf: file))
    }

    var answers: Answers {
        var answers = Answers(.classes)
        for row in rows {
            answers.append(
                .init(
                    study: row.study, subject: row.subject, truth: Double(row.label),
                    answer: row.probability),
                to: row.code)
        }
        return answers
    }
}

private func agree(_ a: Double?, _ b: Double?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return abs(a - b) <= 1e-9
}

@Suite struct MetricsTests {
    @Test(arguments: ["plain", "ties", "hard", "rare"])
    func `measures and intervals equal those of scikit-learn and NumPy`(name: String) throws {
        let frozen = try FrozenCase(named: name)
        var options = ScoringOptions()
        options.threshold = .fixed(frozen.threshold)
        options.seed = frozen.seed
        options.bootstrap = frozen.draws
        let found = try score(frozen.answers, run: name, split: "test", options: options).scores
        #expect(found.targets.count + 1 == frozen.expected.count)
        let scores = Dictionary(uniqueKeysWithValues: found.targets.map { ($0.target, $0.scores) })
        for (code, expected) in frozen.expected {
            let mine = scores[code] ?? found.macro.scores
            for measure in AnswerKind.classes.measures {
                let numbers = try #require(expected[measure.name])
                let estimate = mine[measure]
                #expect(agree(estimate?.value, numbers[0]), "\(code) \(measure.name)")
                #expect(agree(estimate?.lower, numbers[1]), "\(code) \(measure.name), lower bound")
                #expect(agree(estimate?.upper, numbers[2]), "\(code) \(measure.name), upper bound")
            }
        }
        for code in found.targets {
            let confusion = try #require(code.decisions?.confusion)
            let counts = [
                confusion.truePositives, confusion.falsePositives, confusion.falseNegatives,
                confusion.trueNegatives,
            ]
            #expect(counts.map { Double($0) } == frozen.expected[code.target]?["confusion"])
        }
    }

    @Test func `a code with one class has no AUROC and stays out of the macro average`() throws {
        let found = try score(
            FrozenCase(named: "hard").answers, run: "hard", split: "test", options: ScoringOptions()
        ).scores
        #expect(Set(found.macro.undefined) == ["ONLY0", "ONLY1"])
        let defined = found.targets.compactMap { $0.scores[.auroc]?.value }
        #expect(defined.count == found.targets.count - 2)
        #expect(agree(found.macro.scores[.auroc]?.value, Metrics.mean(defined)))
        #expect(found.text.contains("left out of the mean"))
    }

    /// Of "rare", a bootstrap that leaves subjects out has a macro average precision of 0.236 with 0.263 to 0.425.
    @Test(arguments: ["plain", "ties", "hard", "rare"], [95, 50, 1])
    func `an estimate never lies outside its own interval`(name: String, confidence: Double) throws {
        let frozen = try FrozenCase(named: name)
        var options = ScoringOptions()
        (options.bootstrap, options.confidence) = (frozen.draws, confidence)
        options.groups = [("first", Array(frozen.answers.targets.prefix(2)))]
        let found = try score(frozen.answers, run: name, split: "test", options: options).scores
        for scores in found.averages.map(\.scores) + found.targets.map(\.scores) {
            for measure in AnswerKind.classes.measures {
                guard let estimate = scores[measure] else { continue }
                let (lower, upper) = (try #require(estimate.lower), try #require(estimate.upper))
                #expect(lower <= estimate.value && estimate.value <= upper, "\(measure.name)")
            }
        }
    }

    @Test func `a resampling leaves no subject out, and weighs them alike on average`() {
        let weights = (0..<200).flatMap { subjectWeights(100, 1, draw: $0) }
        #expect(weights.allSatisfy { $0 > 0 })
        let mean = Double(weights.reduce(0, +)) / Double(weights.count)
        let squares = weights.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(weights.count)
        #expect(abs(mean / 1024 - 1) < 0.03)
        // An exponential distribution's deviation is its mean.
        #expect(abs((squares - mean * mean).squareRoot() / mean - 1) < 0.05)
    }

    @Test func `weights of many studies do not overflow the count of pairs`() {
        let labels = (0..<4).map { $0 % 2 == 0 }, scores = [0.9, 0.1, 0.8, 0.2]
        let ranked = RankedScores(labels: labels, scores: scores)
        #expect(ranked.auroc(weights: Array(repeating: 1 << 40, count: 4)) == 1)
    }

    @Test func `equal scores count half`() {
        #expect(Metrics.auroc(labels: [true, false], scores: [0.5, 0.5]) == 0.5)
        #expect(Metrics.auroc(labels: [true, false, false], scores: [0.5, 0.5, 0.1]) == 0.75)
        #expect(Metrics.auroc(labels: [], scores: []) == nil)
        #expect(Metrics.averagePrecision(labels: [false], scores: [1]) == nil)
    }

    @Test func `nothing positive and nothing predicted gives an F1 of 0`() {
        #expect(Metrics.f1(labels: [false, false], probabilities: [0.1, 0.2]) == 0)
        #expect(Metrics.f1(labels: [true, false], probabilities: [0.5, 0.2]) == 1)
    }

    @Test func `the deviation is that of a sample`() {
        #expect(Metrics.standardDeviation([1, 2, 3]) == 1)
        #expect(Metrics.standardDeviation([1]) == nil)
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func `the order of the rows does not change an interval`(seed: UInt64) throws {
        let frozen = try FrozenCase(named: "plain")
        var options = ScoringOptions()
        options.seed = seed
        options.bootstrap = 50
        let there = try score(frozen.answers, run: "", split: "test", options: options).scores
        var backwards = Answers(.classes)
        for code in frozen.answers.targets {
            for row in frozen.answers[code].reversed() { backwards.append(row, to: code) }
        }
        let back = try score(backwards, run: "", split: "test", options: options).scores
        for (a, b) in zip(there.targets, back.targets) {
            #expect(a.scores[.auroc] == b.scores[.auroc])
            #expect(a.scores[.f1] == b.scores[.f1])
        }
    }

    @Test(arguments: ["plain", "ties", "hard"])
    func `no threshold gives a higher F1 on the predictions it was fitted to`(name: String) throws {
        let answers = try FrozenCase(named: name).answers
        let fitted = Threshold(fittedTo: answers)
        for code in answers.targets {
            let labels = answers[code].map { $0.truth == 1 }, probabilities = answers[code].map(\.answer)
            func f1(_ threshold: Double) -> Double {
                Metrics.f1(labels: labels, probabilities: probabilities, threshold: threshold)
            }
            let best = probabilities.map(f1).max() ?? 0
            #expect(abs(f1(fitted[code]) - best) < 1e-12, "\(code)")
        }
    }
}
