// An evaluation as the lines that `echoprep evaluate` prints.

import EchoCore
import Foundation

extension RunScores {
    /// The heading, a line a code, and the macro averages.
    public var text: String {
        var table = TextTable(
            ("code", .left), ("title", .left), ("n", .right), ("positive", .right), ("AUROC", .left),
            ("F1", .left))
        for code in codes {
            table.add([
                code.code, shortened(code.title ?? ""), grouped(code.studies), grouped(code.positives),
                intervalText(code.scores.auroc), code.scores.f1.map { fixed($0.value, 3) } ?? "–",
            ])
        }
        for group in [macro] + groups {
            let count = group.codes.count - group.undefined.count
            table.add([
                group.name, "mean of \(count) code\(count == 1 ? "" : "s")", "", "",
                intervalText(group.scores.auroc), intervalText(group.scores.f1),
            ])
        }
        return heading + "\n\n" + table.text + remarks
    }

    private var heading: String {
        "\(run) · \(split) · \(grouped(studies)) studies of \(grouped(subjects)) subjects"
            + " · threshold \(threshold)"
            + (bootstrap > 1
                ? " · \(percentage(confidence)) intervals by \(grouped(bootstrap)) resamplings of subjects"
                : "")
    }

    private var remarks: String {
        macro.undefined.isEmpty
            ? ""
            : "\nAUROC is undefined and left out of the mean for codes that all or none of the studies have: "
                + macro.undefined.joined(separator: ", ") + "\n"
    }

    private func shortened(_ title: String, to width: Int = 44) -> String {
        title.count <= width ? title : title.prefix(width - 1).trimmingCharacters(in: .whitespaces) + "…"
    }
}

/// "95 %".
func percentage(_ value: Double) -> String {
    "\(value == value.rounded() ? "\(Int(value))" : "\(value)") %"
}
