// How far the labels of a dataset are from those of the paper: category by category, and study by study in sum.

package import EchoCore
package import GRDB

/// Our counts beside the paper's (`v_paper`), and the size of our cohort beside its own (its Table 3).
package struct PaperComparison: Sendable, Codable, Equatable {
    /// A target of the paper.
    package struct Category: Sendable, Codable, Equatable {
        package let category: String
        package let title: String?
        package let positives: Int, paperPositives: Int
        /// Shares of labelled studies.
        package let prevalence: Double, paperPrevalence: Double
        /// Its place among all categories by prevalence, from 1; nil where no study has it.
        package let rank: Int?
        package let paperRank: Int
        /// Our prevalence less the paper's, in standard errors of ours by subject; nil where those are 0 or not known.
        package let standardErrors: Double?
        /// "=" for equal counts, "!" and "!!" beyond 2 and 4 standard errors, or nothing.
        package let mark: String
    }

    /// A number of the paper's Table 3 beside ours; nil where there are no clips yet.
    package struct Figure: Sendable, Codable, Equatable {
        package let name: String
        package let here: Double?
        package let paper: Double
    }

    /// Labelled studies, and those of them with clips; nil without any clip.
    package let labelled: Int, labelledWithClips: Int?
    package let paperLabelled: Int
    /// The paper's targets, the largest surprise first.
    package let categories: [Category]
    /// Targets of the paper that are none of ours, and ours that are none of the paper's.
    package let onlyPaper: [String], onlyOurs: [String]
    /// Of the forty prevalences, as a share.
    package let meanAbsoluteDifference: Double
    package let cohort: [Figure]

    /// What prevalences here are shares of.
    package var denominator: Int { labelledWithClips ?? labelled }
}

extension PaperComparison {
    /// Nil where labels are no categories, or no study is labelled.
    package init?(_ db: Database) throws {
        // A database of an earlier version that is only read.
        guard try db.viewExists("v_paper") else { return nil }
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM v_paper")
        let theirs = try rows.filter { row in try (row.value("paper_rank") as Int?) != nil }
        if theirs.isEmpty { return nil }
        categories = try theirs.map { row in
            let difference: Double = try row.value("difference"),
                variance: Double? = try row.value("variance")
            let errors = variance.flatMap { $0 > 0 ? difference / $0.squareRoot() : nil }
            return try Category(
                category: row.value("category"), title: row.value("title"),
                positives: row.value("n_positive"), paperPositives: row.value("paper_n_positive"),
                prevalence: row.value("prevalence"), paperPrevalence: row.value("paper_prevalence"),
                rank: row.value("rank"), paperRank: row.value("paper_rank"), standardErrors: errors,
                mark: row.value("mark"))
        }
        .sorted { ($1.surprise, $0.category) < ($0.surprise, $1.category) }
        func names(of rows: [Row], without column: String) throws -> [String] {
            var names: [String] = []
            for row in rows where try (row.value(column) as Int?) == nil {
                names.append(try row.value("category"))
            }
            return names.sorted()
        }
        onlyPaper = try names(of: theirs, without: "target")
        onlyOurs = try names(of: rows, without: "paper_rank")
        meanAbsoluteDifference =
            categories.map { abs($0.prevalence - $0.paperPrevalence) }.reduce(0, +) / Double(categories.count)
        paperLabelled = try theirs[0].value("paper_n_labelled")
        labelled =
            try Int.fetchOne(db, sql: "SELECT count(*) FROM study_status WHERE status = 'labelled'") ?? 0
        let clips = try Int.fetchOne(db, sql: "SELECT count(*) FROM clip WHERE kept = 1") ?? 0
        labelledWithClips = try clips == 0 ? nil : theirs[0].value("n_labelled")
        cohort = try Self.cohort(db, clips: clips)
    }

    /// Studies with clips where there are clips, else those of the study list.
    private static func cohort(_ db: Database, clips: Int) throws -> [Figure] {
        let studies =
            clips == 0
            ? "echo_study"
            : "(SELECT DISTINCT study_id, subject_id FROM clip WHERE kept = 1 AND study_id IS NOT NULL)"
        let rows = try Row.fetchAll(
            db,
            sql:
                "SELECT p.split, count(*) FROM \(studies) s LEFT JOIN split p ON p.subject_id = s.subject_id GROUP BY 1"
        )
        let pairs = try rows.map { row in
            let split: String? = try row.value(0)
            return (split ?? "none", try row.count(1))
        }
        let counts = Dictionary(pairs, uniquingKeysWith: +)
        let all = counts.values.reduce(0, +)
        let paper = [("train", 6_652.0), ("val", 223), ("test", 239)]
        return paper.map { Figure(name: "studies, \($0.0)", here: Double(counts[$0.0] ?? 0), paper: $0.1) }
            + [
                Figure(name: "videos", here: clips == 0 ? nil : Double(clips), paper: 173_609),
                Figure(
                    name: "views a study", here: clips == 0 ? nil : Double(clips) / Double(all), paper: 24.4),
            ]
    }
}

extension PaperComparison.Category {
    /// What orders the list: differences without a standard error come first, where they are any.
    fileprivate var surprise: Double {
        standardErrors.map(abs) ?? (prevalence == paperPrevalence ? 0 : .infinity)
    }
}

extension Catalog {
    /// The labels beside the paper's; nil where that says nothing.
    package func paperComparison() throws(EchoError) -> PaperComparison? {
        try read { try PaperComparison($0) }
    }
}
