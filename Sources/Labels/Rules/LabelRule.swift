// What a diagnosis counts for: the level of the hierarchy, retired codes, ICD-9, and when it was known.

/// How diagnoses become labels.
package struct LabelRule: Sendable, Equatable {
    /// Which diagnoses a study is labelled with.
    package enum KnownAt: String, Sendable, CaseIterable {
        /// Those of the stay that the study lies in. They are coded when the patient leaves, after the study.
        case discharge
        /// Those of the subject's stays that were over before the study: its history.
        case study
    }

    /// The level of the hierarchy that labels stand at. Below the categories, a code that is itself a category stays
    /// one, as I10.
    package var level: ICD10CM.Level
    /// Codes that the release does not know (`CodeStatus.retired`) do not count.
    package var strictCodes: Bool
    package var knownAt: KnownAt
    /// A file of equivalence mappings through which ICD-9 counts; nil where it does not.
    package var gem: String?

    package init(
        level: ICD10CM.Level = .category, strictCodes: Bool = false, knownAt: KnownAt = .discharge,
        gem: String? = nil
    ) {
        self.level = level
        self.strictCodes = strictCodes
        self.knownAt = knownAt
        self.gem = gem
    }

    /// The labels that a code counts for, sorted: at most one of ICD-10, any number of ICD-9.
    func labels(of code: ICDCode, mappings: [EquivalenceMapping]) -> [String] {
        if code.version == 10 { return label(of: code.text).map { [$0] } ?? [] }
        return Set(mappings.compactMap { $0.target.flatMap(label(of:)) }).sorted()
    }

    private func label(of code: String) -> String? {
        let release = ICD10CM.current
        if strictCodes, release.status(of: code) == .retired { return nil }
        if level == .category { return release.category(of: code) }
        let path = release.path(to: code)
        let depth = ICD10CM.Level.allCases.firstIndex(of: level) ?? 0
        return path.isEmpty ? nil : path[min(depth, path.count - 1)].code
    }
}
