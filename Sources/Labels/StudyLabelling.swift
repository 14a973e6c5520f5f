// From a study's stay to its categories, or to the reason why it has none.

/// What became of a study.
package enum StudyStatus: String, Sendable, CaseIterable {
    case labelled
    /// The study list holds no time that exists.
    case noStudyTime = "no-study-time"
    /// The subject has no row in admissions.
    case subjectNotInAdmissions = "subject-not-in-admissions"
    /// The subject has stays, none of them at that time.
    case noStay = "no-stay"
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
    /// The best priority among them.
    let firstSeqNum: Int
}

/// What the labels of one study are, and why.
struct StudyLabelling: Equatable {
    let study: EchoStudy
    var status: StudyStatus
    /// For a study without a stay at its time: how far the nearest stay is, in hours.
    var nearestStayHours: Double?
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
        studies.map { study in
            guard let time = study.time else { return StudyLabelling(study: study, status: .noStudyTime) }
            guard let stays = stays[study.subject] else {
                return StudyLabelling(study: study, status: .subjectNotInAdmissions)
            }
            let candidates = window.candidates(at: time, among: stays)
            let sources: [Int] =
                switch knownAt {
                case .discharge: candidates.filter(\.chosen).map(\.hadm)
                case .study: stays.filter { $0.dischtime < time }.map(\.hadm)
                }
            var labelling = StudyLabelling(study: study, status: .noStay, candidates: candidates)
            if sources.isEmpty {
                labelling.nearestStayHours = stays.map { window.distance(from: time, to: $0) }.min()
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
        var found: [String: (codes: Set<Int>, first: Int)] = [:]
        for row in rows {
            for label in labels[row.code] {
                var entry = found[label] ?? ([], row.seqNum)
                entry.codes.insert(row.code)
                entry.first = min(entry.first, row.seqNum)
                found[label] = entry
            }
        }
        return found.map { StudyCategory(category: $0, codes: $1.codes.count, firstSeqNum: $1.first) }
            .sorted { $0.category < $1.category }
    }
}
