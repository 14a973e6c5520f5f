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
        for group in averages {
            let count = group.codes.count - group.undefined.count
            table.add([
                group.name, "mean of \(count) code\(count == 1 ? "" : "s")", "", "",
                intervalText(group.scores.auroc), intervalText(group.scores.f1),
            ])
        }
        return heading + "\n\n" + table.text + remarks
    }

    private var heading: String {
        "\(run) · \(split) · \(population)"
            + " · \(threshold.map { "threshold \($0)" } ?? "thresholds fitted on val")"
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

extension Evaluation {
    /// What `echoprep evaluate` prints: one run in full, several as a line a model.
    public var text: String {
        if !measurements.isEmpty { return measurementText }
        if runs.count == 1 { return runs[0].text }
        var table = TextTable(
            ("model", .left), ("runs", .right), ("codes", .left), ("AUROC", .left), ("F1", .left),
            ("average precision", .left))
        for model in models {
            for (index, group) in model.groups.enumerated() {
                table.add(
                    (index == 0 ? [model.model, "\(model.runs.count)"] : ["", ""]) + [group.name]
                        + [group.auroc, group.f1, group.averagePrecision].map { spreadText($0) })
            }
        }
        return
            "\(runs.count) runs · \(runs[0].split) · \(runs[0].population) · mean ± standard deviation over runs\n\n"
            + table.text + comparisonText
    }

    /// One run's measurements in full, several as a line a model.
    private var measurementText: String {
        if measurements.count == 1 { return measurements[0].text }
        var table = TextTable(
            ("model", .left), ("runs", .right), ("MAE", .left), ("RMSE", .left), ("R²", .left))
        for model in measuredModels {
            table.add(
                [model.model, "\(model.runs.count)"]
                    + ErrorMeasure.allCases.map { spreadText(model[$0], decimals: $0.decimals) })
        }
        let mean = measurements[0]
        table.add(
            ["predicting the mean", ""] + [
                fixed(mean.meanMAE.value, 2), fixed(mean.meanRMSE.value, 2), "0.000",
            ])
        return
            "\(measurements.count) runs · \(mean.split) · \(mean.population) · mean ± standard deviation over runs\n\n"
            + table.text + comparisonText
    }

    /// A line for each pair of models and group.
    private var comparisonText: String {
        guard !comparisons.isEmpty else { return "" }
        let (what, of) = measurements.isEmpty ? ("AUROC", "codes") : ("MAE", "measure")
        var table = TextTable(("difference in \(what)", .left), (of, .left), ("", .left), ("p", .left))
        for comparison in comparisons {
            table.add([
                "\(comparison.first) − \(comparison.second)", comparison.group,
                intervalText(comparison.difference), comparison.p.map { fixed($0, 3) } ?? "–",
            ])
        }
        return "\n" + table.text
    }
}

/// "0.812 ± 0.013".
func spreadText(_ spread: Spread?, decimals: Int = 3) -> String {
    guard let spread else { return "–" }
    return fixed(spread.mean, decimals) + (spread.deviation.map { " ± \(fixed($0, decimals))" } ?? "")
}

extension RunScores {
    /// A line a code, numbers in full.
    var codesCSV: String {
        let header =
            ["code", "title", "studies", "positives", "threshold"] + Measure.allCases.flatMap(columns)
            + ["precision", "recall", "specificity", "tp", "fp", "fn", "tn"]
        return csvText(
            header,
            codes.map { code in
                let counts = code.confusion
                return [code.code, code.title, "\(code.studies)", "\(code.positives)", "\(code.threshold)"]
                    + cells(code.scores)
                    + [code.precision, code.recall, code.specificity].map { "\($0)" }
                    + [
                        counts.truePositives, counts.falsePositives, counts.falseNegatives,
                        counts.trueNegatives,
                    ].map { "\($0)" }
            })
    }

    /// A line for all codes and one for each group, numbers in full.
    var groupsCSV: String {
        csvText(
            ["group", "codes"] + Measure.allCases.flatMap(columns),
            averages.map { [$0.name, $0.codes.joined(separator: " ")] + cells($0.scores) })
    }

    private func columns(_ measure: Measure) -> [String] {
        [measure.rawValue, "\(measure.rawValue)_lower", "\(measure.rawValue)_upper"]
    }

    private func cells(_ scores: Scores) -> [String?] {
        Measure.allCases.flatMap { measure in
            [scores[measure]?.value, scores[measure]?.lower, scores[measure]?.upper].map {
                $0.map { "\($0)" }
            }
        }
    }
}
