// What a run's evaluations found, read back from the files that `evaluate` wrote.

import Catalog
import EchoCore
import Files
import Foundation
import Scoring
import Tasks

/// One evaluation of a run: what a metrics.json holds that its card shows.
struct EvaluationFigures: Decodable {
    /// Of a run with several heads, the task of the one that is judged.
    let task: String?
    let split: String
    /// What is judged, and how many of them; of how many subjects.
    let unit: LabelSource.Unit
    let studies: Int, subjects: Int
    /// The percentage that intervals cover, and the draws behind them.
    let confidence: Double, bootstrap: Int
    let kind: AnswerKind
    /// Of all targets together, by the measures' names.
    let scores: [String: Estimate]
    /// Of classes each.
    let codes: [Code]?

    private struct Group: Decodable { let scores: [String: Estimate] }

    struct Code: Decodable {
        let code: String, title: String?
        let studies: Int, positives: Int
        let scores: [String: Estimate]
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: ScoreKey.self)
        task = try fields.decodeIfPresent(String.self, forKey: "task")
        split = try fields.decode(String.self, forKey: "split")
        unit =
            try fields.decodeIfPresent(String.self, forKey: "unit").flatMap(LabelSource.Unit.init) ?? .study
        studies = try fields.decode(Int.self, forKey: "studies")
        subjects = try fields.decode(Int.self, forKey: "subjects")
        confidence = try fields.decode(Double.self, forKey: "confidence")
        bootstrap = try fields.decode(Int.self, forKey: "bootstrap")
        codes = try fields.decodeIfPresent([Code].self, forKey: "codes")
        let quantity = try fields.decodeIfPresent(String.self, forKey: "quantity")
        let kind = quantity.map { AnswerKind.quantity(Quantity(named: $0)) } ?? .classes
        self.kind = kind
        guard kind != .classes else {
            scores = try fields.decode(Group.self, forKey: "macro").scores
            return
        }
        // A quantity's measures stand under their own names.
        var scores: [String: Estimate] = [:]
        for measure in kind.measures {
            scores[measure.name] = try fields.decodeIfPresent(
                Estimate.self, forKey: ScoreKey(stringValue: measure.name))
        }
        self.scores = scores
    }

    /// The evaluations in a run's folder, by the names of theirs.
    static func all(of run: String) throws(EchoError) -> [EvaluationFigures] {
        let folder = run + "/evaluation"
        func names(in folder: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        }
        // Of several heads each has a folder in that of the evaluation.
        let places = names(in: folder).flatMap { name in
            [name] + names(in: "\(folder)/\(name)").map { "\(name)/\($0)" }
        }
        var all: [EvaluationFigures] = []
        for name in places {
            let path = "\(folder)/\(name)/metrics.json"
            guard FileManager.default.fileExists(atPath: path) else { continue }
            let text = Data(try readFile(path, upTo: 1 << 26))
            guard let figures = try? JSONDecoder().decode(EvaluationFigures.self, from: text) else {
                throw EchoError(
                    "evaluation/\(name)/metrics.json", "is not what evaluate writes",
                    try: "evaluate the run again, or remove that folder")
            }
            all.append(figures)
        }
        return all
    }
}
