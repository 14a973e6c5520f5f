// One row an item, label left, drawing in the middle, number right: readable with forty rows and on a phone.

import Scoring

/// A row of a chart: what it is, what is drawn, and the number in words.
struct ChartRow {
    let label: HTML
    let value: HTML
    /// Drawn in this order, in percent of the width.
    let marks: [HTML]
    var place = Place.plain

    /// Subordinate to the row above, or the first of another kind.
    enum Place { case plain, part, apart }
}

/// Rows under a common axis. `reference` is a value that gets a dashed line.
func rowChart(_ rows: [ChartRow], axis: Scale?, reference: Double? = nil) -> HTML {
    let grid: [HTML] = (axis?.ticks ?? []).map { vertical(axis!.percent($0), "grid") }
    let mark: [HTML] = reference.map { [vertical(axis!.percent($0), "mark")] } ?? []
    let ticks: HTML =
        axis.map { "<li class=\"axis\"><span></span>\(tickLabels($0))<span></span></li>\n" } ?? HTML()
    let items: [HTML] = rows.map { row in
        let place: HTML =
            switch row.place {
            case .plain: "<li>"
            case .part: "<li class=\"less\">"
            case .apart: "<li class=\"apart\">"
            }
        return """
            \(place)<span class="label">\(row.label)</span>\
            <svg aria-hidden="true">\(grid)\(mark)\(row.marks)</svg>\
            <span class="value">\(row.value)</span></li>

            """
    }
    return "<ol class=\"rows\">\n\(items)\(ticks)</ol>\n"
}

/// The labels under a horizontal axis.
func tickLabels(_ axis: Scale) -> HTML {
    let labels: [HTML] = axis.ticks.map {
        "<span style=\"left:\(axis.percent($0), decimals: 2)%\">\(axis.label($0))</span>"
    }
    return "<div class=\"ticks\">\(labels)</div>"
}

/// A vertical line over the whole height at `x` percent.
func vertical(_ x: Double, _ name: HTML) -> HTML {
    "<line class=\"\(name)\" x1=\"\(x, decimals: 2)%\" x2=\"\(x, decimals: 2)%\" y1=\"0\" y2=\"100%\"/>"
}

/// A bar between two places in percent, in the middle of the row.
func bar(from a: Double, to b: Double, _ fill: HTML) -> HTML {
    let left = min(a, b), width = abs(b - a)
    return """
        <rect class="\(fill)" x="\(left, decimals: 2)%" y="27%" width="\(width, decimals: 2)%" height="46%" rx="1.5"/>
        """
}

/// A number with its interval: a dot on a whisker.
func dot(_ estimate: Estimate, _ axis: Scale, _ colour: Colour) -> HTML {
    let x = axis.percent(estimate.value)
    return whisker(estimate, axis, colour)
        + "<circle class=\"\(colour.fill)\" cx=\"\(x, decimals: 2)%\" cy=\"50.0%\" r=\"4\"/>"
}

/// An interval, if there is one.
func whisker(_ estimate: Estimate, _ axis: Scale, _ colour: Colour) -> HTML {
    guard let lower = estimate.lower, let upper = estimate.upper else { return HTML() }
    return """
        <line class="whisker \(colour.stroke)" x1="\(axis.percent(lower), decimals: 2)%" \
        x2="\(axis.percent(upper), decimals: 2)%" y1="50.0%" y2="50.0%"/>
        """
}

/// A short vertical line at `x` percent.
func tick(_ x: Double) -> HTML {
    "<line class=\"tick\" x1=\"\(x, decimals: 2)%\" x2=\"\(x, decimals: 2)%\" y1=\"22%\" y2=\"78%\"/>"
}
