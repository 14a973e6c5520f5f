// Labels dealt out anew, for the test that nothing leaks: what still predicts them has seen what it should not.

package import EchoCore
import GRDB

extension Catalog {
    /// Gives every subject, in all its labelled studies, the labels and categories of another labelled subject's first
    /// study.
    ///
    /// A subject's studies stay alike, so that a subject in two splits would still show.
    package func shuffleLabels(seed: UInt64) throws(EchoError) {
        try write { db in
            try Catalog.willChange(db, "study_category")
            try Catalog.willChange(db, "label", part: LabelSource.linkICD)
            let studies = try Row.fetchAll(
                db,
                sql: """
                    SELECT s.subject_id, s.study_id FROM study_status st JOIN echo_study s USING (study_id)
                    WHERE st.status = 'labelled' ORDER BY s.subject_id, s.study_id
                    """)
            let mine: [(subject: Int64, study: Int64)] = try studies.map { row in
                try (row.value(0), row.value(1))
            }
            let first = Dictionary(mine.map { ($0.subject, $0.study) }) { first, _ in first }
            let subjects = first.keys.sorted()
            var random = SeededRandom(seed: seed, "shuffled labels")
            let order = random.sample(subjects.count, of: subjects.count)
            let donor = Dictionary(
                uniqueKeysWithValues: subjects.indices.map { (subjects[$0], first[subjects[order[$0]]]!) })
            try db.execute(
                sql: """
                    CREATE TEMP TABLE donor (study_id INTEGER PRIMARY KEY, key TEXT, donor_id INTEGER, donor_key TEXT);
                    CREATE INDEX temp.donor_key ON donor (key);
                    CREATE TEMP TABLE dealt_category AS SELECT * FROM study_category;
                    CREATE INDEX temp.dealt_category_study ON dealt_category (study_id);
                    CREATE TEMP TABLE dealt_label AS SELECT target, key, value FROM label WHERE source = 'link-icd';
                    CREATE INDEX temp.dealt_label_key ON dealt_label (target, key);
                    DELETE FROM study_category;
                    """)
            for (subject, study) in mine {
                let other = donor[subject]!
                try db.execute(
                    sql: "INSERT INTO donor VALUES (?, ?, ?, ?)",
                    arguments: [study, "\(study)", other, "\(other)"])
            }
            try db.execute(
                sql: """
                    INSERT INTO study_category
                    SELECT d.study_id, c.category, c.n_codes, c.first_seq_num
                    FROM donor d JOIN dealt_category c ON c.study_id = d.donor_id;
                    UPDATE label SET value = (
                        SELECT l.value FROM donor d
                        JOIN dealt_label l ON l.target = label.target AND l.key = d.donor_key
                        WHERE d.key = label.key
                    ) WHERE source = 'link-icd';
                    DROP TABLE donor;
                    DROP TABLE dealt_category;
                    DROP TABLE dealt_label;
                    """)
            try Catalog.addSums(db)
        }
    }
}
