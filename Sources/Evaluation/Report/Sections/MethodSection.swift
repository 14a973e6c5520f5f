// How the numbers were made, so that the page can stand alone.

import EchoCore

/// The section on definitions and settings.
func methodSection(_ report: Report) -> PageSection? {
    let items: [HTML] = report.settings.map { "<div><dt>\($0.name)</dt><dd>\($0.value)</dd></div>\n" }
    let settings: HTML = items.isEmpty ? HTML() : "<dl class=\"settings\">\n\(items)</dl>\n"
    return PageSection(
        anchor: "method", title: "How this was made",
        content: """
            <p>AUROC, average precision, F1, Brier score and errors are defined as in scikit-learn; macro averages are \
            plain means over codes. Intervals are percentiles over resamplings of subjects, each with all its studies, \
            because studies of one subject are not independent.</p>
            \(settings)
            """)
}
