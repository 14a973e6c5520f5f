// Of several classes one: how often that is the most probable, and which are taken for which.

import Catalog
import EchoCore
import Scoring
import Tasks

/// The section on questions with several answers, as the view of a clip.
struct ChoicesSection: ReportSection {
    static let anchor: StaticString = "choices"
    static let showsAnswers = true
    static let isForOutsiders = true
    private let asked: [(scores: RunScores, choice: ChoiceScores)]

    init?(_ subject: ReportSubject) {
        asked = subject.single.compactMap { run in run.scores.choice.map { (run.scores, $0) } }
        if asked.isEmpty { return nil }
    }

    var title: String { "Which \(asked.map(\.choice.field).joined(separator: ", "))" }
    var content: HTML { HTML(asked.map { drawn($0.scores, $0.choice) }) }

    private func drawn(_ scores: RunScores, _ choice: ChoiceScores) -> HTML {
        let shares = [("accuracy", choice.accuracy), ("balanced", choice.balanced)]
        let axis = Scale(0, 1)
        let rows = shares.map { name, estimate in
            ChartRow(
                label: "<b>\(name)</b>", value: estimateText(estimate), marks: [dot(estimate, axis, .first)])
        }
        let head: [HTML] = choice.values.map { "<th class=\"n\">\($0)</th>" }
        let body: [HTML] = choice.values.indices.map { truth in
            let cells: [HTML] = choice.confusion[truth].enumerated().map { answer, count in
                answer == truth
                    ? "<td class=\"n best\">\(grouped(count))</td>" : "<td class=\"n\">\(grouped(count))</td>"
            }
            return "<tr><td>\(choice.values[truth])</td>\(cells)</tr>\n"
        }
        let table: HTML = """
            <div class="scroll"><table><thead><tr><th>true, down; most probable, across</th>\(head)</tr></thead><tbody>
            \(body)</tbody></table></div>

            """
        let below: HTML =
            choice.confusion.isEmpty
            ? "" : " Below, \(scores.unit.plural) by what they are and what was most probable."
        return figure(
            scores.titled("The most probable \(choice.field)"),
            """
            How often the most probable \(choice.field) of a \(scores.unit.rawValue) is its own, over all and as the mean over \
            those that there are; \(intervalSentence(scores))\(below)
            """,
            rowChart(rows, axis: axis) + (choice.confusion.isEmpty ? HTML() : table),
            numbers: PageTable(
                columns: [.text(""), .number("Share")], rows: shares.map { [$0.0, intervalText($0.1)] }))
    }
}
