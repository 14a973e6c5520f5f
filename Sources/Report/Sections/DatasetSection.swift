// Where the studies come from: the way from files to labels, and how common each category is.

import Catalog
import EchoCore
import Scoring

/// The section on the dataset.
struct DatasetSection: ReportSection {
    static let anchor: StaticString = "dataset"
    static let showsAnswers = false
    static let isForOutsiders = false
    let title = "The dataset"
    private let funnel: [FunnelStep]
    private let prevalence: [Prevalence]
    private let paper: PaperComparison?
    /// Labelled studies with clips, and their subjects, in each split.
    private let splits: [(split: Split, studies: Int, subjects: Int)]

    init?(_ subject: ReportSubject) throws {
        guard let catalog = subject.catalog else { return nil }
        try self.init(catalog)
        if funnel.isEmpty && prevalence.isEmpty { return nil }
    }

    /// - Parameter top: how many categories are shown where there are no targets
    private init(_ catalog: Catalog, top: Int = 40) throws {
        funnel = try catalog.funnel()
        paper = try catalog.paperComparison()
        let all = try catalog.prevalence()
        let targets = all.filter { $0.target != nil }
        prevalence = targets.isEmpty ? Array(all.prefix(top)) : targets
        let known = try catalog.labels(of: try catalog.targets().map(\.category), from: LabelSource.linkICD)
        let labelled = Set(known.map(\.key))
        splits = try Split.allCases.map { split in
            let studies = try catalog.studies(in: split).filter { labelled.contains($0.key) }
            return (split, studies.count, Set(studies.map(\.subjectID)).count)
        }.filter { $0.studies > 0 }
    }

    var content: HTML {
        (funnel.isEmpty ? HTML() : funnelFigure) + (prevalence.isEmpty ? HTML() : prevalenceFigure)
            + (paper.map(paperFigure) ?? HTML())
    }

    /// Steps as bars in proportion to the first of their unit; what leaves at a step stands under it, smaller.
    private var funnelFigure: HTML {
        var wholes: [String: Int] = [:]
        var rows = funnel.map { step in
            let isFirst = wholes[step.unit] == nil, isPart = step.what.contains(":")
            let whole = wholes[step.unit, default: max(step.count, 1)]
            wholes[step.unit] = whole
            let share = 100 * Double(step.count) / Double(whole)
            return ChartRow(
                label: HTML(step.what), value: "\(step.count) <small>\(percentText(share))</small>",
                marks: [bar(from: 0, to: share, isPart ? Colour.muted.soft : Colour.first.fill)],
                place: isPart ? .part : isFirst ? .apart : .plain)
        }
        let whole = Double(max(wholes["studies"] ?? 1, 1))
        for part in splits {
            let share = 100 * Double(part.studies) / whole
            rows.append(
                ChartRow(
                    label: "\(part.split.rawValue): \(part.subjects) subjects",
                    value: "\(part.studies) <small>\(percentText(share))</small>",
                    marks: [bar(from: 0, to: share, Colour.first.soft)], place: .part))
        }
        let table = PageTable(
            columns: [.text("Step"), .text("Unit"), .number("Count")],
            rows: funnel.map { [$0.what, $0.unit, grouped($0.count)] }
                + splits.map {
                    [
                        "\($0.split.rawValue), \(grouped($0.subjects)) subjects", "studies",
                        grouped($0.studies),
                    ]
                })
        return figure(
            "From files to labelled studies",
            "Every file of the source ends in one row: kept, or dropped for the reason that stands here.",
            rowChart(rows, axis: nil), numbers: table)
    }

    private var prevalenceFigure: HTML {
        let top = (prevalence.map(\.share).max() ?? 1) * 100
        let axis = Scale(0, min(100, (top / 10).rounded(.up) * 10))
        let rows = prevalence.map { item in
            ChartRow(
                label: codeLabel(item.category, item.title),
                value: "\(percentText(100 * item.share)) <small>\(item.positives)</small>",
                marks: [
                    bar(
                        from: 0, to: axis.percent(100 * item.share),
                        item.target == nil ? Colour.muted.soft : Colour.first.fill)
                ])
        }
        let table = PageTable(
            columns: [
                .text("Code"), .text("Title"), .number("Studies with it"), .number("Labelled studies"),
                .number("Prevalence"),
            ],
            rows: prevalence.map {
                [
                    $0.category, $0.title, grouped($0.positives), grouped($0.labelled),
                    percentText(100 * $0.share),
                ]
            })
        return figure(
            "Prevalence",
            "Percent of the labelled studies whose hospital stay has a code of the category; the number of studies beside it.",
            rowChart(rows, axis: axis), numbers: table)
    }

    /// The paper's forty targets, the largest surprise first, and its Table 3.
    private func paperFigure(_ paper: PaperComparison) -> HTML {
        let shares = paper.categories.flatMap { [$0.prevalence, $0.paperPrevalence] }
        let axis = Scale(0, min(100, (10 * (shares.max() ?? 1)).rounded(.up) * 10))
        let rows = paper.categories.map { row in
            ChartRow(
                label: codeLabel(row.category, row.title),
                value: "\(percentText(100 * row.prevalence)) <small>\(row.mark)</small>",
                marks: [
                    bar(from: 0, to: axis.percent(100 * row.prevalence), Colour.first.fill),
                    tick(axis.percent(100 * row.paperPrevalence)),
                ])
        }
        let table = PageTable(
            columns: [
                .text("Code"), .text(""), .number("Studies"), .number("Prevalence"), .number("Paper"),
                .number("Its prevalence"), .number("Standard errors"), .number("Rank"), .number("Its rank"),
            ],
            rows: paper.categories.map { row in
                [
                    row.category, row.mark, grouped(row.positives), percentText(100 * row.prevalence),
                    grouped(row.paperPositives), percentText(100 * row.paperPrevalence),
                    row.standardErrors.map { fixed($0, 1) } ?? "", row.rank.map(String.init) ?? "",
                    "\(row.paperRank)",
                ]
            }
                + paper.cohort.map { figure in
                    [
                        figure.name, "", figure.here.map { fixed($0, $0 == $0.rounded() ? 0 : 1) } ?? "", "",
                        fixed(figure.paper, figure.paper == figure.paper.rounded() ? 0 : 1), "", "", "", "",
                    ]
                })
        return figure(
            "Beside the paper",
            """
            Percent of \(grouped(paper.denominator)) labelled studies; the short line is the paper's, of \
            \(grouped(paper.paperLabelled)). = has as many studies, ! and !! lie beyond 2 and 4 standard errors, studies of \
            one subject going together; the mean absolute difference is \
            \(fixed(100 * paper.meanAbsoluteDifference, 1)) points. The paper's Table 3 stands under the numbers.
            """,
            rowChart(rows, axis: axis), numbers: table)
    }
}

/// "12.3 %".
private func percentText(_ share: Double) -> String { "\(fixed(share, 1)) %" }
