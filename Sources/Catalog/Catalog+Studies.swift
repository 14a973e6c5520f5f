// What training and evaluation ask: the studies of a split with their clips, targets and labels.

public import EchoCore
import GRDB

/// A kept clip, as training finds it in a shard.
public struct StoredClip: Sendable, Equatable {
    /// The tensor's name.
    public let name: String
    /// File name under the dataset's shards/.
    public let shard: String
    public let frames: Int
    public let framesPerSecond: Double?
}

/// A study with at least one kept clip.
public struct StoredStudy: Sendable, Equatable {
    /// The study as text; its number where the layout has numbers.
    public let key: String
    public let studyID: Int64?
    public let subjectID: Int64?
    /// In the order of their files.
    public var clips: [StoredClip]
}

/// A category that models learn.
public struct Target: Sendable, Equatable, Codable {
    /// The model's output, from 0.
    public let index: Int
    public let category: String
    public let title: String
    public let positives: Int
    public let prevalence: Double
}

/// The labels of one study.
public struct StudyLabels: Sendable, Equatable {
    public let studyID: Int64
    public let subjectID: Int64
    /// nil where no split was drawn.
    public let split: Split?
    /// One for each target, in their order.
    public let values: [Bool]
}

extension Catalog {
    /// The studies with kept clips, in order of their files; of one split, or all of them, which includes
    /// studies without a split. A split is that of the subject, or the one that the source's own list gives the study.
    public func studies(in split: Split? = nil) throws(EchoError) -> [StoredStudy] {
        try read { db in
            let filter = split == nil ? "" : "AND coalesce(s.split, l.split) = ?"
            let sql = """
                SELECT c.study_key, c.study_id, c.subject_id, c.name, c.shard, c.frames, c.frames_per_second
                FROM clip c
                LEFT JOIN split s ON s.subject_id = c.subject_id
                LEFT JOIN listed_study l ON l.study_key = c.study_key
                WHERE c.kept = 1 \(filter) ORDER BY c.id
                """
            let rows = try Row.fetchCursor(
                db, sql: sql, arguments: split.map { [$0.rawValue] } ?? StatementArguments())
            var studies: [StoredStudy] = []
            var places: [String: Int] = [:]
            while let row = try rows.next() {
                let key: String = row[0]
                let clip = StoredClip(name: row[3], shard: row[4], frames: row[5], framesPerSecond: row[6])
                if let place = places[key] {
                    studies[place].clips.append(clip)
                } else {
                    places[key] = studies.count
                    studies.append(StoredStudy(key: key, studyID: row[1], subjectID: row[2], clips: [clip]))
                }
            }
            return studies
        }
    }

    /// The categories that models learn, in the order of the model's outputs; empty before link-icd.
    public func targets() throws(EchoError) -> [Target] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT idx, category, title, n_positive, prevalence FROM target ORDER BY idx"
            )
            .map { Target(index: $0[0], category: $0[1], title: $0[2], positives: $0[3], prevalence: $0[4]) }
        }
    }

    /// The labelled studies of one split, or all of them, in order of their numbers.
    ///
    /// A study that is not here is not labelled; that is not the same as having none of the targets.
    public func labels(in split: Split? = nil) throws(EchoError) -> [StudyLabels] {
        let targets = try targets()
        return try read { db in
            let positions = Dictionary(uniqueKeysWithValues: targets.enumerated().map { ($1.category, $0) })
            let filter = split == nil ? "" : "WHERE split = ?"
            let sql = """
                SELECT study_id, subject_id, split, category, value FROM v_label \(filter) ORDER BY study_id
                """
            let rows = try Row.fetchCursor(
                db, sql: sql, arguments: split.map { [$0.rawValue] } ?? StatementArguments())
            var studies: [StudyLabels] = []
            var values = [Bool](repeating: false, count: targets.count)
            var current: (study: Int64, subject: Int64, split: Split?)?
            func flush() {
                guard let current else { return }
                studies.append(
                    StudyLabels(
                        studyID: current.study, subjectID: current.subject, split: current.split,
                        values: values))
                values = [Bool](repeating: false, count: targets.count)
            }
            while let row = try rows.next() {
                let study: Int64 = row[0]
                if study != current?.study {
                    flush()
                    current = (study, row[1], (row[2] as String?).flatMap(Split.init))
                }
                let category: String = row[3]
                if let position = positions[category] { values[position] = row[4] }
            }
            flush()
            return studies
        }
    }
}
