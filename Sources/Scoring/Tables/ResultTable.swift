// A table as a paper prints it: mean ± std in every cell, the best of a block in bold and the second underlined.

import EchoCore
import Files

/// Lines of models in blocks, columns of measures.
package struct ResultTable: Codable, Sendable, Equatable {
    package struct Column: Codable, Sendable, Equatable {
        package let title: String
        package let higherIsBetter: Bool
        package let decimals: Int
        /// Of the measure: no axis goes further down.
        package var least: Double?

        package enum CodingKeys: CodingKey { case title, higherIsBetter, decimals }

        package init(_ measure: Measure, title: String? = nil) {
            self.title = title ?? measure.title
            (higherIsBetter, decimals, least) = (measure.higherIsBetter, measure.decimals, measure.least)
        }
    }

    /// Mean and standard deviation over runs, the interval by resampling subjects, and what was published.
    package struct Cell: Codable, Sendable, Equatable {
        package let value: Spread
        package let lower: Double?, upper: Double?
        package var published: Double?
        /// The standard deviation that was published with it.
        package var publishedDeviation: Double?

        package init(value: Spread, lower: Double?, upper: Double?, published: Double? = nil) {
            self.value = value
            self.lower = lower
            self.upper = upper
            self.published = published
        }
    }

    package struct Row: Codable, Sendable, Equatable {
        /// Best and second are chosen within a block.
        package let block: String
        package let title: String
        package let runs: Int
        package var cells: [Cell?]

        package init(block: String, title: String, runs: Int, cells: [Cell?]) {
            self.block = block
            self.title = title
            self.runs = runs
            self.cells = cells
        }
    }

    package enum Rank { case best, second, other }

    package let title: String
    /// Who was judged, and what ± and the intervals are.
    package let note: String
    /// Whether lines are codes and columns models, so that a line's best is wanted; otherwise a block's in each column.
    package var ranksColumns: Bool
    package let columns: [Column]
    package var rows: [Row]

    package init(title: String, note: String, ranksColumns: Bool = false, columns: [Column], rows: [Row]) {
        self.title = title
        self.note = note
        self.ranksColumns = ranksColumns
        self.columns = columns
        self.rows = rows
    }

    /// The rank of a cell; where there is nothing to compare with it has none.
    package func rank(_ row: Int, _ column: Int) -> Rank {
        let peers =
            ranksColumns
            ? rows[row].cells : rows.filter { $0.block == rows[row].block }.map { $0.cells[column] }
        guard peers.count > 1, let mine = rows[row].cells[column]?.value.mean else { return .other }
        let better = Set(peers.compactMap { $0?.value.mean }).count { other in
            columns[column].higherIsBetter ? other > mine : other < mine
        }
        return better == 0 ? .best : better == 1 ? .second : .other
    }

    /// Puts published figures, a csv of `row` ("block: title" or a title that stands once), `column` and `value`, beside ours.
    package mutating func add(published path: String) throws {
        for figure in try ResultTable.published(path) {
            let found = rows.indices.filter { [rows[$0].title, rows[$0].name].contains(figure.row) }
            guard found.count == 1, let column = columns.firstIndex(where: { $0.title == figure.column })
            else {
                throw EchoError(
                    figure.place, "names no line and column of this table",
                    try: "lines are as \(rows[0].name), columns as \(columns[0].title)")
            }
            rows[found[0]].cells[column]?.published = figure.value
            rows[found[0]].cells[column]?.publishedDeviation = nil
        }
    }

    /// Puts a published figure into the cell of a line and a column, where the table has them.
    package mutating func add(published value: Spread, row name: String, column title: String) {
        guard let row = rows.firstIndex(where: { $0.name == name }),
            let column = columns.firstIndex(where: { $0.title == title })
        else { return }
        rows[row].cells[column]?.published = value.mean
        rows[row].cells[column]?.publishedDeviation = value.deviation
    }

    /// The figures of such a csv, each with the line that it stands on.
    package static func published(
        _ path: String
    ) throws -> [(place: String, row: String, column: String, value: Double)] {
        var figures: [(place: String, row: String, column: String, value: Double)] = []
        try CSVReader(path).forEachRow(["row", "column", "value"]) { line in
            let place = "\(path): line \(line.line)"
            guard let value = Double(line.text(2)), value.isFinite else {
                throw EchoError(place, "a value that is not a number")
            }
            figures.append((place, line.text(0), line.text(1), value))
        }
        return figures
    }

    /// Whether there is a published figure in a column.
    package func isPublished(_ column: Int) -> Bool { rows.contains { $0.cells[column]?.published != nil } }
}

extension ResultTable.Row {
    /// The line's name where a title stands in several blocks.
    package var name: String { "\(block): \(title)" }
}

extension ResultTable {
    /// For a terminal; `*` marks the best of a block and `+` the second.
    package var text: String {
        var table = TextTable(
            [("", .left), ("", .left), ("runs", .right)]
                + columns.indices.flatMap { column -> [(String, TextTable.Alignment)] in
                    [(columns[column].title, .left), ("interval", .left)]
                        + (isPublished(column) ? [("published", .left)] : [])
                })
        for (index, row) in rows.enumerated() {
            let isFirst = index == 0 || rows[index - 1].block != row.block
            table.add(
                [isFirst ? row.block : "", row.title, "\(row.runs)"]
                    + columns.indices.flatMap { column in
                        let mark = [Rank.best: " *", .second: " +"][rank(index, column)] ?? ""
                        return [spread(row, column) + mark, range(row, column)]
                            + (isPublished(column) ? [published(row, column)] : [])
                    })
        }
        return
            "\(title)\n\(note)\n\n\(table.text)\n* best of its \(ranksColumns ? "line" : "block"), + second\n"
    }

    /// Numbers in full.
    package var csv: String {
        let header =
            ["block", "model", "runs"]
            + columns.flatMap { column in
                ["", "_std", "_lower", "_upper", "_published"].map { column.title + $0 }
            }
        return csvText(
            header,
            rows.map { row in
                [row.block, row.title, "\(row.runs)"]
                    + row.cells.flatMap { cell in
                        [cell?.value.mean, cell?.value.deviation, cell?.lower, cell?.upper, cell?.published]
                            .map { $0.map { "\($0)" } }
                    }
            })
    }

    /// For a paper: needs `\usepackage{booktabs}`.
    package var latex: String {
        var lines = ["% \(title)", "% \(note)"]
        let kinds = columns.indices.map { isPublished($0) ? "lr" : "l" }.joined()
        lines += ["\\begin{tabular}{ll\(kinds)}", "\\toprule"]
        let titles = columns.indices.flatMap { column in
            [Self.escaped(columns[column].title)] + (isPublished(column) ? ["published"] : [])
        }
        lines.append((["", "Model"] + titles).joined(separator: " & ") + " \\\\")
        for (index, row) in rows.enumerated() {
            let isFirst = index == 0 || rows[index - 1].block != row.block
            if isFirst { lines.append("\\midrule") }
            let cells = columns.indices.flatMap { column in
                let text = spread(row, column).replacing("±", with: "$\\pm$").replacing("–", with: "--")
                let shown =
                    switch rank(index, column) {
                    case .best: "\\textbf{\(text)}"
                    case .second: "\\underline{\(text)}"
                    case .other: text
                    }
                return [shown]
                    + (isPublished(column) ? [published(row, column).replacing("±", with: "$\\pm$")] : [])
            }
            let head = [isFirst ? Self.escaped(row.block) : "", Self.escaped(row.title)]
            lines.append((head + cells).joined(separator: " & ") + " \\\\")
        }
        return (lines + ["\\bottomrule", "\\end{tabular}", ""]).joined(separator: "\n")
    }

    /// "0.712 ± 0.011".
    package func spread(_ row: Row, _ column: Int) -> String {
        guard let value = row.cells[column]?.value else { return "–" }
        let decimals = columns[column].decimals
        return fixed(value.mean, decimals) + (value.deviation.map { " ± \(fixed($0, decimals))" } ?? "")
    }

    /// "0.650–0.771".
    package func range(_ row: Row, _ column: Int) -> String {
        guard let lower = row.cells[column]?.lower, let upper = row.cells[column]?.upper else { return "" }
        let decimals = columns[column].decimals
        return "\(fixed(lower, decimals))\(lower < 0 ? " to " : "–")\(fixed(upper, decimals))"
    }

    private func published(_ row: Row, _ column: Int) -> String {
        guard let cell = row.cells[column], let value = cell.published else { return "" }
        let decimals = columns[column].decimals
        return fixed(value, decimals) + (cell.publishedDeviation.map { " ± \(fixed($0, decimals))" } ?? "")
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { $0 += "&%$#_{}".contains($1) ? "\\\($1)" : String($1) }
    }
}
