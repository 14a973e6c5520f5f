// The page from top to bottom.

import EchoCore

/// The whole page of a report.
func page(_ report: Report) -> HTML {
    let sections = [
        resultsSection(report), measurementSection(report), modelsSection(report), groupsSection(report),
        codesSection(report),
        clipsSection(report),
        learnedSection(report), reconstructionSection(report), trainingSection(report),
        datasetSection(report),
        decisionsSection(report), methodSection(report),
    ].compactMap(\.self)
    let links: [HTML] = sections.map { section in
        "<li><a href=\"#\(HTML(stringLiteral: section.anchor))\">\(section.title)</a></li>"
    }
    return """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="referrer" content="no-referrer"/>
        <meta http-equiv="Content-Security-Policy" \
        content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"/>
        <title>\(report.title)</title>
        \(reportStyle)
        </head>
        <body>
        <header>
        <p class="kicker">echoprep report</p>
        <h1>\(report.title)</h1>
        \(headline(report))</header>
        <nav aria-label="Contents"><ul>\(links)</ul></nav>
        <main>
        \(sections.map(\.html))</main>
        <footer>
        <p>Made by echoprep \(programVersion). Pictures and numbers on this page come from the dataset, and its data \
        use agreement covers them.</p>
        </footer>
        </body>
        </html>

        """
}

/// The sentence and the large numbers under the title.
private func headline(_ report: Report) -> HTML {
    if !report.measured.isEmpty { return measurementHeadline(report) }
    guard let scores = report.scores.first else { return "<p class=\"lead\">\(report.lead)</p>\n" }
    func cell(_ name: String, _ measure: Measure, _ group: GroupScores, isMain: Bool = false) -> HTML {
        number(name, group.scores[measure], confidence: scores.confidence, isMain: isMain)
    }
    let cells =
        report.isSingle
        ? [cell("Macro AUROC", .auroc, scores.macro, isMain: true)]
            + scores.groups.map { cell("AUROC, \($0.name)", .auroc, $0, isMain: true) }
            + [
                cell("Macro F1", .f1, scores.macro),
                cell("Average precision", .averagePrecision, scores.macro),
            ]
        : report.models.map(number)
    return "<p class=\"lead\">\(report.lead)</p>\n<dl class=\"headline\">\n\(cells)</dl>\n"
}

private func measurementHeadline(_ report: Report) -> HTML {
    let first = report.measured[0].scores
    let cells: [HTML] =
        report.measured.count == 1
        ? [
            number("Mean absolute error", first.mae, confidence: first.confidence, isMain: true, decimals: 2),
            number("Root mean squared error", first.rmse, confidence: first.confidence, decimals: 2),
            number("R²", first.r2, confidence: first.confidence),
            number("MAE of the mean", first.meanMAE, confidence: first.confidence, decimals: 2),
        ]
        : report.measured.models.map { model in
            """
            <div><dt>\(model.model)</dt><dd class="number">\(model.mae.mean, decimals: 2)</dd>\
            <dd class="note">mean absolute error\(model.mae.deviation.map { ", ± \(fixed($0, 2))" } ?? "")</dd></div>

            """
        }
    return "<p class=\"lead\">\(report.lead)</p>\n<dl class=\"headline\">\n\(cells)</dl>\n"
}

private func number(_ model: ModelScores) -> HTML {
    let auroc = model.groups[0].auroc
    return """
        <div><dt>\(model.model)</dt><dd class="number">\(auroc.map { fixed($0.mean, 3) } ?? "–")</dd>\
        <dd class="note">macro AUROC\(auroc?.deviation.map { ", ± \(fixed($0, 3))" } ?? "")</dd></div>

        """
}

private func number(
    _ name: String, _ estimate: Estimate?, confidence: Double, isMain: Bool = false, decimals: Int = 3
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
