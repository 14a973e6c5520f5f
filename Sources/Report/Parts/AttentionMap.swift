// Which views of a study a model reads together.

import Catalog
import EchoCore
import Models
import Pictures
import Runs
import Scoring

/// How the views of studies read each other in latent attention, means over layers and heads.
struct AttentionMap: Sendable {
    /// One study: each view's middle frame, and [views that read][views that are read], rows that add up to 1.
    private let views: [EncodedImage]
    private let shares: [[Double]]
    /// Over several studies: what a view reads of itself, and what it would if it read all alike.
    private let studies: Int
    private let own: Double, alike: Double

    /// - Parameter most: studies at most; the first of as many views as the model takes is shown
    init?(_ trained: TrainedModel, _ catalog: Catalog, _ split: Split, most: Int = 32) throws {
        let studies = try catalog.studies(in: split).filter { $0.clips.count > 1 }.prefix(most)
        var shown: (views: [EncodedImage], shares: [[Double]])?
        var own: [Double] = [], alike: [Double] = []
        for study in studies {
            try Interruption.check()
            guard let (attention, pictures) = try trained.attention(of: study) else { return nil }
            let shares = (0..<attention.views).map { view in
                (0..<attention.views).map { read in
                    let all = (0..<attention.layers * attention.heads).map { place in
                        Double(
                            attention.share(
                                layer: place / attention.heads, head: place % attention.heads, of: view,
                                in: read))
                    }
                    return all.reduce(0, +) / Double(all.count)
                }
            }
            own += shares.indices.map { shares[$0][$0] }
            alike += shares.map { 1 / Double($0.count) }
            if shares.count > shown?.shares.count ?? 1 {
                shown = (try pictures.map { EncodedImage(try $0.fitted(into: 112).png(), .png) }, shares)
            }
        }
        guard let shown, let own = Metrics.mean(own), let alike = Metrics.mean(alike) else { return nil }
        (views, shares) = shown
        (self.studies, self.own, self.alike) = (studies.count, own, alike)
    }

    var drawn: HTML {
        func picture(_ view: Int) -> HTML {
            "<img alt=\"view \(view + 1)\" width=\"56\" height=\"56\" src=\"\(views[view])\"/>"
        }
        let head: [HTML] = views.indices.map { "<th>\(picture($0))</th>" }
        let rows: [HTML] = shares.indices.map { view in
            let cells: [HTML] = shares[view].map { share in
                "<td style=\"--share:\(share, decimals: 3)\">\(100 * share, decimals: 0) %</td>"
            }
            return "<tr><th>\(picture(view))</th>\(cells)</tr>\n"
        }
        return figure(
            "Which views a view reads",
            """
            Latent attention of one study: how the tokens of the view at the left share out their attention among the views \
            above; means over layers and heads. Over \(studies) studies a view reads \(100 * own, decimals: 0) % of \
            itself; if it read all alike it would be \(100 * alike, decimals: 0) %.
            """,
            "<div class=\"scroll\"><table class=\"heat\"><thead><tr><th></th>\(head)</tr></thead><tbody>\n\(rows)</tbody></table></div>\n",
            numbers: PageTable(
                columns: [.text("Reads")] + views.indices.map { .number("View \($0 + 1)") },
                rows: shares.enumerated().map { view, shares in
                    ["View \(view + 1)"] + shares.map { fixed($0, 3) }
                }))
    }
}
