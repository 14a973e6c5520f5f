// Averages: over all codes and over the groups that the user named.

import EchoCore
import Scoring
import Tasks

/// The section on averages; nil without a named group.
struct GroupsSection: ReportSection {
    static let anchor: StaticString = "groups"
    static let showsAnswers = true
    static let isForOutsiders = true
    let title = "Groups of codes"
    /// Of each head with a named group.
    private let heads: [RunScores]

    init?(_ subject: ReportSubject) {
        heads = subject.single.map(\.scores).filter { $0.averages.count > 1 }
        if heads.isEmpty { return nil }
    }

    var content: HTML { HTML(heads.map(drawn)) }

    private func drawn(_ scores: RunScores) -> HTML {
        let groups = scores.averages, measures = scores.kind.measures
        let axis = Scale(
            .auroc, covering: groups.compactMap { $0.scores[.auroc]?.lower ?? $0.scores[.auroc]?.value })
        let rows = groups.enumerated().map { index, group in
            ChartRow(
                label: "<b>\(index == 0 ? "all codes" : group.name)</b>",
                value: estimateText(group.scores[.auroc]),
                marks: group.scores[.auroc].map {
                    [dot($0, axis, index == 0 ? .muted : .series(index - 1))]
                } ?? [])
        }
        let table = PageTable(
            columns: [.text("Group"), .text("Codes")] + measures.map { .number($0.title) },
            rows: groups.map { group in
                [group.name, group.targets.joined(separator: ", ")]
                    + measures.map { intervalText(group.scores[$0]) }
            })
        return figure(
            scores.titled("Macro AUROC"),
            "The mean over the codes of each group; \(intervalSentence(scores))",
            rowChart(rows, axis: axis, reference: 0.5), numbers: table)
    }
}
