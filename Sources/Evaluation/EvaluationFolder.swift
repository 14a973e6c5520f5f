// Where the results of an evaluation go: a folder for each split, dataset and choice, so that none is written over another.

import Catalog
import EchoCore
import Files
import Foundation
import Report
import Runs

/// The folder of one run's results on one split of one dataset.
struct EvaluationFolder {
    private let run: String
    /// As seen from the run folder: letters, digits, `.`, `-`, `_` and `/`, so that it may stand in a link.
    private let name: String

    var path: String { "\(run)/\(name)" }
    var page: String { "\(path)/report.html" }

    /// `evaluation/SPLIT`; for another dataset than the run's own `evaluation/SPLIT-NAME-DIGEST`, where the digest is that
    /// of the path, for two datasets may have one name; for other studies than the run's own with `-where-DIGEST` behind,
    /// for other views with `-views-DIGEST`.
    ///
    /// - Parameters:
    ///   - own: what the run was made by
    ///   - dataset: the folder of the studies that are judged
    ///   - selection: what they are chosen by
    init(_ run: RunFolder, own: Recipe, split: Split, dataset: String, keeping selection: Selection) {
        func place(_ path: String) -> URL {
            URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath()
        }
        let judged = place(dataset)
        var folder = split.rawValue
        if judged.path != place(run.resolve(own.dataset)).path {
            let title = judged.lastPathComponent.map { character in
                character.isASCII && (character.isLetter || character.isNumber || "._".contains(character))
                    ? character : "-"
            }
            folder += "-\(String(title))-\(sha256(Array(judged.path.utf8)).prefix(16))"
        }
        if let cohort = selection.cohort, cohort != own.cohort {
            folder += "-where-\(sha256(Array(cohort.utf8)).prefix(16))"
        }
        if selection.views != own.selection.views {
            folder += "-views-\(sha256(Array(selection.views.joined(separator: ",").utf8)).prefix(16))"
        }
        if selection.decisions != own.selection.decisions {
            folder += "-decisions-\(sha256(Array((selection.decisions ?? "").utf8)).prefix(16))"
        }
        self.run = run.path
        name = "evaluation/\(folder)"
    }

    /// Writes a file of the results, perhaps in a folder of its own.
    func write(_ file: String, _ text: String) throws(EchoError) {
        let whole = "\(path)/\(file)"
        try makeFolder(String(whole[..<(whole.lastIndex(of: "/") ?? whole.endIndex)]))
        try writeFile(whole, Array(text.utf8))
    }

    /// Writes the page, the last of the results, and makes the run's `report.html` lead to it.
    func write(page html: HTML) throws(EchoError) {
        try write("report.html", html.text)
        try writeFile("\(run)/report.html", Array(leading(to: "\(name)/report.html").text.utf8))
    }
}

/// A page that opens another one.
private func leading(to link: String) -> HTML {
    htmlPage(
        "The last evaluation", policy: "default-src 'none'",
        head: "<meta http-equiv=\"refresh\" content=\"0; url=\(link)\"/>",
        body: "<p>The last evaluation of this run: <a href=\"\(link)\">\(link)</a></p>")
}
