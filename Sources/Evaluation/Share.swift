// `evaluate --share`: a folder that outsiders may see, of numbers about many alone.

import EchoCore
import Files
import Report
import Scoring

extension Evaluation {
    /// Writes the page, `metrics.json` and the tables of every run and head for outsiders into a folder.
    ///
    /// - Parameters:
    ///   - first: the page of the first run for outsiders
    ///   - models: what each run's model is called there
    mutating func share(_ first: ReportPage, models: [String], to folder: String) throws {
        let outside = try standings.map { try $0.shared(models: models) }
        let page = models.count == 1 ? first : try first.comparing(outside, count: models.count)
        var files = [
            ("report.html", page.html.text),
            ("metrics.json", try jsonText(Evaluation(standings: outside)) + "\n"),
        ]
        for (head, own) in outside.enumerated() {
            for (run, scores) in own.scores.enumerated() {
                let place =
                    (models.count > 1 ? "run-\(run + 1)-" : "")
                    + (outside.count > 1 ? "task-\(head + 1)-" : "")
                files += scores.tables.map { (place + $0.file, $0.text) }
            }
        }
        try makeFolder(folder)
        for entry in try entries(ofFolder: folder) where isShared(entry.name) {
            try removeFile("\(folder)/\(entry.name)")
        }
        for (name, text) in files { try writeFile("\(folder)/\(name)", Array(text.utf8)) }
        shared = folder
    }
}

/// Nothing else may lie in a folder that is given away.
func checkShare(_ folder: String) throws(EchoError) {
    guard try isReadable(folder) else { return }
    guard try entries(ofFolder: folder).allSatisfy({ isShared($0.name) }) else {
        throw EchoError("--share", "is a folder with other files", try: "name a new folder")
    }
}

/// Whether an earlier command may have written a file of this name there.
private func isShared(_ name: String) -> Bool {
    [
        "report.html", "metrics.json", "codes.csv", "groups.csv", "confusion.csv", "errors.csv", "people.csv",
    ].contains { name == $0 || name.hasSuffix("-\($0)") }
}

/// What a page for outsiders is about.
///
/// - Parameters:
///   - standings: without what is about few
///   - hasChosen: whether not all studies were judged
///   - hasLearned: whether the weights know some of them
func subjectForOutsiders(
    _ title: String, _ standings: [Standings], hasChosen: Bool = false, hasLearned: Bool = false
) -> ReportSubject {
    let populations = standings.map { heads in
        (heads.scores[0].task.map { "\($0): " } ?? "") + heads.scores[0].population
    }
    var subject = ReportSubject(title: title, standings)
    subject.lead = "\(populations.joined(separator: ", ")), split \(standings[0].scores[0].split)."
    if hasChosen { subject.lead += " Not of all its studies." }
    if hasLearned {
        subject.lead += " The weights have learned from some of these subjects: too good to be true."
    }
    subject.lead +=
        " For readers outside: codes that fewer than \(Answers.fewest) studies have, or lack, are in the averages and not shown, "
        + "and counts below \(Answers.fewest) and what they would follow from are left out."
    subject.isForOutsiders = true
    return subject
}
