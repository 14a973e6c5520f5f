import EchoCore
import Evaluation
import Foundation
import Scoring
import Tasks
import Testing
import TestSupport

/// Truths that are not known are left out of every measure, which is here computed as plainly as it is defined.
@Suite struct UnknownTruthTests {
    /// Two studies a subject; a truth in three is not known, and nothing is known of the first four subjects.
    private struct Case {
        var rows: [(study: Int, subject: Int, target: String, truth: Double?, answer: Double)] = []

        init(seed: UInt64, _ targets: [String], isClasses: Bool) {
            var random = SeededRandom(seed: seed, "unknown truths")
            for study in 0..<80 {
                for target in targets {
                    let known = study >= 8 && random.uniform() < 0.67
                    let truth = isClasses ? (random.uniform() < 0.4 ? 1.0 : 0) : 55 + 10 * random.normal()
                    let noise = random.uniform()
                    // In steps, so that there are ties.
                    let answer =
                        isClasses
                        ? ((0.3 * truth + 0.7 * noise) * 20).rounded() / 20 : truth + 8 * (noise - 0.4)
                    rows.append((study, study / 2, target, known ? truth : nil, answer))
                }
            }
        }

        func answers(_ column: String, withUnknown: Bool) throws -> Answers {
            var text = "study_id,subject_id,code,label,\(column)\n"
            for row in rows where withUnknown || row.truth != nil {
                let label = row.truth.map { column == "probability" ? "\(Int($0))" : "\($0)" } ?? ""
                text += "\(row.study),s\(row.subject),\(row.target),\(label),\(row.answer)\n"
            }
            return try withTemporaryFolder { folder in
                let file = folder.appendingPathComponent("a.csv")
                try Data(text.utf8).write(to: file)
                return try Answers(csv: file.path)
            }
        }

        func known(_ target: String) -> [(truth: Double, answer: Double)] {
            rows.filter { $0.target == target }.compactMap { row in row.truth.map { ($0, row.answer) } }
        }
    }

    private func scored(_ answers: Answers) throws -> RunScores {
        var options = ScoringOptions()
        options.bootstrap = 20
        return try score(answers, run: "", split: "test", options: options).scores
    }

    private func agree(_ found: Estimate?, _ plain: Double) -> Bool {
        abs((found?.value ?? .nan) - plain) < 1e-12
    }

    @Test(arguments: [UInt64(1), 2, 3]) func `measures of classes are of known labels alone`(seed: UInt64)
        throws
    {
        let sample = Case(seed: seed, ["I50", "K21", "J90"], isClasses: true)
        let found = try scored(sample.answers("probability", withUnknown: true))
        #expect(try found == scored(sample.answers("probability", withUnknown: false)))
        #expect(found.subjects <= 36)
        var areas: [Double] = []
        for code in found.targets {
            let rows = sample.known(code.target)
            let yes = rows.filter { $0.truth == 1 }.map(\.answer),
                no = rows.filter { $0.truth == 0 }.map(\.answer)
            #expect(code.studies == rows.count && code.decisions?.positives == yes.count)
            let wins = yes.flatMap { a in no.map { b in a > b ? 1.0 : a == b ? 0.5 : 0 } }
            areas.append(wins.reduce(0, +) / Double(wins.count))
            #expect(agree(code.scores[.auroc], areas.last!))
            let (hits, alarms) = (yes.count { $0 >= 0.5 }, no.count { $0 >= 0.5 })
            #expect(agree(code.scores[.f1], 2 * Double(hits) / Double(hits + alarms + yes.count)))
            let squares = rows.map { ($0.answer - $0.truth) * ($0.answer - $0.truth) }
            #expect(agree(code.scores[.brier], squares.reduce(0, +) / Double(rows.count)))
            // Of every positive, the precision of all that score at least as high.
            let precisions = yes.map { a in
                Double(yes.count { $0 >= a }) / Double(rows.count { $0.answer >= a })
            }
            #expect(agree(code.scores[.averagePrecision], precisions.reduce(0, +) / Double(yes.count)))
        }
        #expect(agree(found.macro.scores[.auroc], areas.reduce(0, +) / 3))
        let counted = found.calibration?.bins.map(\.count).reduce(0, +)
        #expect(counted == found.targets.map(\.studies).reduce(0, +))
    }

    @Test(arguments: [UInt64(1), 2, 3]) func `errors of a quantity are of known truths alone`(seed: UInt64)
        throws
    {
        let sample = Case(seed: seed, ["EF"], isClasses: false)
        let found = try scored(sample.answers("prediction", withUnknown: true))
        #expect(try found == scored(sample.answers("prediction", withUnknown: false)))
        let rows = sample.known("EF"), count = Double(rows.count), scores = found.macro.scores
        #expect(found.studies == rows.count && found.subjects <= 36)
        let errors = rows.map { $0.answer - $0.truth }, squares = errors.map { $0 * $0 }.reduce(0, +)
        let mean = rows.map(\.truth).reduce(0, +) / count
        let spread = rows.map { ($0.truth - mean) * ($0.truth - mean) }.reduce(0, +)
        #expect(agree(scores[.mae], errors.map(abs).reduce(0, +) / count))
        #expect(agree(scores[.rmse], (squares / count).squareRoot()))
        #expect(agree(scores[.r2], 1 - squares / spread))
        let agreement = try #require(found.targets.first?.agreement)
        #expect(abs(agreement.bias - errors.reduce(0, +) / count) < 1e-12)
        #expect(agree(agreement.ofMean[.rmse], (spread / count).squareRoot()))
    }
}
