// Which categories models learn: the most prevalent ones.

import EchoCore

/// How targets are chosen.
public struct TargetRule: Sendable, Equatable {
    /// The studies that prevalence is measured on.
    public enum Basis: String, Sendable, CaseIterable {
        /// All labelled studies, as the paper's table is.
        case all
        /// The labelled studies of the train split alone.
        case train
    }

    /// At most this many.
    public var top: Int
    /// Only categories at least this prevalent, as a share of 0 … 1.
    public var minPrevalence: Double
    public var basis: Basis

    public init(top: Int = 40, minPrevalence: Double = 0, basis: Basis = .all) {
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
    }

    /// The categories by falling prevalence, ties by their code.
    func choose(from labellings: [StudyLabelling], split: [Int: Split]) -> [Choice] {
        let studies = labellings.filter {
            $0.status == .labelled && (basis == .all || split[$0.study.subject] == .train)
        }
        var positives: [String: Int] = [:]
        for study in studies {
            for category in study.categories { positives[category.category, default: 0] += 1 }
        }
        return positives.map {
            Choice(category: $0, positives: $1, prevalence: Double($1) / Double(studies.count))
        }
        .filter { $0.prevalence >= minPrevalence }
        .sorted { ($1.positives, $0.category) < ($0.positives, $1.category) }
        .prefix(top).map(\.self)
    }
}
