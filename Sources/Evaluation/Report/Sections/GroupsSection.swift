// Averages: over all codes and over the groups that the user named.

import EchoCore

/// The section on averages; nil without a named group.
func groupsSection(_ report: Report) -> PageSection? {
    guard report.isSingle, let scores = report.scores.first, !scores.groups.isEmpty else { return nil }
    let groups = [scores.macro] + scores.groups
    let low = groups.compactMap { $0.scores.auroc?.lower ?? $0.scores.auroc?.value }.min() ?? 0.4
    let axis = Scale(min(0.4, (low * 10).rounded(.down) / 10), 1, ticks: 6)
    let rows = groups.enumerated().map { index, group in
        ChartRow(
            label: "<b>\(index == 0 ? "all codes" : group.name)</b>", value: estimateText(group.scores.auroc),
            marks: group.scores.auroc.map { [dot($0, axis, index == 0 ? .muted : .series(index - 1))] } ?? [])
    }
    let table = PageTable(
        columns: [.text("Group"), .text("Codes")] + Measure.allCases.map { .number($0.title) },
        rows: groups.map { group in
            [group.name, group.codes.joined(separator: ", ")]
                + Measure.allCases.map { intervalText(group.scores[$0]) }
        })
    return PageSection(
        anchor: "groups", title: "Groups of codes",
        content: figure(
            "Macro AUROC", "The mean over the codes of each group; \(intervalSentence(scores))",
            rowChart(rows, axis: axis, reference: 0.5), numbers: table))
}
