// Results for a terminal: aligned columns that stay readable when piped.

import Foundation

/// Rows of text in columns, numbers to the right.
package struct TextTable {
    package enum Alignment { case left, right }

    private let alignments: [Alignment]
    private var rows: [[String]]

    package init(_ columns: (title: String, alignment: Alignment)...) { self.init(columns) }

    package init(_ columns: [(title: String, alignment: Alignment)]) {
        alignments = columns.map(\.alignment)
        rows = [columns.map(\.title)]
    }

    package mutating func add(_ row: [String]) { rows.append(row) }

    package var text: String {
        let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column in
                let gap = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .left ? row[column] + gap : gap + row[column]
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }
}

/// A number with a fixed number of decimals, whatever the locale.
package func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }

/// "0.812 (0.730–0.884)", without bounds where there are none, "–" where the measure is undefined.
package func intervalText(_ estimate: Estimate?, decimals: Int = 3) -> String {
    guard let estimate else { return "–" }
    guard let lower = estimate.lower, let upper = estimate.upper else {
        return fixed(estimate.value, decimals)
    }
    let dash = lower < 0 ? " to " : "–"
    return "\(fixed(estimate.value, decimals)) (\(fixed(lower, decimals))\(dash)\(fixed(upper, decimals)))"
}
