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
                let key: String = row[0]
                let clip = StoredClip(
                    name: row[3], tensor: row[7], shard: row[4], frames: row[5], framesPerSecond: row[6])
                if let place = places[key] {
                    studies[place].clips.append(clip)
                } else {
                    places[key] = studies.count
                    studies.append(
                        StoredStudy(
                            key: key, study: key, studyID: row[1], subjectID: row[2], clips: [clip]))
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
            .map { Target(index: $0[0], category: $0[1], title: $0[2], positives: $0[3], prevalence: $0[4]) }
        }
    }
}
