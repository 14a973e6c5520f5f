// Curves and points over two axes that stretch with the page while their words keep their size.

/// One series of a plot.
struct Series {
    enum Style { case line, dashed, steps, points }

    let name: String
    let colour: Colour
    let style: Style
    let points: [(x: Double, y: Double)]
}

/// A plot of several series.
///
/// Lines lie in a drawing that is stretched to the page's width, points and words in percent of it.
struct Plot {
    let title: String
    let xTitle: String
    let x: Scale, y: Scale
    let series: [Series]
    /// Further lines behind the series, in the units of the axes.
    var guides: [Guide] = []
    var isSquare = false

    enum Guide {
        case horizontal(Double), diagonal
    }

    var html: HTML {
        let rows: [HTML] = y.ticks.map {
            "<span style=\"bottom:\(y.percent($0), decimals: 2)%\">\(y.label($0))</span>"
        }
        let grid: [HTML] = y.ticks.map { horizontal(y.percent($0), "grid") }
        return """
            <div class="plot\(isSquare ? " square" : HTML())"><div class="name">\(title)</div>\
            <div class="y">\(rows)</div><div class="area"><svg role="img" aria-label="\(title)">\(grid)\
            \(guides.map(draw))<svg viewBox="0 0 100 100" preserveAspectRatio="none">\(series.map(curve))</svg>\
            \(series.map(dots))</svg></div><div></div>\(tickLabels(x))<div class="unit">\(xTitle)</div></div>

            """
    }

    private func horizontal(_ percent: Double, _ name: HTML) -> HTML {
        let y = 100 - percent
        return
            "<line class=\"\(name)\" x1=\"0\" x2=\"100%\" y1=\"\(y, decimals: 2)%\" y2=\"\(y, decimals: 2)%\"/>"
    }

    private func draw(_ guide: Guide) -> HTML {
        switch guide {
        case .horizontal(let value): return horizontal(y.percent(value), "mark")
        case .diagonal:
            let low = max(x.lower, y.lower), high = min(x.upper, y.upper)
            return """
                <line class="mark" x1="\(x.percent(low), decimals: 2)%" y1="\(100 - y.percent(low), decimals: 2)%" \
                x2="\(x.percent(high), decimals: 2)%" y2="\(100 - y.percent(high), decimals: 2)%"/>
                """
        }
    }

    private func curve(_ series: Series) -> HTML {
        guard series.style != .points, !series.points.isEmpty else { return HTML() }
        var path = HTML()
        for (index, point) in series.points.enumerated() {
            let x = x.percent(point.x), y = 100 - y.percent(point.y)
            switch (index, series.style) {
            case (0, _): path += "M\(x, decimals: 2) \(y, decimals: 2)"
            case (_, .steps): path += "H\(x, decimals: 2)V\(y, decimals: 2)"
            default: path += "L\(x, decimals: 2) \(y, decimals: 2)"
            }
        }
        let dashed: HTML = series.style == .dashed ? " dashed" : HTML()
        return "<path class=\"\(series.colour.stroke)\(dashed)\" d=\"\(path)\"/>"
    }

    /// The points of a scatter, or the one point of a curve that has no other.
    private func dots(_ series: Series) -> HTML {
        guard series.style == .points || series.points.count == 1 else { return HTML() }
        return HTML(
            series.points.map { point in
                """
                <circle class="\(series.colour.fill) faint" cx="\(x.percent(point.x), decimals: 2)%" \
                cy="\(100 - y.percent(point.y), decimals: 2)%" r="3"/>
                """
            })
    }
}
