// Which categories models learn: the most prevalent ones, or those of a list.

import EchoCore

/// How targets are chosen.
package struct TargetRule: Sendable, Equatable {
    /// The studies that prevalence is measured on.
    package enum Basis: String, Sendable, CaseIterable {
        /// All labelled studies, as the paper's table is.
        case all
        /// The labelled studies of the train split alone.
        case train
    }

    /// At most this many.
    package var top: Int
    /// Only categories at least this prevalent, as a share of 0 … 1.
    package var minPrevalence: Double
    package var basis: Basis
    /// Chapters whose categories never become targets, by their numbers.
    package var excludedChapters: [String]
    /// A csv file with the categories, in their order, instead of the most prevalent ones; or `paper`.
    package var codes: String?
    /// What `codes` is for the paper's own forty.
    package static let paper = "paper"

    package init(
        top: Int = 40, minPrevalence: Double = 0, basis: Basis = .all, excludedChapters: [String] = [],
        codes: String? = nil
    ) {
        self.excludedChapters = excludedChapters
        self.codes = codes
        self.top = top
        self.minPrevalence = minPrevalence
        self.basis = basis
    }

    /// A chosen category with the number of studies that have it.
    struct Choice: Equatable {
        let category: String
        let positives: Int
        /// `positives` over the labelled studies of the basis.
        let prevalence: Double
        /// The prevalence that a list of codes gives beside it.
        var reference: Double?
    }

    /// The categories of the list in its order, or else by falling prevalence, ties by their code.
    func choose(
        from labellings: [StudyLabelling], split: [Int: Split], list: [ListedCode]?, level: ICD10CM.Level
    ) -> [Choice] {
        let studies = labellings.filter {
            $0.status == .labelled && (basis == .all || split[$0.study.subject] == .train)
        }
        var positives: [String: Int] = [:]
        for category in studies.lazy.flatMap(\.categories) { positives[category.category, default: 0] += 1 }
        func choice(_ category: String, reference: Double? = nil) -> Choice {
            let count = positives[category] ?? 0
            let share = studies.isEmpty ? 0 : Double(count) / Double(studies.count)
            return Choice(category: category, positives: count, prevalence: share, reference: reference)
        }
        if let list { return list.map { choice($0.code, reference: $0.prevalence) } }
        return positives.keys.filter { !isExcluded($0, level: level) }.map { choice($0) }
            .filter { $0.prevalence >= minPrevalence }
            .sorted { ($1.positives, $0.category) < ($0.positives, $1.category) }
            .prefix(top).map(\.self)
    }

    private func isExcluded(_ category: String, level: ICD10CM.Level) -> Bool {
        if excludedChapters.isEmpty { return false }
        let chapter = ICD10CM.current.path(to: category, at: level).first?.code
        return chapter.map(excludedChapters.contains) ?? false
    }
}
