// Where studies lie as a model sees them.

import Catalog
import EchoCore
import Models
import Runs
import Scoring
import Tasks

/// Studies on a plane: by principal components and by t-SNE.
struct EmbeddingMap: Sendable {
    /// What the studies are coloured by: its name, the names of its classes, and each study's; nil for not known.
    struct Colouring: Sendable {
        let name: String
        let classes: [String]
        let members: [Int?]
    }

    let colourings: [Colouring]
    /// [studies][2].
    private let components: [[Double]], neighbours: [[Double]]
    /// Of all variance, along each component.
    private let shares: [Double]

    /// Maps the studies of a split, at most as many as an exact map takes; nil for too few.
    ///
    /// - Parameter codes: those whose studies are coloured
    init?(_ trained: TrainedModel, _ catalog: Catalog, _ split: Split, codes: [String]) throws {
        let studies = try catalog.studies(in: split).prefix(NeighbourMap.most)
        guard studies.count >= 8 else { return nil }
        var points: [[Float]] = []
        try trained.embed(Array(studies), per: .study) { points += $0.map(\.vector) }
        let axes = PrincipalComponents(points)
        components = points.map { axes($0) }
        shares = axes.shares
        neighbours = NeighbourMap(points).places

        let targets = try catalog.targets().map(\.category)
        let labels = Dictionary(
            uniqueKeysWithValues: try catalog.labels(of: targets, from: LabelSource.linkICD, in: split)
                .map { ($0.key, $0.values) })
        let fractions = try catalog.ejectionFractions(in: split)
        var colourings = codes.compactMap { code in
            targets.firstIndex(of: code).map { index in
                Colouring(
                    name: code, classes: ["without \(code)", "with \(code)"],
                    members: studies.map { labels[$0.key]?[index].map { $0 == 0 ? 0 : 1 } })
            }
        }
        if studies.contains(where: { fractions[$0.key] != nil }) {
            colourings.append(
                Colouring(
                    name: "ejection fraction", classes: ["EF below 40 %", "40 to 50 %", "50 % and above"],
                    members: studies.map { fractions[$0.key].map { $0 < 40 ? 0 : $0 < 50 ? 1 : 2 } }))
        }
        self.colourings = colourings
    }

    func drawn(_ colouring: Colouring) -> HTML {
        func plot(_ title: String, _ places: [[Double]], _ axis: String) -> HTML {
            func points(_ member: Int?) -> [(x: Double, y: Double)] {
                places.indices.filter { colouring.members[$0] == member }.map {
                    (places[$0][0], places[$0][1])
                }
            }
            let series =
                [Series(name: "not known", colour: .muted, style: .points, points: points(nil))]
                + colouring.classes.indices.map {
                    Series(
                        name: colouring.classes[$0], colour: .series($0), style: .points, points: points($0))
                }
            return Plot(
                title: title, xTitle: axis, x: Scale(covering: places.map { $0[0] }),
                y: Scale(covering: places.map { $0[1] }), series: series, isSquare: true
            ).html
        }
        let shares = self.shares.map { "\(fixed(100 * $0, 0)) %" }.joined(separator: " and ")
        let unknown = colouring.members.count { $0 == nil }
        let key: [(name: String, colour: Colour, dashed: Bool)] =
            colouring.classes.enumerated().map { ($1, Colour.series($0), false) }
            + (unknown > 0 ? [("not known", .muted, false)] : [])
        return figure(
            "Studies by \(colouring.name)",
            """
            A point a study, at its mean token. Left its two principal components, which hold \(shares) of the variance; \
            right a t-SNE map, on which only nearness means something.
            """,
            legend(key)
                + "<div class=\"plots\">\n\(plot("Principal components", components, "first"))\(plot("t-SNE", neighbours, ""))</div>\n",
            numbers: PageTable(
                columns: [.text("Class")]
                    + ["Studies", "Mean, first component", "Mean, second component"].map { .number($0) },
                rows: colouring.classes.indices.map { index in
                    let mine = components.indices.filter { colouring.members[$0] == index }
                    return [colouring.classes[index], grouped(mine.count)]
                        + (0..<2).map { axis in
                            Metrics.mean(mine.map { components[$0][axis] }).map { fixed($0, 2) } ?? "–"
                        }
                }))
    }
}
