// What a command keeps to of a dataset: studies by `--where`, clips by `--views` and by people's decisions.

package import EchoCore
import GRDB

/// What is asked for.
package struct Selection: Sendable, Equatable {
    /// An expression over `v_study` that is true of the studies; nil for any study.
    package var cohort: String?
    /// The views of the clips, as "A4C"; none for clips of any view, labelled or not.
    package var views: [String]
    /// Whose decisions hold: `Decisions.consensus`, or a rater; nil for nobody's.
    package let decisions: String?

    /// - Parameter decisions: `Decisions.none` too for nobody's
    package init(cohort: String? = nil, views: [String] = [], decisions: String? = nil) {
        self.cohort = cohort
        self.views = views
        self.decisions = decisions == Decisions.none ? nil : decisions
    }
}

/// The clips of some views, as the labels `view` of clips have them.
package struct ChosenViews: Sendable, Equatable, Codable {
    package let names: [String]
    /// Kept clips of these views, of others, and those whose view is not known.
    package let chosen: Int, others: Int, unknown: Int

    /// The field whose values are views.
    package static let field = "view"

    /// "views A4C, PLAX: 1,204 of 9,000 clips; of 310 others the view is not known".
    package var text: String {
        let rest =
            unknown == 0
            ? "" : "; of \(grouped(unknown)) \(unknown == 1 ? "other" : "others") the view is not known"
        let all = grouped(chosen + others + unknown)
        return "views \(names.joined(separator: ", ")): \(grouped(chosen)) of \(all) clips\(rest)"
    }

    /// Finds the clips, and keeps them in a temporary table of the connection, `viewed`.
    ///
    /// - Throws: `EchoError` of the place `--views` for a view that no clip has
    fileprivate init(_ names: [String], in catalog: Catalog) throws(EchoError) {
        guard let field = try catalog.field(Self.field), field.unit == .clip else {
            throw EchoError(
                "--views \(names.joined(separator: ","))", "the dataset has no views of its clips",
                try: "run echoprep label import FILE.csv --unit clip, with the columns clip and view")
        }
        let known = field.targets.map(LabelField.value)
        for name in names where !known.contains(name) {
            throw EchoError(
                "--views \(printable(name))", "no clip of the dataset has that view",
                try: "the views are \(known.map(printable).joined(separator: ", "))")
        }
        let wanted = Set(names.map { LabelField.target(Self.field, $0) })
        let choices = try catalog.choices(of: field)
        let counts = try catalog.writeTemporary { db in
            try db.execute(
                sql: "CREATE TEMP TABLE viewed (name TEXT PRIMARY KEY, is_in INTEGER) WITHOUT ROWID")
            try Inserter.fill(db, "temp.viewed", columns: 2) { rows in
                for (clip, target) in choices { try rows.add(clip).add(wanted.contains(target)).insert() }
            }
            return try Row.fetchOne(
                db,
                sql: """
                    SELECT coalesce(sum(v.is_in = 1), 0), coalesce(sum(v.is_in = 0), 0), coalesce(sum(v.is_in IS NULL), 0)
                    FROM clip c LEFT JOIN temp.viewed v ON v.name = c.name WHERE c.kept = 1
                    """)
        }
        self.names = names
        (chosen, others, unknown) = (counts?[0] ?? 0, counts?[1] ?? 0, counts?[2] ?? 0)
    }
}

extension Catalog {
    /// Opens the catalog of a dataset to read, and keeps to what is selected of it; to all where nothing is.
    package convenience init(datasetFolder: String, keeping selection: Selection) throws(EchoError) {
        let whole = try Catalog(datasetFolder: datasetFolder, readOnly: true)
        var cohort: Cohort?, views: ChosenViews?, decisions: Decisions?
        // What follows finds labels and clips as they are with them.
        if let choice = selection.decisions {
            decisions = try whole.writeTemporary { db in try Decisions(choice, folder: datasetFolder, db) }
        }
        if let expression = selection.cohort { cohort = try Cohort(expression, in: whole.database) }
        if !selection.views.isEmpty { views = try ChosenViews(selection.views, in: whole) }
        self.init(
            folder: whole.folder, open: whole.open, cohort: cohort, views: views, decisions: decisions
        )
    }

    /// The same by an expression over `v_study` alone.
    package convenience init(datasetFolder: String, where expression: String?) throws(EchoError) {
        try self.init(datasetFolder: datasetFolder, keeping: Selection(cohort: expression))
    }

    /// The names of the clips that people excluded.
    package func excludedClips() throws(EchoError) -> Set<String> {
        guard decisions != nil else { return [] }
        return try read { db in try String.fetchSet(db, sql: "SELECT name FROM temp.excluded_clip") }
    }

    /// What it keeps to.
    package var selection: Selection {
        Selection(cohort: cohort?.expression, views: views?.names ?? [], decisions: decisions?.choice)
    }

    /// What was kept to, a sentence each, for the user.
    package var kept: [String] { [cohort?.text, views?.text, decisions?.text].compactMap(\.self) }

    /// The same, and where nobody's decisions hold what people excluded and is there all the same.
    package func told() throws(EchoError) -> [String] {
        guard decisions == nil else { return kept }
        let count = try writeTemporary { db in try Decisions.leftAside(folder: folder, db) } ?? 0
        guard count > 0 else { return kept }
        return kept + [
            "\(grouped(count)) clips that raters exclude are not left out (--decisions consensus leaves them out)"
        ]
    }

    /// A condition for queries: that a study is one of the cohort; true of all where there is none.
    ///
    /// - Parameter column: that holds its key as text, or with `isNumber` its study_id
    package func isInCohort(_ column: String, isNumber: Bool = false) -> String {
        guard cohort != nil else { return "1" }
        return "\(column) IN (SELECT \(isNumber ? "study_id" : "study_key") FROM temp.cohort WHERE is_in = 1)"
    }

    /// A condition for queries over studies: that people did not exclude all that was kept of it.
    ///
    /// - Parameter column: that holds its study_id
    package func isLeft(_ column: String) -> String {
        guard decisions != nil else { return "1" }
        func kept(_ clips: String) -> String {
            "(SELECT study_id FROM \(clips) WHERE kept = 1 AND study_id IS NOT NULL)"
        }
        return "(\(column) NOT IN \(kept("main.clip")) OR \(column) IN \(kept("temp.clip")))"
    }

    /// A condition for queries over `clip` as `c`: that its study is one of the cohort, and its view one of those chosen.
    package var isKept: String {
        let isViewed = views == nil ? "1" : "c.name IN (SELECT name FROM temp.viewed WHERE is_in = 1)"
        return "\(isInCohort("c.study_key")) AND \(isViewed)"
    }
}
