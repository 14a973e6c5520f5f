// What `echoprep evaluate` found, as text and as JSON.

import EchoCore
import Scoring
import Tasks

/// The scores of runs or of files of answers.
package struct Evaluation: Encodable, Sendable {
    /// An entry for each head.
    let standings: [Standings]
    /// What makes a run's numbers worth less, a sentence each.
    package let warnings: [String]
    /// Which studies were chosen, where not all were.
    package let notes: [String]
    /// The pages written.
    package internal(set) var reports: [String] = []
    /// The folder for outsiders, where one was written.
    package internal(set) var shared: String?

    /// - Parameter standings: an entry for each head
    init(standings: [Standings]) { (self.standings, warnings, notes) = (standings, [], []) }

    /// - Parameter judged: each run's answers, an entry for each head
    init(_ judged: [[ScoredRun]], warnings: [String] = [], notes: [String] = []) throws(EchoError) {
        let kinds = judged.map { $0.map(\.answers.kind) }
        guard kinds.allSatisfy({ $0.count == kinds[0].count }) else {
            throw EchoError(
                "evaluate", "runs with other numbers of heads cannot be compared",
                try:
                    "compare heads of one task by the predictions.csv that each evaluation wrote (--predictions)"
            )
        }
        guard kinds.allSatisfy({ $0 == kinds[0] }) else {
            let isMixed = kinds.joined().contains(.classes) && kinds.joined().contains { $0 != .classes }
            throw isMixed
                ? EchoError(
                    "evaluate", "probabilities of codes and measurements cannot be compared",
                    try: "give them in two calls")
                : EchoError("evaluate", "measurements of different quantities cannot be compared")
        }
        (self.warnings, self.notes) = (warnings, notes)
        standings = kinds[0].indices.map { head in Standings(judged.map { $0[head] }) }
    }

    /// One run in full, several as a line a model.
    package var text: String { standings.map(\.text).joined(separator: "\n") }

    enum CodingKeys: CodingKey {
        case runs, models, measurements, measuredModels, comparisons, warnings, reports
    }

    package func encode(to encoder: any Encoder) throws {
        let classes = standings.filter { $0.kind == .classes }
        let quantities = standings.filter { $0.kind != .classes }
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(classes.flatMap(\.scores), forKey: .runs)
        try fields.encode(classes.flatMap(\.models), forKey: .models)
        try fields.encode(quantities.flatMap(\.scores), forKey: .measurements)
        try fields.encode(quantities.flatMap(\.models), forKey: .measuredModels)
        try fields.encode(standings.flatMap(\.comparisons), forKey: .comparisons)
        try fields.encode(warnings, forKey: .warnings)
        try fields.encode(reports, forKey: .reports)
    }
}
