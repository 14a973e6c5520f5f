// Labels dealt out anew, for the test that nothing leaks: what still predicts them has seen what it should not.

public import EchoCore
import GRDB

extension Catalog {
    /// Gives every subject, in all its labelled studies, the categories of another labelled subject's first study.
    ///
    /// A subject's studies stay alike, so that a subject in two splits would still show.
    public func shuffleLabels(seed: UInt64) throws(EchoError) {
        try write { db in
            let studies = try Row.fetchAll(
                db,
                sql: """
                    SELECT s.subject_id, s.study_id FROM study_status st JOIN echo_study s USING (study_id)
                    WHERE st.status = 'labelled' ORDER BY s.subject_id, s.study_id
                    """)
            let mine: [(subject: Int64, study: Int64)] = studies.map { ($0[0], $0[1]) }
            let first = Dictionary(mine.map { ($0.subject, $0.study) }) { first, _ in first }
            let subjects = first.keys.sorted()
            var random = SeededRandom(seed: seed, "shuffled labels")
            let order = random.sample(subjects.count, of: subjects.count)
            let donor = Dictionary(
                uniqueKeysWithValues: subjects.indices.map { (subjects[$0], first[subjects[order[$0]]]!) })
            try db.execute(
                sql: """
                    CREATE TEMP TABLE dealt AS SELECT * FROM study_category;
                    DELETE FROM study_category;
                    """)
            for (subject, study) in mine {
                try db.execute(
                    sql: """
                        INSERT INTO study_category
                        SELECT ?, category, n_codes, first_seq_num FROM dealt WHERE study_id = ?
                        """, arguments: [study, donor[subject]])
            }
            try db.execute(sql: "DROP TABLE dealt")
        }
    }
}
