// An experiment's table, drawn: a line a model with its interval, block by block.

import EchoCore
import Scoring

/// The section of an experiment's table; nil for a page that is about none, or about codes, which have their own.
struct ResultsSection: ReportSection {
    static let anchor: StaticString = "results"
    static let showsAnswers = true
    static let isForOutsiders = true
    let title = "Results"
    private let table: ResultTable
    /// Those that do not stand with the models.
    private let differences: HTML

    init?(_ subject: ReportSubject) {
        guard let results = subject.results, !results.table.ranksColumns else { return nil }
        table = results.table
        differences =
            subject.standings.isEmpty ? differenceFigure(results.differences, results.kind) : HTML()
    }

    var content: HTML {
        tableFigure(table) + HTML(table.columns.indices.map { resultFigure(table, $0) }) + differences
    }
}

/// The columns side by side take too much room: each is a chart of its own.
private func resultFigure(_ results: ResultTable, _ column: Int) -> HTML {
    let cells = results.rows.compactMap { $0.cells[column] }
    let bounds = cells.flatMap { [$0.value.mean, $0.lower, $0.upper, $0.published].compactMap(\.self) }
    guard !bounds.isEmpty else { return HTML() }
    let axis =
        results.columns[column].least.map { Scale(max($0, bounds.min() ?? $0), 1) } ?? Scale(covering: bounds)
    let blocks = results.rows.map(\.block).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let rows = results.rows.indices.map { index in
        let row = results.rows[index], cell = row.cells[column]
        let marks: [HTML] =
            cell.map {
                let estimate = Estimate($0.value.mean, lower: $0.lower, upper: $0.upper)
                let published: [HTML] = $0.published.map { [tick(axis.percent($0))] } ?? []
                return [dot(estimate, axis, .series(blocks.firstIndex(of: row.block) ?? 0))] + published
            } ?? []
        let isFirst = index > 0 && results.rows[index - 1].block != row.block
        return ChartRow(
            label: "<b>\(row.title)</b> <span>\(row.block)</span>", value: HTML(results.spread(row, column)),
            marks: marks, place: isFirst ? .apart : .plain)
    }
    let title = results.columns[column].title
    return figure(
        title.prefix(1).uppercased() + title.dropFirst(),
        """
        Means over runs with their intervals; ± is the standard deviation over runs.\
        \(results.isPublished(column) ? " The short line is the published figure." : HTML())
        """,
        rowChart(rows, axis: axis),
        numbers: PageTable(
            columns: [
                .text(""), .text("Model"), .number("Runs"), .number("Mean ± std"), .number("Interval"),
            ],
            rows: results.rows.map { row in
                [
                    row.block, row.title, "\(row.runs)", results.spread(row, column),
                    results.range(row, column),
                ]
            }))
}

/// The table as a paper prints it.
private func tableFigure(_ results: ResultTable) -> HTML {
    let head: [HTML] = results.columns.map { "<th class=\"n\">\($0.title)</th>" }
    let body: [HTML] = results.rows.indices.map { index in
        let row = results.rows[index]
        let cells: [HTML] = results.columns.indices.map { column in
            let text = results.spread(row, column)
            return switch results.rank(index, column) {
            case .best: "<td class=\"n best\">\(text)</td>"
            case .second: "<td class=\"n second\">\(text)</td>"
            case .other: "<td class=\"n\">\(text)</td>"
            }
        }
        let isFirst = index == 0 || results.rows[index - 1].block != row.block
        return "<tr><td>\(isFirst ? row.block : "")</td><td>\(row.title)</td>\(cells)</tr>\n"
    }
    return """
        <figure>
        <figcaption><h3>The table</h3><p>The best of each block is bold, the second underlined.</p></figcaption>
        <details open="open"><summary>Numbers</summary><div class="scroll"><table><thead><tr><th></th><th>Model</th>\
        \(head)</tr></thead><tbody>
        \(body)</tbody></table></div></details>
        </figure>

        """
}
