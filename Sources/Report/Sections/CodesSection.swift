// Code by code: how well each is told, with its interval.

import EchoCore
import Scoring
import Tasks

/// The section on single codes.
struct CodesSection: ReportSection {
    static let anchor: StaticString = "codes"
    static let showsAnswers = true
    static let isForOutsiders = true
    let title = "Code by code"
    /// Of each head that answers in classes.
    private let heads: [CodesFigure]

    init?(_ subject: ReportSubject) {
        heads = subject.single.filter { $0.answers.kind == .classes }.map { CodesFigure(scores: $0.scores) }
        if heads.isEmpty { return nil }
    }

    var content: HTML { HTML(heads.map(\.drawn)) }
}

/// The codes of one head.
private struct CodesFigure {
    let scores: RunScores

    var drawn: HTML {
        let bounds = scores.targets.flatMap { code in
            [code.scores[.auroc]?.value, code.scores[.auroc]?.lower].compactMap(\.self)
        }
        let axis = Scale(.auroc, covering: bounds)
        let sorted = scores.targets.sorted {
            ($0.scores[.auroc]?.value ?? -1) > ($1.scores[.auroc]?.value ?? -1)
        }
        let rows = sorted.map { code in
            ChartRow(
                label: codeLabel(code.target, code.title), value: estimateText(code.scores[.auroc]),
                marks: code.scores[.auroc].map {
                    [
                        bar(from: axis.percent(0.5), to: axis.percent($0.value), Colour.first.soft),
                        dot($0, axis, .first),
                    ]
                } ?? [])
        }
        let undefined: HTML =
            scores.macro.undefined.isEmpty
            ? HTML()
            : " Codes that all or none of the studies have are without one, and left out of the mean."
        return figure(
            scores.titled("AUROC"),
            """
            Bars begin at 0.5, where a coin would be; \(intervalSentence(scores))\(undefined)
            """,
            rowChart(rows, axis: axis, reference: 0.5), numbers: table)
    }

    private var table: PageTable {
        let measures = scores.kind.measures
        return PageTable(
            columns: [.text("Code"), .text("Title"), .number("Studies"), .number("Positive")]
                + measures.map { .number($0.title) },
            rows: scores.classes.map { code, decisions in
                [code.target, code.title ?? "", grouped(code.studies), grouped(decisions.positives)]
                    + measures.map { intervalText(code.scores[$0]) }
            })
    }
}

extension RunScores {
    /// A figure's title, with the task where a run has several heads.
    func titled(_ title: String) -> String { task.map { "\(title), \($0)" } ?? title }
}

/// "I50 Heart failure", the code first.
func codeLabel(_ code: String, _ title: String?) -> HTML {
    title.map { "<b>\(code)</b> <span title=\"\($0)\">\($0)</span>" } ?? "<b>\(code)</b>"
}

/// "0.81 0.73–0.88", the interval smaller.
func estimateText(_ estimate: Estimate?) -> HTML {
    guard let estimate else { return "<small>undefined</small>" }
    guard let lower = estimate.lower, let upper = estimate.upper else {
        return "\(estimate.value, decimals: 2)"
    }
    return "\(estimate.value, decimals: 2) <small>\(lower, decimals: 2)–\(upper, decimals: 2)</small>"
}

/// What the whiskers are.
func intervalSentence(_ scores: RunScores) -> HTML {
    scores.bootstrap < 2
        ? "no intervals were computed."
        : """
        lines are \(percentage(scores.confidence)) intervals over \(scores.bootstrap) resamplings of the subjects.
        """
}
