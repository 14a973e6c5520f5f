// The dataset's numbers, asked of its database.

import Catalog
import EchoCore

extension DatasetSummary {
    /// - Parameter top: how many categories are shown where there are no targets
    init(_ catalog: Catalog, top: Int = 40) throws {
        funnel = try catalog.funnel()
        let all = try catalog.prevalence()
        let targets = all.filter { $0.target != nil }
        prevalence = targets.isEmpty ? Array(all.prefix(top)) : targets
        let known = try catalog.labels(of: try catalog.targets().map(\.category), from: LabelSource.linkICD)
        let labelled = Set(known.map(\.key))
        splits = try Split.allCases.map { split in
            let studies = try catalog.studies(in: split).filter { labelled.contains($0.key) }
            return (split, studies.count, Set(studies.map(\.subjectID)).count)
        }.filter { $0.studies > 0 }
    }
}
