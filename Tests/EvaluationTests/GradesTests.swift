import EchoCore
import Evaluation
import Foundation
import Scoring
import Tasks
import Testing
import TestSupport

/// Rows on the scale of mitral regurgitation and scikit-learn's numbers for them, frozen by
/// `RECORD=1 python Tests/Oracles/metrics.py`.
private struct FrozenGrades: Decodable {
    let seed: UInt64, draws: Int
    let rows: [Row]
    /// Measure → value and bounds.
    let expected: [String: [Double?]]
    let confusion: [[Int]]

    struct Row: Decodable {
        let study: String, subject: String, truth: Double, answer: Double

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            study = try list.decode(String.self)
            subject = try list.decode(String.self)
            truth = try list.decode(Double.self)
            answer = try list.decode(Double.self)
        }
    }

    init(named name: String) throws {
        let file = Built.repository.appendingPathComponent("fixtures/metrics/\(name).json")
        self = try JSONDecoder().decode(FrozenGrades.self, from: Data(contentsOf: file))
    }

    var answers: Answers {
        var answers = Answers(.quantity(Quantity(named: "mitral_regurg")))
        for row in rows {
            answers.append(
                .init(study: row.study, subject: row.subject, truth: row.truth, answer: row.answer),
                to: "mitral_regurg")
        }
        return answers
    }

    func scored() throws -> RunScores {
        var options = ScoringOptions()
        options.seed = seed
        options.bootstrap = draws
        return try score(answers, run: "grades", split: "test", options: options).scores
    }
}

@Suite struct GradesTests {
    @Test(arguments: ["grades", "grades-tied", "grades-few", "grades-one"])
    func `kappa, areas and confusion of grades equal those of scikit-learn`(name: String) throws {
        let frozen = try FrozenGrades(named: name), found = try frozen.scored()
        let measures = found.kind.measures
        #expect(
            measures.map(\.name) == [
                "mae", "rmse", "r2", "quadratic_kappa", "auroc_from_1", "auroc_from_1.5", "auroc_from_2",
                "auroc_from_3", "auroc_from_4",
            ])
        for measure in measures {
            guard let numbers = frozen.expected[measure.name] else { continue }
            let estimate = found.targets[0].scores[measure]
            for (mine, theirs) in zip([estimate?.value, estimate?.lower, estimate?.upper], numbers) {
                if let mine, let theirs {
                    #expect(abs(mine - theirs) < 1e-9, "\(measure.name)")
                } else {
                    #expect(mine == nil && theirs == nil, "\(measure.name)")
                }
            }
        }
        #expect(found.targets[0].gradeCounts == frozen.confusion)
    }

    @Test func `a scale's scores are printed, written and drawn with its words`() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("mr.csv"), page = folder.appendingPathComponent("p.html")
            let frozen = try FrozenGrades(named: "grades")
            try frozen.answers.write(csv: file.path)
            let arguments = ["evaluate", "--predictions", file.path, "--bootstrap", "50"]
            let printed = try Built.run(arguments + ["--report", page.path])
            try #require(printed.status == 0, "\(printed.errors)")
            for words in [
                "Quadratic κ", "AUROC, mild-moderate or more", "true \\ answered", "moderate-severe",
            ] {
                #expect(printed.output.contains(words), "\(words)")
            }
            let text = try Page(page).text
            #expect(text.contains("Mitral regurgitation") && text.contains("true, down; predicted, across"))
            let json = try Built.run(arguments + ["--json"])
            let found = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
            let measured = try #require((found?["measurements"] as? [[String: Any]])?.first)
            #expect(measured["confusion"] as? [[Int]] == frozen.confusion)
            let names = (measured["grades"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
            #expect(names?.first == "none" && names?.last == "severe")
            #expect((measured["quadratic_kappa"] as? [String: Double])?["lower"] != nil)
        }
    }

    @Test func `what a mean is worth is known of every measure`() throws {
        let found = try FrozenGrades(named: "grades").scored()
        let kind = found.kind
        #expect(kind.errors.map(\.name) == ["mae", "rmse"])
        let words = kind.measures.map { found.targets[0].ofMean($0) }
        #expect(words[2...3] == ["0.000", "0.000"] && Set(words[4...]) == ["0.500"])
        #expect(Quantity(named: "septal_thickness").unit == "cm")
        let other = Quantity("theirs", title: "theirs", unit: nil, decimals: 2)
        #expect(Quantity(named: "theirs") == other)
    }
}
