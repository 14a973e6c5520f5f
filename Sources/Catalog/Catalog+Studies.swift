// What training and evaluation ask: the studies of a split with their clips, and the targets.

package import EchoCore
import GRDB

/// A kept clip, as training finds it in a shard.
package struct StoredClip: Sendable, Equatable {
    package let name: String
    /// The tensor's name in the shard; another one than the clip's where that was corrected since it was written.
    package let tensor: String
    /// File name under the dataset's shards/.
    package let shard: String
    package let frames: Int
    package let framesPerSecond: Double?
}

extension ClipRecord {
    /// Where training finds it; nil for a clip that was dropped.
    package var stored: StoredClip? {
        guard kept, let shard else { return nil }
        return StoredClip(
            name: name, tensor: tensor ?? name, shard: shard, frames: frames ?? 0,
            framesPerSecond: framesPerSecond)
    }
}

/// A study with at least one kept clip; or one of its clips alone.
package struct StoredStudy: Sendable, Equatable {
    /// The study as text; its number where the layout has numbers. Of a clip alone the clip's name.
    package let key: String
    /// The study that it is, or that the clip is of.
    package let study: String
    package let studyID: Int64?
    package let subjectID: Int64?
    /// In the order of their files.
    package var clips: [StoredClip]

    /// The clip's name, where it is one alone.
    package var alone: String? { key == study ? nil : key }
    /// Each clip alone, under its own name.
    package var clipByClip: [StoredStudy] {
        clips.map {
            StoredStudy(key: $0.name, study: study, studyID: studyID, subjectID: subjectID, clips: [$0])
        }
    }
}

/// A category that models learn.
package struct Target: Sendable, Equatable, Codable {
    /// The model's output, from 0.
    package let index: Int
    package let category: String
    package let title: String
    package let positives: Int
    package let prevalence: Double
}

extension Catalog {
    /// The studies with kept clips, in order of their files; of one split, or all of them, which includes
    /// studies without a split; of what the catalog keeps to alone. A split is that of the subject, or the one that the
    /// source's own list gives the study.
    package func studies(in split: Split? = nil) throws(EchoError) -> [StoredStudy] {
        try read { db in
            let filter = split == nil ? "" : "AND coalesce(s.split, l.split) = ?"
            let sql = """
                SELECT c.study_key, c.study_id, c.subject_id, c.name, c.shard, c.frames,
                    c.frames_per_second, coalesce(c.tensor, c.name)
                FROM clip c
                LEFT JOIN split s ON s.subject_id = c.subject_id
                LEFT JOIN listed_study l ON l.study_key = c.study_key
                WHERE c.kept = 1 AND \(isKept) \(filter) ORDER BY c.id
                """
            let rows = try Row.fetchCursor(
                db, sql: sql, arguments: split.map { [$0.rawValue] } ?? StatementArguments())
            var studies: [StoredStudy] = []
            var places: [String: Int] = [:]
            while let row = try rows.next() {
                let key: String = try row.value(0)
                let clip = try StoredClip(
                    name: row.value(3), tensor: row.value(7), shard: row.fileName(4),
                    frames: row.count(5, upTo: 1 << 24), framesPerSecond: row.value(6))
                if let place = places[key] {
                    studies[place].clips.append(clip)
                } else {
                    places[key] = studies.count
                    studies.append(
                        try StoredStudy(
                            key: key, study: key, studyID: row.value(1), subjectID: row.value(2),
                            clips: [clip]))
                }
            }
            return studies
        }
    }

    /// The categories that models learn, in the order of the model's outputs; empty before link-icd.
    package func targets() throws(EchoError) -> [Target] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT idx, category, title, n_positive, prevalence FROM target ORDER BY idx"
            )
            .map { row in
                try Target(
                    index: row.count(0), category: row.value(1), title: row.value(2),
                    positives: row.count(3), prevalence: row.value(4))
            }
        }
    }
}

extension Catalog {
    /// The keys of the cohort's studies.
    package func studyKeysOfCohort() throws(EchoError) -> [String] {
        try read { db in try String.fetchAll(db, sql: "SELECT study_key FROM temp.cohort WHERE is_in = 1") }
    }

    /// Whose each clip and each study is, by the clip's name and the study's key.
    package func subjectsOfClips() throws(EchoError) -> [String: String] {
        try read { db in
            var found: [String: String] = [:]
            let rows = try Row.fetchCursor(
                db, sql: "SELECT name, study_key, subject_id FROM clip WHERE subject_id IS NOT NULL")
            while let row = try rows.next() {
                let subject = String(row[2] as Int64)
                found[row[0]] = subject
                found[row[1]] = subject
            }
            return found
        }
    }
}
