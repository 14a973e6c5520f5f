import EchoCore
import Evaluation
import Foundation
import TestSupport
import Testing

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

    var predictions: Predictions {
        var predictions = Predictions()
        for row in rows {
            predictions.append(
                .init(
                    study: row.study, subject: row.subject, label: row.label == 1,
                    probability: row.probability),
                to: row.code)
        }
        return predictions
    }
}

private func agree(_ a: Double?, _ b: Double?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return abs(a - b) <= 1e-9
}

@Suite struct MetricsTests {
    @Test(arguments: ["plain", "ties", "hard"])
    func `measures and intervals equal those of scikit-learn and NumPy`(name: String) throws {
        let frozen = try FrozenCase(named: name)
        var options = ScoringOptions()
        options.threshold = .fixed(frozen.threshold)
        options.seed = frozen.seed
        options.bootstrap = frozen.draws
        let found = try score(frozen.predictions, run: name, split: "test", options: options).scores
        #expect(found.codes.count + 1 == frozen.expected.count)
        let scores = Dictionary(uniqueKeysWithValues: found.codes.map { ($0.code, $0.scores) })
        for (code, expected) in frozen.expected {
            let mine = scores[code] ?? found.macro.scores
            for measure in Measure.allCases {
                let numbers = try #require(expected[measure.rawValue])
                let estimate = mine[measure]
                #expect(agree(estimate?.value, numbers[0]), "\(code) \(measure)")
                #expect(agree(estimate?.lower, numbers[1]), "\(code) \(measure), lower bound")
                #expect(agree(estimate?.upper, numbers[2]), "\(code) \(measure), upper bound")
            }
        }
        for code in found.codes {
            let counts = [
                code.confusion.truePositives, code.confusion.falsePositives, code.confusion.falseNegatives,
                code.confusion.trueNegatives,
            ]
            #expect(counts.map { Double($0) } == frozen.expected[code.code]?["confusion"])
        }
    }

    @Test func `a code with one class has no AUROC and stays out of the macro average`() throws {
        let found = try score(
            FrozenCase(named: "hard").predictions, run: "hard", split: "test", options: ScoringOptions()
        ).scores
        #expect(Set(found.macro.undefined) == ["ONLY0", "ONLY1"])
        let defined = found.codes.compactMap(\.scores.auroc?.value)
        #expect(defined.count == found.codes.count - 2)
        #expect(agree(found.macro.scores.auroc?.value, Metrics.mean(defined)))
        #expect(found.text.contains("left out of the mean"))
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
        let there = try score(frozen.predictions, run: "", split: "test", options: options).scores
        var backwards = Predictions()
        for code in frozen.predictions.codes {
            for row in frozen.predictions[code].reversed() { backwards.append(row, to: code) }
        }
        let back = try score(backwards, run: "", split: "test", options: options).scores
        for (a, b) in zip(there.codes, back.codes) {
            #expect(a.scores.auroc == b.scores.auroc)
            #expect(a.scores.f1 == b.scores.f1)
        }
    }

    @Test(arguments: ["plain", "ties", "hard"])
    func `no threshold gives a higher F1 on the predictions it was fitted to`(name: String) throws {
        let predictions = try FrozenCase(named: name).predictions
        let fitted = Threshold(fittedTo: predictions)
        for code in predictions.codes {
            let labels = predictions[code].map(\.label), probabilities = predictions[code].map(\.probability)
            func f1(_ threshold: Double) -> Double {
                Metrics.f1(labels: labels, probabilities: probabilities, threshold: threshold)
            }
            let best = probabilities.map(f1).max() ?? 0
            #expect(abs(f1(fitted[code]) - best) < 1e-12, "\(code)")
        }
    }
}
