// What link-icd says when it is done: how many studies it labelled, why not the others, and which targets it chose.

package import Catalog
import EchoCore
import Foundation

/// What `linkICD` found.
package struct LinkSummary: Sendable, Encodable, Equatable {
    /// A target; its place in the list is its place among the model's outputs.
    package struct Target: Sendable, Encodable, Equatable {
        package let category: String
        package let title: String
        /// Labelled studies that have it, and their share, among those that targets were chosen on.
        package let positives: Int
        package let prevalence: Double
        /// The prevalence that a list of codes gives beside it.
        package let reference: Double?
    }

    /// Studies of the study list.
    package let studies: Int
    /// How many of them have each status (`StudyStatus`).
    package let statuses: [String: Int]
    /// Labelled studies of each split; "none" for those of subjects without one.
    package let splits: [String: Int]
    package let targets: [Target]
    /// Beside the paper; nil where labels are no categories.
    package let paper: PaperComparison?
    /// Values of the source files that could not be used, by file.
    package let rejects: [String: Int]
    /// Results of measurements that schemas/measurements.tsv knows and that say no value, by measurement.
    package let unread: [String: Int]
    /// Studies that are dated after their subject's death.
    package let afterDeath: Int
    /// What is to be said of the files: whole sentences without a full stop.
    package let notices: [String]
    /// The labels of these files and rules were there already.
    package let unchanged: Bool

    /// JSON with sorted keys.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Some lines for people.
    package var text: String {
        var lines = ["\(grouped(studies)) studies\(unchanged ? ", labelled before by the same rules" : "")"]
        for status in StudyStatus.allCases {
            if let count = statuses[status.rawValue] { lines.append("\(column(count)) \(status.rawValue)") }
        }
        lines.append("labelled studies by split")
        for name in Split.allCases.map(\.rawValue) + ["none"] {
            if let count = splits[name] { lines.append("\(column(count)) \(name)") }
        }
        lines.append("\(targets.count) targets")
        for target in targets {
            var share = String(format: "%6.2f %%", 100 * target.prevalence)
            if let reference = target.reference { share += String(format: " (%6.2f %%)", 100 * reference) }
            lines.append("\(column(target.positives)) \(share) \(target.category) \(target.title)")
        }
        lines += paper?.lines ?? []
        if !rejects.isEmpty { lines.append("values that could not be used (table reject)") }
        for (role, count) in rejects.sorted(by: { $0.key < $1.key }) {
            lines.append("\(column(count)) \(role)")
        }
        if !unread.isEmpty {
            lines.append("results of measurements that say no value (view v_unread_result)")
        }
        for (name, count) in unread.sorted(by: { $0.key < $1.key }) {
            lines.append("\(column(count)) \(name)")
        }
        if afterDeath > 0 {
            lines.append("studies after the subject's death (study_status.after_death)")
            lines.append(column(afterDeath))
        }
        lines += notices.map { "notice: \($0)" }
        return printed(lines)
    }

    private func column(_ count: Int) -> String {
        let digits = grouped(count)
        return String(repeating: " ", count: max(0, 9 - digits.count)) + digits
    }
}
