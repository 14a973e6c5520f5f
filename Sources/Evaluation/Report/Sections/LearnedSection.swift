// What did it learn: held-out reconstructions, and where studies lie on the model's map.

import EchoCore

/// The section on what the model knows; nil where nothing was looked at.
func learnedSection(_ report: Report) -> PageSection? {
    var content = HTML()
    if !report.heldOut.isEmpty { content += heldOutFigure(report.heldOut) }
    if let attention = report.attention { content += attentionFigure(attention) }
    if let map = report.map { content += HTML(map.colourings.map { mapFigure(map, $0) }) }
    return content.text.isEmpty
        ? nil : PageSection(anchor: "learned", title: "What it learned", content: content)
}

private func heldOutFigure(_ models: [HeldOut]) -> HTML {
    let pictures: [HTML] = models.map { model in
        let name = "Held-out studies, reconstructed by \(model.model)"
        return """
            <p class="when">\(model.model), mean squared error \(model.loss, decimals: 4)</p>
            <img class="picture" alt="\(name)" width="\(plain: model.width)" height="\(plain: model.height)" \
            src="\(model.image)"/>

            """
    }
    return figure(
        "Held-out studies, filled in",
        """
        A column a view, the middle frame of each. Rows from above: what the model was given, what it made of it, the \
        original, and how far each pixel is off, from black to white. The views and masks are the same for all models.
        """,
        HTML(pictures),
        numbers: PageTable(
            columns: [.text("Model"), .number("Squared error of masked patches")],
            rows: models.map { [$0.model, fixed($0.loss, 4)] }))
}

private func attentionFigure(_ map: AttentionMap) -> HTML {
    func picture(_ view: Int) -> HTML {
        "<img alt=\"view \(view + 1)\" width=\"56\" height=\"56\" src=\"\(map.views[view])\"/>"
    }
    let head: [HTML] = map.views.indices.map { "<th>\(picture($0))</th>" }
    let rows: [HTML] = map.shares.indices.map { view in
        let cells: [HTML] = map.shares[view].map { share in
            "<td style=\"--share:\(share, decimals: 3)\">\(100 * share, decimals: 0) %</td>"
        }
        return "<tr><th>\(picture(view))</th>\(cells)</tr>\n"
    }
    return figure(
        "Which views a view reads",
        """
        Latent attention of one study: how the tokens of the view at the left share out their attention among the views \
        above; means over layers and heads. Over \(map.studies) studies a view reads \(100 * map.own, decimals: 0) % of \
        itself; if it read all alike it would be \(100 * map.alike, decimals: 0) %.
        """,
        "<div class=\"scroll\"><table class=\"heat\"><thead><tr><th></th>\(head)</tr></thead><tbody>\n\(rows)</tbody></table></div>\n",
        numbers: PageTable(
            columns: [.text("Reads")] + map.views.indices.map { .number("View \($0 + 1)") },
            rows: map.shares.enumerated().map { view, shares in
                ["View \(view + 1)"] + shares.map { fixed($0, 3) }
            }))
}

private func mapFigure(_ map: EmbeddingMap, _ colouring: EmbeddingMap.Colouring) -> HTML {
    func plot(_ title: String, _ places: [[Double]], _ axis: String) -> HTML {
        func points(_ member: Int?) -> [(x: Double, y: Double)] {
            places.indices.filter { colouring.members[$0] == member }.map { (places[$0][0], places[$0][1]) }
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
    let shares = map.shares.map { "\(fixed(100 * $0, 0)) %" }.joined(separator: " and ")
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
            + "<div class=\"plots\">\n\(plot("Principal components", map.components, "first"))\(plot("t-SNE", map.neighbours, ""))</div>\n",
        numbers: PageTable(
            columns: [.text("Class")]
                + ["Studies", "Mean, first component", "Mean, second component"].map { .number($0) },
            rows: colouring.classes.indices.map { index in
                let mine = map.components.indices.filter { colouring.members[$0] == index }
                return [colouring.classes[index], grouped(mine.count)]
                    + (0..<2).map { axis in
                        Metrics.mean(mine.map { map.components[$0][axis] }).map { fixed($0, 2) } ?? "–"
                    }
            }))
}
