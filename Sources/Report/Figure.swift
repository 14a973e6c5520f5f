// Every figure with what it shows in words above and its numbers as a table beneath.

/// A table of the page. Columns of numbers stand to the right.
struct PageTable: Sendable {
    struct Column: Sendable {
        let title: String
        let isNumber: Bool

        static func text(_ title: String) -> Column { Column(title: title, isNumber: false) }
        static func number(_ title: String) -> Column { Column(title: title, isNumber: true) }
    }

    let columns: [Column]
    let rows: [[String]]

    var html: HTML {
        func cell(_ column: Int, _ text: String) -> HTML {
            columns[column].isNumber ? "<td class=\"n\">\(text)</td>" : "<td>\(text)</td>"
        }
        let head: [HTML] = columns.map { column in
            column.isNumber ? "<th class=\"n\">\(column.title)</th>" : "<th>\(column.title)</th>"
        }
        let body: [HTML] = rows.map { row in
            "<tr>\(row.indices.map { cell($0, row[$0]) })</tr>\n"
        }
        return """
            <div class="scroll"><table><thead><tr>\(head)</tr></thead><tbody>
            \(body)</tbody></table></div>
            """
    }
}

/// A figure of the page: title, one sentence, the drawing, and a table of all its numbers.
func figure(_ title: String, _ sentence: HTML, _ drawing: HTML, numbers: PageTable) -> HTML {
    """
    <figure>
    <figcaption><h3>\(title)</h3><p>\(sentence)</p></figcaption>
    \(drawing)
    <details><summary>Numbers</summary>\(numbers.html)</details>
    </figure>

    """
}

/// A key of colours: what each stands for.
func legend(_ entries: [(name: String, colour: Colour, dashed: Bool)]) -> HTML {
    let items: [HTML] = entries.map { entry in
        let line: HTML = "<line x1=\"0\" x2=\"100%\" y1=\"50%\" y2=\"50%\" stroke-width=\"2\""
        let dash: HTML = entry.dashed ? " stroke-dasharray=\"5 4\"" : ""
        return
            "<li><svg aria-hidden=\"true\">\(line)\(dash) class=\"\(entry.colour.stroke)\"/></svg>\(entry.name)</li>"
    }
    return "<ul class=\"legend\">\(items)</ul>\n"
}

/// The page's few colours; what they look like stands in the style sheet.
enum Colour: Int, CaseIterable, Sendable {
    case muted, first, second, third, fourth

    /// How many series have a colour of their own.
    static let seriesCount = allCases.count - 1

    /// The colour of the series at `index`; beyond `seriesCount` they repeat.
    static func series(_ index: Int) -> Colour { Colour(rawValue: 1 + index % seriesCount)! }

    var stroke: HTML {
        switch self {
        case .muted: "c0"
        case .first: "c1"
        case .second: "c2"
        case .third: "c3"
        case .fourth: "c4"
        }
    }
    var fill: HTML {
        switch self {
        case .muted: "f0"
        case .first: "f1"
        case .second: "f2"
        case .third: "f3"
        case .fourth: "f4"
        }
    }
    var soft: HTML {
        switch self {
        case .muted: "s0"
        case .first: "s1"
        case .second: "s2"
        case .third: "s3"
        case .fourth: "s4"
        }
    }
}
