// What a source's own lists say of its studies: ejection fractions and splits, as EchoNet's do.

package import EchoCore
import GRDB

/// What a source's own list says of a study.
package struct ListedStudy: Sendable, Equatable {
    /// As `StoredStudy.key`.
    package let key: String
    /// In percent, 0 … 100; nil where the list has none.
    package let ejectionFraction: Double?
    /// The split as it is written there, and what it means.
    package let listSplit: String?, split: Split?

    package init(key: String, ejectionFraction: Double?, listSplit: String?, split: Split?) {
        self.key = key
        self.ejectionFraction = ejectionFraction
        self.listSplit = listSplit
        self.split = split
    }
}

extension Catalog {
    /// Writes what a list says, in place of what is known of the same studies, and the labels that it gives.
    ///
    /// - Parameter run: the run that reads the list, if it is known
    package func replace(_ studies: [ListedStudy], run: Int64? = nil) throws(EchoError) {
        if studies.isEmpty { return }
        try write { db in
            try Catalog.willChange(db, "listed_study")
            let sql = "INSERT OR REPLACE INTO listed_study VALUES (?, ?, ?, ?)"
            for study in studies {
                try db.execute(
                    sql: sql,
                    arguments: [study.key, study.ejectionFraction, study.listSplit, study.split?.rawValue])
            }
            try Catalog.replaceLabels(db, of: .echoNetLists, run: run)
        }
    }

    /// What the source's own lists say, by key.
    package func listedStudies() throws(EchoError) -> [ListedStudy] {
        try read { db in
            let sql = "SELECT study_key, ef, list_split, split FROM listed_study ORDER BY study_key"
            return try Row.fetchAll(db, sql: sql).map { row in
                let split: String? = try row.value(3)
                return try ListedStudy(
                    key: row.value(0), ejectionFraction: row.value(1), listSplit: row.value(2),
                    split: split.flatMap(Split.init))
            }
        }
    }
}
