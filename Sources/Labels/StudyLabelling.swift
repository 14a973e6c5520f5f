// From a study's stay to its categories, or to the reason why it has none.

import EchoCore

/// What became of a study.
package enum StudyStatus: String, Sendable, CaseIterable {
    case labelled
    /// The study list holds no time that exists.
    case noStudyTime = "no-study-time"
    /// The subject has no row in admissions.
    case subjectNotInAdmissions = "subject-not-in-admissions"
    /// The subject has stays, none of them at that time.
    case noStay = "no-stay"
    /// The subject's stay at that time may be one whose row could not be used.
    case stayRejected = "stay-rejected"
    /// The stay has no row in diagnoses_icd.
    case noDiagnoses = "no-diagnoses"
    /// All diagnoses of the stay are coded in ICD-9, and none counts.
    case onlyICD9 = "only-icd9"
    /// The stay has codes of ICD-10, none of which counts.
    case noUsableCode = "no-usable-code"
}

/// A category that a study has.
struct StudyCategory: Equatable {
    let category: String
    /// Different codes of that category among the stay's diagnoses.
    let codes: Int
    /// The best priority among them; nil where none has one.
    let firstSeqNum: Int?
}

/// What the labels of one study are, and why.
struct StudyLabelling: Equatable {
    let study: EchoStudy
    var status: StudyStatus
    /// For a study without a stay at its time: how far the nearest stay is, in hours.
    var nearestStayHours: Double?
    /// The study is dated after the subject's death.
    var isAfterDeath = false
    /// Every stay that may hold the study, by hadm_id.
    var candidates: [Candidate] = []
    /// By their names; empty unless labelled.
    var categories: [StudyCategory] = []
}

extension CohortTables {
    /// Labels every study.
    ///
    /// - Parameters:
    ///   - window: when a study lies within a stay
    ///   - knownAt: whether the diagnoses are those of that stay, or of the stays before
    ///   - labels: for each of `codes` what it counts for
    func labellings(window: StayWindow, knownAt: LabelRule.KnownAt, labels: [[String]]) -> [StudyLabelling] {
        let daysOfDeath = Dictionary(
            uniqueKeysWithValues: patients.lazy.compactMap { patient in
                patient.dateOfDeath.map { (patient.subject, $0.date) }
            })
        return studies.map { study in
            guard let time = study.time else { return StudyLabelling(study: study, status: .noStudyTime) }
            let stays = stays[study.subject] ?? [], rejected = rejectedStays[study.subject] ?? []
            if stays.isEmpty, rejected.isEmpty {
                var labelling = StudyLabelling(study: study, status: .subjectNotInAdmissions)
                labelling.isAfterDeath = daysOfDeath[study.subject].map { $0 < time.date } ?? false
                return labelling
            }
            let candidates = window.candidates(at: time, among: stays)
            let sources: [Int], mayBeRejected: Bool
            switch knownAt {
            case .discharge:
                sources = candidates.filter(\.chosen).map(\.hadm)
                mayBeRejected = rejected.contains { window.mayHold(time, in: $0) }
            case .study:
                sources = stays.filter { $0.end < time }.map(\.hadm)
                mayBeRejected = rejected.contains { $0.mayBeOver(before: time) }
            }
            var labelling = StudyLabelling(study: study, status: .noStay, candidates: candidates)
            labelling.isAfterDeath =
                stays.contains { $0.deathtime.map { $0 < time } ?? false }
                || daysOfDeath[study.subject].map { $0 < time.date } ?? false
            if sources.isEmpty {
                labelling.nearestStayHours = stays.map { window.distance(from: time, to: $0) }.min()
                if mayBeRejected { labelling.status = .stayRejected }
                return labelling
            }
            let rows = sources.flatMap { diagnoses[$0] ?? [] }
            labelling.categories = Self.categories(of: rows, by: labels)
            labelling.status =
                if !labelling.categories.isEmpty {
                    .labelled
                } else if rows.isEmpty {
                    .noDiagnoses
                } else if rows.allSatisfy({ codes[$0.code].version == 9 }) {
                    .onlyICD9
                } else {
                    .noUsableCode
                }
            return labelling
        }
    }

    private static func categories(of rows: [Diagnosis], by labels: [[String]]) -> [StudyCategory] {
        var found: [String: (codes: Set<Int>, first: Int?)] = [:]
        for row in rows {
            for label in labels[row.code] {
                var entry = found[label] ?? ([], row.seqNum)
                entry.codes.insert(row.code)
                if let first = entry.first, let seqNum = row.seqNum { entry.first = min(first, seqNum) }
                entry.first = entry.first ?? row.seqNum
                found[label] = entry
            }
        }
        return found.map { StudyCategory(category: $0, codes: $1.codes.count, firstSeqNum: $1.first) }
            .sorted { $0.category < $1.category }
    }
}
