// What a run's evaluations found, read back from the files that `evaluate` wrote.

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
    let studies: Int, subjects: Int
    /// The percentage that intervals cover, and the draws behind them.
    let confidence: Double, bootstrap: Int
    /// Of classes: the means over all of them, and each.
    let macro: Group?
    let codes: [Code]?
    /// Of a quantity: its name, and each measure by its own.
    let quantity: String?
    private let mae: Estimate?, rmse: Estimate?, r2: Estimate?

    struct Group: Decodable { let scores: [String: Estimate] }

    struct Code: Decodable {
        let code: String, title: String?
        let studies: Int, positives: Int
        let scores: [String: Estimate]
    }

    /// Of all targets together, by the measures' names.
    var scores: [String: Estimate] {
        macro?.scores ?? ["mae": mae, "rmse": rmse, "r2": r2].compactMapValues(\.self)
    }

    var kind: AnswerKind { quantity.map { .quantity(Quantity(named: $0)) } ?? .classes }

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
