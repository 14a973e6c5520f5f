// How well hearts pump: ejection fractions of studies, out of a source's own list or out of measurements.

public import EchoCore
import GRDB

/// What a source's own list says of a study.
public struct ListedStudy: Sendable, Equatable {
    /// As `StoredStudy.key`.
    public let key: String
    /// In percent, 0 … 100; nil where the list has none.
    public let ejectionFraction: Double?
    /// The split as it is written there, and what it means.
    public let listSplit: String?, split: Split?

    public init(key: String, ejectionFraction: Double?, listSplit: String?, split: Split?) {
        self.key = key
        self.ejectionFraction = ejectionFraction
        self.listSplit = listSplit
        self.split = split
    }
}

extension Catalog {
    /// Writes what a list says, in place of what is known of the same studies.
    public func replace(_ studies: [ListedStudy]) throws(EchoError) {
        if studies.isEmpty { return }
        try write { db in
            let sql = "INSERT OR REPLACE INTO listed_study VALUES (?, ?, ?, ?)"
            for study in studies {
                try db.execute(
                    sql: sql,
                    arguments: [study.key, study.ejectionFraction, study.listSplit, study.split?.rawValue])
            }
        }
    }

    /// What the source's own lists say, by key.
    public func listedStudies() throws(EchoError) -> [ListedStudy] {
        try read { db in
            let sql = "SELECT study_key, ef, list_split, split FROM listed_study ORDER BY study_key"
            return try Row.fetchAll(db, sql: sql).map {
                ListedStudy(
                    key: $0[0], ejectionFraction: $0[1], listSplit: $0[2],
                    split: ($0[3] as String?).flatMap(Split.init))
            }
        }
    }

    /// The ejection fractions of a split's studies, in percent, by their keys; of studies without clips too.
    public func ejectionFractions(in split: Split) throws(EchoError) -> [String: Double] {
        try read { db in
            let sql = "SELECT study_key, ef FROM v_ef WHERE split = ?"
            let rows = try Row.fetchAll(db, sql: sql, arguments: [split.rawValue])
            return Dictionary(rows.map { ($0[0], $0[1]) }) { first, _ in first }
        }
    }
}
