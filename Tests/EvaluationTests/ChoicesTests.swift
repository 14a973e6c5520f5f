import Catalog
import EchoCore
import Evaluation
import Foundation
import GRDB
import Scoring
import Tasks
import Testing
import TestSupport
import Training

/// Views of clips and scikit-learn's numbers for them, frozen by `RECORD=1 python Tests/Oracles/metrics.py`.
private struct FrozenViews: Decodable {
    let seed: UInt64, draws: Int
    let rows: [Row]
    /// Measure → value and bounds.
    let expected: [String: [Double]]
    let confusion: [[Int]]

    struct Row: Decodable {
        let clip: String, subject: String, code: String, label: Int, probability: Double

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            clip = try list.decode(String.self)
            subject = try list.decode(String.self)
            code = try list.decode(String.self)
            label = try list.decode(Int.self)
            probability = try list.decode(Double.self)
        }
    }

    init() throws {
        let file = Built.repository.appendingPathComponent("fixtures/metrics/views.json")
        self = try JSONDecoder().decode(FrozenViews.self, from: Data(contentsOf: file))
    }

    /// - Parameter wrong: clips of which a second view is said to hold
    func answers(wrong: Set<String> = []) -> Answers {
        var answers = Answers(.classes, of: .clip)
        for row in rows {
            answers.append(
                .init(
                    study: row.clip, subject: row.subject,
                    truth: wrong.contains(row.clip) ? 1 : Double(row.label), answer: row.probability),
                to: row.code)
        }
        return answers
    }
}

@Suite struct ChoicesTests {
    private func near(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) <= 1e-9 } ?? false }

    @Test func `accuracy, balanced accuracy and confusion equal those of scikit-learn`() throws {
        let frozen = try FrozenViews()
        var options = ScoringOptions()
        (options.seed, options.bootstrap) = (frozen.seed, frozen.draws)
        let found = try score(frozen.answers(), run: "views", split: "test", options: options).scores
        let choice = try #require(found.choice)
        for (name, estimate) in [("accuracy", choice.accuracy), ("balanced_accuracy", choice.balanced)] {
            let numbers = try #require(frozen.expected[name])
            #expect(near(estimate.value, numbers[0]), "\(name)")
            #expect(near(estimate.lower, numbers[1]) && near(estimate.upper, numbers[2]), "\(name)")
        }
        #expect(choice.confusion == frozen.confusion && choice.field == "view")
        #expect(Set(choice.values) == ["A2C", "A4C", "PLAX", "SC"])
        #expect(found.population == "150 clips of 22 subjects")
        #expect(found.text.contains("\naccuracy ") && found.text.contains("of each clip\n"))
        let tables = Dictionary(uniqueKeysWithValues: found.tables.map { ($0.file, $0.text) })
        #expect(tables["confusion.csv"]?.split(separator: "\n").count == 17)
    }

    @Test func `where two classes hold, or targets answer no one question, there is no most probable one`()
        throws
    {
        let frozen = try FrozenViews()
        let two = try score(
            frozen.answers(wrong: [frozen.rows[0].clip]), run: "views", split: "test",
            options: ScoringOptions()
        ).scores
        #expect(two.choice == nil)
        var plain = Answers(.classes)
        for row in frozen.rows {
            plain.append(
                .init(study: row.clip, subject: row.subject, truth: Double(row.label), answer: 0.5),
                to: row.code == "view=SC" ? "other" : row.code)
        }
        #expect(try score(plain, run: "views", split: "test", options: ScoringOptions()).scores.choice == nil)
    }

    @Test func `each part of the people has the measure that it has alone`() throws {
        let frozen = try FrozenViews()
        var options = ScoringOptions()
        options.bootstrap = 50
        let clips = Array(Set(frozen.rows.map(\.clip))).sorted()
        var sex: [String: String] = [:], race: [String: String] = [:]
        for (place, clip) in clips.enumerated() {
            sex[clip] = place < 9 ? "X" : place < 60 ? "F" : "M"
            if place < 40 { race[clip] = "asian" }
        }
        let found = try frozen.answers().strata(of: ["sex": sex, "race": race, "age": [:]], options: options)
        // Nine are too few.
        #expect(
            found.map { "\($0.attribute) \($0.value) \($0.studies)" } == [
                "sex F 51", "sex M 90", "race asian 40",
            ])
        for part in found {
            var alone = Answers(.classes, of: .clip)
            for row in frozen.rows where (part.attribute == "sex" ? sex : race)[row.clip] == part.value {
                alone.append(
                    .init(
                        study: row.clip, subject: row.subject, truth: Double(row.label),
                        answer: row.probability),
                    to: row.code)
            }
            let whole = try score(alone, run: "part", split: "test", options: options).scores
            let score = try #require(part.score), macro = try #require(whole.macro.scores[.auroc])
            #expect(near(score.value, macro.value), "\(part.value)")
            #expect(
                near(score.lower, macro.lower ?? 2) && near(score.upper, macro.upper ?? 2), "\(part.value)")
            #expect(part.targets == 4 - whole.macro.undefined.count && part.subjects == whole.subjects)
        }
    }

    @Test func `a page shows how good a run is by sex, age and race, and its folder holds the numbers`()
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try SampleDataset(at: folder.appendingPathComponent("data"), studies: 40) {
                subject in
                subject % 3 == 0 ? "train" : "test"
            }.path
            try Catalog(datasetFolder: dataset, readOnly: false).write { db in
                for subject in 100...120 {
                    try db.execute(
                        sql: "INSERT INTO patients VALUES (?, ?, ?, 2150, '2011 - 2013', NULL)",
                        arguments: [subject, subject % 2 == 0 ? "F" : "M", subject < 110 ? 40 : 70])
                    try db.execute(
                        sql: """
                            INSERT INTO admissions (hadm_id, subject_id, admittime, dischtime, race)
                            VALUES (?, ?, '2150-01-01 00:00:00', '2150-01-02 00:00:00', ?)
                            """, arguments: [subject, subject, subject < 118 ? "WHITE" : "UNKNOWN"])
                }
            }
            let run = folder.path + "/run"
            for arguments in [
                [
                    "train", "--dataset", dataset, "--run", run, "--task", "icd", "--model", "mae", "--views",
                    "1", "--frames",
                    "1", "--epochs", "1", "--threads", "2",
                ],
                ["evaluate", run, "--bootstrap", "20", "--threads", "2"],
            ] {
                let outcome = try Built.run(arguments)
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            let results = run + "/evaluation/test"
            let csv = try String(contentsOfFile: results + "/people.csv", encoding: .utf8)
            #expect(
                csv.hasPrefix("attribute,part,studies,subjects,auroc,auroc_lower,auroc_upper,targets\nsex,F,")
            )
            #expect(csv.contains("\nage,65 to 79,") && csv.contains("\nrace,white,"))
            #expect(
                try String(contentsOfFile: results + "/metrics.json", encoding: .utf8).contains("\"strata\""))
            let page = try String(contentsOfFile: results + "/report.html", encoding: .utf8)
            #expect(page.contains("By sex, age and race") && page.contains("<b>white</b>"))
        }
    }
}
