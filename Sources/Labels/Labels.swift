// From the cohort's tables to all that link-icd writes: labels, targets and splits, by the rules and nothing else.

import EchoCore

/// The labels of a cohort.
struct Labels: Sendable {
    var cohort: CohortTables
    /// What the release knows of each of the cohort's codes.
    let statuses: [CodeStatus]
    /// What each of the cohort's codes counts for.
    let codeLabels: [[String]]
    let labellings: [StudyLabelling]
    /// The split of each subject; missing where a split file does not hold it.
    let split: [Int: Split]
    let targets: [TargetRule.Choice]

    init(_ cohort: CohortTables, _ options: LinkOptions) {
        self.cohort = cohort
        statuses = cohort.codes.map { $0.version == 9 ? .icd9 : ICD10CM.current.status(of: $0.text) }
        codeLabels = cohort.codes.map {
            options.labels.labels(of: $0, mappings: $0.version == 9 ? cohort.mappings[$0.text] ?? [] : [])
        }
        labellings = cohort.labellings(
            window: options.window, knownAt: options.labels.knownAt, labels: codeLabels)
        var split: [Int: Split] = [:]
        if let given = cohort.split {
            split = given
        } else {
            for study in cohort.studies { split[study.subject] = options.split.split(of: study.subject) }
        }
        targets = options.targets.choose(
            from: labellings, split: split, list: cohort.list, level: options.labels.level)
        if options.split.stratified, cohort.split == nil {
            let chosen = Set(targets.map(\.category))
            var own: [Int: Set<String>] = [:]
            for labelling in labellings where labelling.status == .labelled {
                own[labelling.study.subject, default: []].formUnion(
                    labelling.categories.lazy.map(\.category).filter(chosen.contains))
            }
            split.merge(options.split.stratified(own)) { _, dealt in dealt }
        }
        self.split = split
    }
}
