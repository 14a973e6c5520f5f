// The paper beside us, as link-icd prints it.

import Catalog
import EchoCore
import Foundation

extension PaperComparison {
    /// A head, a line for each of its targets, what the lists do not share, and its Table 3.
    var lines: [String] {
        var lines = [
            "beside the paper: \(grouped(denominator)) labelled studies\(clips), \(grouped(paperLabelled)) there"
        ]
        lines.append("      here              paper            difference      rank")
        lines += categories.map(line)
        lines.append(
            "the mean absolute difference is " + String(format: "%.2f points", 100 * meanAbsoluteDifference))
        if !onlyPaper.isEmpty {
            lines.append("targets of the paper that are none here: " + onlyPaper.joined(separator: " "))
        }
        if !onlyOurs.isEmpty {
            lines.append("targets here that are none of the paper's: " + onlyOurs.joined(separator: " "))
        }
        lines.append("its Table 3: here, there")
        lines += cohort.map { figure in
            let here = figure.here.map { Self.number($0) } ?? "no clips yet"
            return "\(padded(here, 16)) \(padded(Self.number(figure.paper), 9)) \(figure.name)"
        }
        return lines
    }

    private var clips: String {
        labelledWithClips == nil ? "" : " with clips (of \(grouped(labelled)) labelled)"
    }

    private func line(_ row: Category) -> String {
        let here = padded(grouped(row.positives), 6) + String(format: " %6.2f %%", 100 * row.prevalence)
        let paper =
            padded(grouped(row.paperPositives), 6) + String(format: " %6.2f %%", 100 * row.paperPrevalence)
        let difference = String(format: "%+7.2f", 100 * (row.prevalence - row.paperPrevalence))
        let errors = row.standardErrors.map { String(format: "%+6.1f SE", $0) } ?? "         "
        let rank = padded(row.rank.map(String.init) ?? "–", 4) + padded("(\(row.paperRank))", 5)
        let mark = row.mark + String(repeating: " ", count: 2 - row.mark.count)
        return
            "  \(mark) \(here)  \(paper)  \(difference) \(errors) \(rank)  \(row.category) \(row.title ?? "")"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// "6,652", "24.4".
    private static func number(_ value: Double) -> String {
        value == value.rounded() ? grouped(Int(value)) : String(format: "%.1f", value)
    }
}
