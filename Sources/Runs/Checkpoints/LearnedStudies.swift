// Which studies stand behind a run's weights, so that nobody is judged on them unawares.

import Catalog
package import EchoCore
import Files
import Foundation
package import StudyData

/// The studies that a run learns from and chooses its best epoch by, and those behind the weights that it began with.
package struct LearnedStudies: Sendable {
    /// What a study was for: a split of the run's own, or the past of its first weights.
    private enum Role: String { case train, val, initial = "init" }

    private var rows: [(study: String, subject: Int64?, role: Role)] = []

    /// - Parameter initial: of the run whose weights are the first
    package init(_ set: StudySet, initial: LearnedStudies?) {
        for (role, studies) in [(Role.train, set.train), (.val, set.validation)] {
            var seen = Set<String>()
            rows += studies.filter { seen.insert($0.stored.study).inserted }
                .map { ($0.stored.study, $0.stored.subjectID, role) }
        }
        let own = Set(rows.map(\.study))
        rows += (initial?.rows ?? []).filter { !own.contains($0.study) }.map {
            ($0.study, $0.subject, .initial)
        }
    }

    /// Reads what the run in a folder has written; nil where it has not.
    package init?(run: String) throws(EchoError) {
        let path = RunFolder(run).studies
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            try CSVReader(path).forEachRow(["study", "subject", "split"]) { row in
                guard let role = Role(rawValue: row.text(2)) else {
                    throw EchoError("\(RunFolder.place(path)): line \(row.line)", "names no split of a run")
                }
                rows.append((row.text(0), row.integer(1), role))
            }
        } catch let error as EchoError {
            throw error
        } catch {
            throw EchoError(RunFolder.place(path), "cannot be read")
        }
    }

    package var csv: String {
        rows.reduce(into: "study,subject,split\n") {
            $0 += "\(csvField($1.study)),\($1.subject.map(String.init) ?? ""),\($1.role.rawValue)\n"
        }
    }

    /// How many of `studies` are among these, or of a subject who is.
    package func count(among studies: [(key: String, subject: Int64?)]) -> Int {
        let known = Set(rows.map(\.study)), subjects = Set(rows.compactMap(\.subject))
        return studies.count { known.contains($0.key) || $0.subject.map(subjects.contains) == true }
    }
}
