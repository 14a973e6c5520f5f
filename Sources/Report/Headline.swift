// The sentence and the large numbers under the title.

import EchoCore
import Scoring
import Tasks

/// The lead of a page, and a number for each measure of one run or for each of several models.
func headline(_ report: ReportPage) -> HTML {
    let numbers: [HTML] = report.standings.map { standings in
        let cells: [HTML] =
            standings.isSingle ? cells(standings.scores[0]) : standings.models.map(cell)
        return "<dl class=\"headline\">\n\(cells)</dl>\n"
    }
    return "<p class=\"lead\">\(report.lead)</p>\n\(numbers)"
}

private func cells(_ run: RunScores) -> [HTML] {
    func cell(_ name: String, _ measure: Measure, _ scores: Scores, isMain: Bool = false) -> HTML {
        number(name, scores[measure], confidence: run.confidence, isMain: isMain, decimals: measure.decimals)
    }
    let whole = run.macro.scores, measures = run.kind.measures
    switch run.kind {
    case .classes:
        return [cell("Macro AUROC", .auroc, whole, isMain: true)]
            + run.averages.dropFirst().map { cell("AUROC, \($0.name)", .auroc, $0.scores, isMain: true) }
            + [cell("Macro F1", .f1, whole), cell("Average precision", .averagePrecision, whole)]
    case .quantity:
        let names = ["Mean absolute error", "Root mean squared error", "R²"]
        let mean = run.targets[0].agreement?.ofMean ?? Scores()
        return zip(names, measures).map { cell($0, $1, whole, isMain: $1 == measures[0]) }
            + (run.kind.thresholds.isEmpty ? [] : [cell("Quadratic κ", .kappa, whole)])
            + [cell("MAE of the mean", measures[0], mean)]
    }
}

/// A model's main measure, the mean over its runs.
private func cell(_ model: ModelScores) -> HTML {
    let main = model.kind.main, spread = model.groups[0][main]
    return """
        <div><dt>\(model.model)</dt><dd class="number">\(spread.map { fixed($0.mean, main.decimals) } ?? "–")</dd>\
        <dd class="note">\(model.kind.mainWords)\(spread?.deviation.map { ", ± \(fixed($0, main.decimals))" } ?? "")</dd></div>

        """
}

private func number(
    _ name: String, _ estimate: Estimate?, confidence: Double, isMain: Bool, decimals: Int
) -> HTML {
    let note: HTML =
        if let estimate, let lower = estimate.lower, let upper = estimate.upper {
            "\(lower, decimals: decimals) to \(upper, decimals: decimals) (\(percentage(confidence)))"
        } else { HTML() }
    return """
        <div\(isMain ? HTML() : " class=\"plain\"")><dt>\(name)</dt>\
        <dd class="number">\(estimate.map { fixed($0.value, decimals) } ?? "–")</dd><dd class="note">\(note)</dd></div>

        """
}
