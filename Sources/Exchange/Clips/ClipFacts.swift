// What goes beside a clip that leaves: who it is of, what it is, and all its labels.

import Catalog
import EchoCore
import Foundation
import GRDB

/// A kept clip with its study, its split and where it lies.
struct ClipFacts: Sendable {
    let name: String, tensor: String, shard: String
    let frames: Int, framesPerSecond: Double?, frameTimes: [Double]?
    let study: String, studyID: Int64?, subjectID: Int64?
    let kind: String?, sha256: String?, checksum: String?
    let split: Split?

    /// All kept clips in the order of their files, of one split or all; those that are withdrawn are in no row.
    static func all(_ catalog: Catalog, in split: Split?) throws(EchoError) -> [ClipFacts] {
        try catalog.read { db in
            let sql = """
                SELECT c.name, coalesce(c.tensor, c.name), c.shard, c.frames, c.frames_per_second, c.frame_times, c.study_key,
                    c.study_id, c.subject_id, c.kind, c.sha256, c.checksum, coalesce(s.split, l.split) AS split
                FROM clip c
                LEFT JOIN split s ON s.subject_id = c.subject_id
                LEFT JOIN listed_study l ON l.study_key = c.study_key
                WHERE c.kept = 1 AND \(catalog.isKept) AND (?1 IS NULL OR coalesce(s.split, l.split) = ?1) ORDER BY c.id
                """
            return try Row.fetchAll(db, sql: sql, arguments: [split?.rawValue]).map { row in
                let times: String? = try row.value(5), split: String? = try row.value(12)
                return try ClipFacts(
                    name: row.value(0), tensor: row.value(1), shard: row.fileName(2),
                    frames: row.count(3, upTo: 1 << 24), framesPerSecond: row.value(4),
                    frameTimes: times.flatMap {
                        try? JSONDecoder().decode([Double].self, from: Data($0.utf8))
                    },
                    study: row.value(6), studyID: row.value(7), subjectID: row.value(8), kind: row.value(9),
                    sha256: row.value(10), checksum: row.value(11), split: split.flatMap(Split.init))
            }
        }
    }
}

/// The labels of a dataset, by what they are of.
struct LeavingLabels: Sendable {
    /// By unit and key, then by source and target; what is unknown is not there.
    private var values: [String: [String: [String: Double]]] = [:]

    /// None.
    init() {}

    /// Adds one to a clip.
    mutating func add(_ source: String, _ target: String, _ value: Double, to clip: ClipFacts) {
        values["clip \(clip.name)", default: [:]][source, default: [:]][target] = value
    }

    init(_ catalog: Catalog) throws(EchoError) {
        values = try catalog.read { db in
            var values: [String: [String: [String: Double]]] = [:]
            let rows = try Row.fetchCursor(
                db,
                // Of one class out of several the one that holds says it all.
                sql: """
                    SELECT unit, key, source, target, value FROM label
                    WHERE value IS NOT NULL AND (value <> 0 OR instr(target, '=') = 0)
                    """)
            while let row = try rows.next() {
                let unit: String = try row.value(0), key: String = try row.value(1)
                let source: String = try row.value(2), target: String = try row.value(3)
                let value: Double = try row.value(4)
                values["\(unit) \(key)", default: [:]][source, default: [:]][target] = value
            }
            return values
        }
    }

    /// Those of a clip: its own, its study's and its subject's.
    func labels(of clip: ClipFacts) -> [String: [String: Double]] {
        var found: [String: [String: Double]] = [:]
        let keys = [
            "subject \(clip.subjectID.map { "\($0)" } ?? "")", "study \(clip.study)", "clip \(clip.name)",
        ]
        for key in keys {
            found.merge(values[key] ?? [:]) { $0.merging($1) { $1 } }
        }
        return found
    }
}

/// The JSON beside a clip.
struct ClipDescription: Encodable {
    let name: String, study: String
    let studyID: Int64?, subjectID: Int64?
    let split: String?, kind: String?
    let frames: Int, height: Int, width: Int, channels: String
    /// nil where nothing is known of time.
    let framesPerSecond: Double?
    /// Seconds from the first frame, where steps differ.
    let frameTimes: [Double]?
    /// Places in the stored clip, where they are not all.
    let storedFrames: [Int]?
    /// Of the source file.
    let sha256: String?
    /// Decibels.
    let psnr: Double?
    /// By source and target.
    let labels: [String: [String: Double]]

    private enum CodingKeys: String, CodingKey {
        case name, study, split, kind, frames, height, width, channels, sha256, psnr, labels
        case studyID = "study_id"
        case subjectID = "subject_id"
        case framesPerSecond = "frames_per_second"
        case frameTimes = "frame_times"
        case storedFrames = "stored_frames"
    }
}
