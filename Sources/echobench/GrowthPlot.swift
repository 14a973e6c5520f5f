// A small plot for the docs: curves on logarithmic axes, as SVG.

import Foundation

/// Curves over powers of two on logarithmic axes.
struct GrowthPlot {
    struct Curve {
        let name: String
        let points: [(x: Double, y: Double)]
    }

    let title: String, across: String
    let curves: [Curve]

    private static let colours = ["#1b6ca8", "#c8553d", "#4b7f52"]
    private static let width = 560.0, height = 340.0, left = 60.0, right = 120.0, top = 36.0, bottom = 44.0

    var svg: String {
        let points = curves.flatMap(\.points)
        let across = Axis(points.map { log2($0.x) }, from: Self.left, to: Self.width - Self.right)
        let up = Axis(points.map { log2($0.y) }, from: Self.height - Self.bottom, to: Self.top)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" "
                + "font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
            text(title, Self.left, 20, "font-weight=\"bold\""),
            text(
                self.across, (Self.left + Self.width - Self.right) / 2, Self.height - 8,
                "text-anchor=\"middle\""),
        ]
        for mark in across.marks {
            lines.append(line(mark.place, Self.top, mark.place, Self.height - Self.bottom))
            lines.append(
                text(mark.name, mark.place, Self.height - Self.bottom + 16, "text-anchor=\"middle\""))
        }
        for mark in up.marks {
            lines.append(line(Self.left, mark.place, Self.width - Self.right, mark.place))
            lines.append(text(mark.name, Self.left - 6, mark.place + 4, "text-anchor=\"end\""))
        }
        for (curve, colour) in zip(curves, Self.colours) {
            let places = curve.points.map { (across.place(log2($0.x)), up.place(log2($0.y))) }
            let path = places.map { String(format: "%.1f,%.1f", $0.0, $0.1) }.joined(separator: " ")
            lines.append(
                "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>")
            lines += places.map {
                String(format: "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%@\"/>", $0.0, $0.1, colour)
            }
            if let end = places.last {
                lines.append(text(curve.name, end.0 + 10, end.1 + 4, "fill=\"\(colour)\""))
            }
        }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }

    /// A logarithmic axis with a mark at every power of two.
    private struct Axis {
        private let low: Double, high: Double, start: Double, end: Double

        init(_ logarithms: [Double], from start: Double, to end: Double) {
            low = (logarithms.min() ?? 0).rounded(.down)
            high = max((logarithms.max() ?? 0).rounded(.up), low + 1)
            (self.start, self.end) = (start, end)
        }

        func place(_ logarithm: Double) -> Double { start + (logarithm - low) / (high - low) * (end - start) }

        var marks: [(place: Double, name: String)] {
            stride(from: low, through: high, by: 1).map { power in
                (place(power), String(format: power < 0 ? "1/%.0f" : "%.0f", exp2(abs(power))))
            }
        }
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        String(
            format: "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>", x1, y1, x2, y2)
    }

    private func text(_ words: String, _ x: Double, _ y: Double, _ attributes: String) -> String {
        String(format: "<text x=\"%.1f\" y=\"%.1f\" ", x, y) + "\(attributes)>\(words)</text>"
    }
}
