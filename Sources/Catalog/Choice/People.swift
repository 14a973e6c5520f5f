// Who the subjects of studies are: sex, age and race, by which a model's answers are looked at apart.

package import EchoCore
import GRDB

extension Catalog {
    /// What tells people apart, in the order of reports.
    package static let attributes = ["sex", "age", "race"]

    /// For each of `attributes` the part of it that a study belongs to, by the study's key, as `v_study` knows it; a study of
    /// which it is not known is left out.
    package func people() throws(EchoError) -> [String: [String: String]] {
        try writeTemporary { db in
            try SchemaUpgrade.addStudies(db)
            var people: [String: [String: String]] = [:]
            let rows = try Row.fetchCursor(db, sql: "SELECT study_key, sex, age, race_group FROM v_study")
            while let row = try rows.next() {
                let values: [String?] = [row[1], (row[2] as Int?).map(ageBand), row[3]]
                for (attribute, value) in zip(Self.attributes, values) {
                    people[attribute, default: [:]][row[0] as String] = value
                }
            }
            return people
        }
    }
}

/// Ages of adults in four bands.
private func ageBand(_ years: Int) -> String {
    switch years {
    case ..<50: "under 50"
    case ..<65: "50 to 64"
    case ..<80: "65 to 79"
    default: "80 and over"
    }
}
