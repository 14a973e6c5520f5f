// One run's scores as the lines that `echoprep evaluate` prints, and as csv files.

import Catalog
import EchoCore
import Foundation
import Tasks

extension RunScores {
    /// A heading, a line a class and the macro averages; or a line a measure of a quantity.
    package var text: String {
        var parts = [run] + (task.map { [$0] } ?? []) + [split, population]
        if let cohort = asked?.cohort { parts.append("where \(printable(cohort.expression))") }
        if let views = asked?.views { parts.append("views \(views.names.joined(separator: ", "))") }
        if kind == .classes {
            parts.append(threshold.map { "threshold \($0)" } ?? "thresholds fitted on val")
        }
        if bootstrap > 1 {
            parts.append(
                "\(percentage(confidence)) intervals by \(grouped(bootstrap)) resamplings of subjects")
        }
        let heading = parts.joined(separator: " · ")
        return switch kind {
        case .classes: heading + "\n\n" + classesText + choiceText
        case .quantity(let quantity):
            ([heading] + targets.map { text(quantity, $0) }).joined(separator: "\n\n")
        }
    }

    private var classesText: String {
        var table = TextTable(
            ("code", .left), ("title", .left), ("n", .right), ("positive", .right), ("AUROC", .left),
            ("F1", .left))
        for (code, decisions) in classes {
            table.add([
                code.target, shortened(code.title ?? ""), grouped(code.studies),
                grouped(decisions.positives), intervalText(code.scores[.auroc]),
                code.scores[.f1].map { fixed($0.value, 3) } ?? "–",
            ])
        }
        for group in averages {
            let count = group.targets.count - group.undefined.count
            table.add([
                group.name, "mean of \(count) code\(count == 1 ? "" : "s")", "", "",
                intervalText(group.scores[.auroc]), intervalText(group.scores[.f1]),
            ])
        }
        guard !macro.undefined.isEmpty else { return table.text }
        return table.text
            + "\nAUROC is undefined and left out of the mean for codes that all or none of the studies have: "
            + macro.undefined.joined(separator: ", ") + "\n"
    }

    /// A line a measure, and what the mean alone would be worth.
    private func text(_ quantity: Quantity, _ target: TargetScores) -> String {
        var table = TextTable((target.target, .left), ("", .left), ("predicting the mean", .left))
        for measure in kind.measures {
            table.add([
                measure.title, intervalText(target.scores[measure], decimals: measure.decimals),
                target.ofMean(measure),
            ])
        }
        if let found = target.agreement {
            let (bias, lower, upper) = (found.bias, found.lowerLimit, found.upperLimit)
            let numbers = [bias, lower, upper].map { fixed($0, quantity.decimals) }
            table.add([
                "bias", "\(numbers[0]), limits of agreement \(numbers[1]) to \(numbers[2])", "",
            ])
        }
        guard let counts = target.gradeCounts else { return table.text }
        return table.text + "\n" + confusionText(quantity, counts)
    }

    /// A line a true grade, a column an answer.
    private func confusionText(_ quantity: Quantity, _ counts: [[Int]]) -> String {
        var table = TextTable([("true \\ answered", .left)] + quantity.grades.map { ($0.name, .right) })
        for (grade, row) in zip(quantity.grades, counts) { table.add([grade.name] + row.map(grouped)) }
        return table.text
    }

    private func shortened(_ title: String, to width: Int = 44) -> String {
        title.count <= width ? title : title.prefix(width - 1).trimmingCharacters(in: .whitespaces) + "…"
    }
}

extension TargetScores {
    /// What answering with the mean is worth in a measure: 0 in R², by its definition, and what a coin is in others.
    package func ofMean(_ measure: Measure) -> String {
        agreement?.ofMean[measure].map { intervalText($0, decimals: measure.decimals) }
            ?? fixed(measure.chance ?? 0, measure.decimals)
    }
}

/// "95 %".
package func percentage(_ value: Double) -> String {
    "\(Int(exactly: value).map(String.init) ?? "\(value)") %"
}

extension RunScores {
    /// The numbers in full, as files that stand beside metrics.json.
    package var tables: [(file: String, text: String)] {
        let own: [(file: String, text: String)] =
            switch kind {
            case .classes:
                [("codes.csv", codesCSV), ("groups.csv", groupsCSV)]
                    + (choiceCSV.map { [("confusion.csv", $0)] } ?? [])
            case .quantity(let quantity):
                [("errors.csv", errorsCSV)]
                    + (quantity.grades.isEmpty ? [] : [("confusion.csv", confusionCSV(quantity))])
            }
        return own + (strata.isEmpty ? [] : [("people.csv", strataCSV)])
    }

    /// A line a true grade and an answered one.
    private func confusionCSV(_ quantity: Quantity) -> String {
        csvText(
            ["true", "answered", "studies"],
            targets.compactMap(\.gradeCounts).flatMap { counts in
                zip(quantity.grades, counts).flatMap { truth, row in
                    zip(quantity.grades, row).map { [truth.name, $0.name, "\($1)"] }
                }
            })
    }

    /// A line a code.
    private var codesCSV: String {
        let header =
            ["code", "title", "studies", "positives", "threshold"] + kind.measures.flatMap(columns)
            + ["precision", "recall", "specificity", "tp", "fp", "fn", "tn"]
        return csvText(
            header,
            classes.map { code, decisions in
                let counts = decisions.confusion
                return [
                    code.target, code.title, "\(code.studies)", "\(decisions.positives)",
                    "\(decisions.threshold)",
                ]
                    + kind.measures.flatMap { cells(code.scores[$0]) }
                    + [counts.precision, counts.recall, counts.specificity].map { "\($0)" }
                    + [
                        counts.truePositives, counts.falsePositives, counts.falseNegatives,
                        counts.trueNegatives,
                    ].map { "\($0)" }
            })
    }

    /// A line for all codes and one for each group.
    private var groupsCSV: String {
        csvText(
            ["group", "codes"] + kind.measures.flatMap(columns),
            averages.map { group in
                [group.name, group.targets.joined(separator: " ")]
                    + kind.measures.flatMap { cells(group.scores[$0]) }
            })
    }

    /// A line a measure.
    private var errorsCSV: String {
        csvText(
            ["measure", "value", "lower", "upper"],
            targets.flatMap { target -> [[String?]] in
                let own = kind.measures.map { [$0.name] + cells(target.scores[$0]) }
                guard let found = target.agreement else { return own }
                let bias = Estimate(found.bias, lower: found.lowerLimit, upper: found.upperLimit)
                return own + kind.errors.map { ["mean_\($0.name)"] + cells(found.ofMean[$0]) }
                    + [["bias"] + cells(bias)]
            })
    }

    private func columns(_ measure: Measure) -> [String] {
        ["", "_lower", "_upper"].map { measure.name + $0 }
    }

    private func cells(_ estimate: Estimate?) -> [String?] {
        [estimate?.value, estimate?.lower, estimate?.upper].map { $0.map { "\($0)" } }
    }
}
