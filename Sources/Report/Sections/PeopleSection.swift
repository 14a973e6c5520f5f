// Whether the model is as good for some people as for others: by sex, age and race.

import Catalog
import EchoCore
import Scoring
import Tasks

/// The section on parts of the people who were judged; nil where nothing is known of them.
struct PeopleSection: ReportSection {
    static let anchor: StaticString = "people"
    static let showsAnswers = true
    static let isForOutsiders = true
    let title = "By sex, age and race"
    private let heads: [RunScores]

    init?(_ subject: ReportSubject) {
        heads = subject.single.map(\.scores).filter { $0.strata.contains { $0.score != nil } }
        if heads.isEmpty { return nil }
    }

    var content: HTML { HTML(heads.map(drawn)) }

    private func drawn(_ scores: RunScores) -> HTML {
        let measure = scores.kind.main
        let known = scores.strata.filter { $0.score != nil }
        let bounds = known.flatMap { [$0.score?.value, $0.score?.lower, $0.score?.upper].compactMap(\.self) }
        let axis =
            scores.kind == .classes
            ? Scale(.auroc, covering: bounds) : Scale(0, (bounds.max() ?? 1) * 1.05)
        let rows = known.enumerated().map { index, part in
            ChartRow(
                label: "<b>\(part.value)</b> <span>\(part.attribute)</span>", value: estimateText(part.score),
                marks: part.score.map { [dot($0, axis, .first)] } ?? [],
                place: index > 0 && known[index - 1].attribute != part.attribute ? .apart : .plain)
        }
        let whole: HTML =
            scores.kind == .classes
            ? "The mean over the codes that have both classes in the part, which need not be the same codes in all parts"
            : "Of the part alone"
        return figure(
            scores.titled(scores.kind == .classes ? "Macro AUROC" : measure.title),
            """
            \(whole); \(intervalSentence(scores)) Race is MIMIC's, in five groups. Parts of fewer than \
            \(Answers.fewest) \(scores.unit.plural) and those of whom it is not known are left out; over all it is \
            \(estimateText(scores.macro.scores[measure])).
            """,
            rowChart(rows, axis: axis, reference: measure.chance),
            numbers: PageTable(
                columns: [.text("By"), .text("Part"), .number(scores.unit.plural), .number("Subjects")]
                    + [.number(measure.title), .number("Codes")],
                rows: scores.strata.map { part in
                    [part.attribute, part.value, grouped(part.studies), grouped(part.subjects)]
                        + [intervalText(part.score, decimals: measure.decimals), grouped(part.targets)]
                }))
    }
}
