// The splits of a dataset without MIMIC's subjects: out of a file of own labels, or drawn.

import Catalog
import EchoCore
import GRDB

/// Writes splits beside own labels, inside a transaction of the caller: by subject where clips have subjects, else by study.
struct ImportedSplits {
    let db: Database
    let rule: SplitRule

    init(_ db: Database, rule: SplitRule) {
        self.db = db
        self.rule = rule
    }

    /// Writes the splits that a file gives, by the keys of studies; without any, draws them where the dataset has none.
    ///
    /// - Returns: studies of each split; none where nothing was written
    /// - Throws: `EchoError` where a subject is in two, or where splits are link-icd's
    func write(
        _ given: [String: LabelFile.GivenSplit], of unit: LabelSource.Unit, place: String
    ) throws -> (counts: [String: Int], drawn: Bool) {
        let studies = try Row.fetchAll(
            db, sql: "SELECT DISTINCT study_key, subject_id FROM clip WHERE kept = 1"
        )
        .map { row in (key: try row.value(0) as String, subject: try row.value(1) as Int?) }
        if given.isEmpty {
            let some =
                "SELECT EXISTS (SELECT 1 FROM split) OR EXISTS (SELECT 1 FROM listed_study WHERE split IS NOT NULL)"
            if try Bool.fetchOne(db, sql: some) == true { return ([:], false) }
            var counts: [String: Int] = [:]
            for study in studies {
                let split = study.subject.map(rule.split(of:)) ?? rule.split(ofStudy: study.key)
                try set(split, text: nil, study: study.key, subject: study.subject)
                counts[split.rawValue, default: 0] += 1
            }
            return (counts, true)
        }
        guard try Int.fetchOne(db, sql: "SELECT count(*) FROM run WHERE command = 'link-icd'") == 0 else {
            throw EchoError(
                place, "has a column split, and the splits of this dataset are link-icd's",
                try: "leave it out; link-icd takes splits with --split-file")
        }
        let subjects = Dictionary(studies.map { ($0.key, $0.subject) }) { first, _ in first }
        var taken: [Int: Split] = [:], counts: [String: Int] = [:]
        for (key, row) in given.sorted(by: { $0.value.line < $1.value.line }) {
            let own = unit == .subject ? Int(key) : subjects[key] ?? nil
            let subject = own ?? row.subject
            if let subject, taken.updateValue(row.split, forKey: subject) ?? row.split != row.split {
                throw EchoError(
                    "\(place): line \(row.line)", "gives a subject a second split",
                    try: "keep one split for each subject, with all its studies")
            }
            try set(row.split, text: row.text, study: key, subject: own)
            counts[row.split.rawValue, default: 0] += 1
        }
        return (counts, false)
    }

    private func set(_ split: Split, text: String?, study: String, subject: Int?) throws {
        try Catalog.willChange(db, subject == nil ? "listed_study" : "split")
        if let subject {
            try db.execute(
                sql: "INSERT OR REPLACE INTO split VALUES (?, ?)", arguments: [subject, split.rawValue])
        } else {
            try db.execute(
                sql: """
                    INSERT INTO listed_study (study_key, list_split, split) VALUES (?, ?, ?)
                    ON CONFLICT (study_key) DO UPDATE SET list_split = excluded.list_split, split = excluded.split
                    """, arguments: [study, text, split.rawValue])
        }
    }
}
