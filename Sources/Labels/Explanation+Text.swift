// An explanation as people read it.

import EchoCore
import Foundation

extension Explanation {
    /// The study, its stays, what counts for each target, and what does not count.
    package var text: String {
        var lines = [
            "study \(study) at \(time ?? "no time that exists"): \(status), \(split ?? "in no split")"
        ]
        lines += stayLines + targetLines + leftOutLines
        let rules = rules.sorted { $0.key < $1.key }.map {
            "\($0.key) \($0.value.isEmpty ? "none" : $0.value)"
        }
        lines.append("by the rules: " + rules.joined(separator: ", "))
        return printed(lines)
    }

    private var stayLines: [String] {
        if stays.isEmpty { return ["  the subject has no stay in admissions"] }
        var lines = stays.map { stay in
            let role = stay.used ? "used" : stay.candidate ? "another stay at that time" : "not at that time"
            let death = stay.deathtime.map { ", death at \($0)" } ?? ""
            return "  stay \(stay.hadm) from \(stay.admittime) to \(stay.dischtime)\(death): \(role)"
        }
        if let hours = nearestStayHours {
            lines.append(String(format: "  the nearest stay is %.2f hours away", hours))
        }
        return lines
    }

    private var targetLines: [String] {
        var lines: [String] = []
        for target in targets where target.value == 1 {
            lines.append("  1 \(target.category) \(target.title)")
            for diagnosis in diagnoses where diagnosis.labels.contains(target.category) {
                lines.append("      \(line(of: diagnosis))")
            }
        }
        let zeros = targets.filter { $0.value == 0 }.map(\.category)
        if !zeros.isEmpty { lines.append("  0 " + zeros.joined(separator: " ")) }
        if !targets.isEmpty, status != StudyStatus.labelled.rawValue {
            lines.append(
                "  neither 1 nor 0 for any target: a study without labels is not one without diagnoses")
        }
        return lines
    }

    private var leftOutLines: [String] {
        let rest = diagnoses.filter(\.labels.isEmpty)
        return rest.isEmpty
            ? [] : ["  diagnoses that count for nothing"] + rest.map { "      \(line(of: $0))" }
    }

    private func line(of diagnosis: Diagnosis) -> String {
        let code = "ICD-\(diagnosis.version) \(diagnosis.code) (\(diagnosis.status))"
        let place = diagnosis.seqNum.map { "number \($0)" } ?? "without a priority,"
        return "\(code), \(place) of stay \(diagnosis.hadm): \(diagnosis.title ?? "no title")"
    }
}
