// Several runs as the lines that `echoprep evaluate` prints: a line a model, and the differences.

import EchoCore
import Tasks

extension Standings {
    /// One run in full, several as a line a model.
    package var text: String {
        let first = scores[0], measures = kind.printed, isClasses = kind == .classes
        guard !isSingle else { return first.text }
        var table = TextTable(
            [("model", .left), ("runs", .right)] + (isClasses ? [("codes", .left)] : [])
                + measures.map { ($0.words, .left) })
        for model in models {
            for (index, group) in model.groups.enumerated() {
                table.add(
                    (index == 0 ? [model.model, "\(model.runs.count)"] : ["", ""])
                        + (isClasses ? [group.name] : [])
                        + measures.map { spreadText(group[$0], decimals: $0.decimals) })
            }
        }
        if let mean = first.targets[0].agreement?.ofMean {
            table.add(
                ["predicting the mean", ""]
                    + measures.map { fixed(mean[$0]?.value ?? 0, $0.decimals) })
        }
        return
            "\(runs.count) runs · \(first.split) · \(first.population) · mean ± standard deviation over runs\n\n"
            + table.text + comparisonText
    }

    /// A line for each pair of models and group.
    private var comparisonText: String {
        guard !comparisons.isEmpty else { return "" }
        var table = TextTable(
            ("difference in \(kind.main.title)", .left), (kind == .classes ? "codes" : "measure", .left),
            ("", .left), ("p", .left))
        for comparison in comparisons { table.add(comparison.line) }
        return "\n" + table.text
    }
}

extension Comparison {
    /// The models, of what, the difference and p.
    package var line: [String] {
        [
            "\(first) − \(second)", group, intervalText(difference), p.map { fixed($0, 3) } ?? "–",
        ]
    }
}

/// "0.812 ± 0.013".
package func spreadText(_ spread: Spread?, decimals: Int = 3) -> String {
    guard let spread else { return "–" }
    return fixed(spread.mean, decimals) + (spread.deviation.map { " ± \(fixed($0, decimals))" } ?? "")
}
