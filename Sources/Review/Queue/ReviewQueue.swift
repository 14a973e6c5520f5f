// The clips of a reading, in the order in which they are looked at.

import Catalog
import EchoCore
import GRDB

/// A clip that is to be looked at.
struct QueuedClip: Sendable {
    let name: String, study: String
    let kept: Bool
    let reason: DropReason?
    let frames: Int
    let framesPerSecond: Double?
    let sha256: String?
}

/// The clips of a reading in its order.
struct ReviewQueue: Sendable {
    let clips: [QueuedClip]
    /// By name.
    let places: [String: Int]
    /// Of each clip, the number of its study in this order, from 0.
    let studies: [Int]

    init(_ clips: [QueuedClip]) {
        self.clips = clips
        places = Dictionary(clips.enumerated().map { ($1.name, $0) }) { first, _ in first }
        var numbers: [String: Int] = [:]
        studies = clips.map { clip in
            if let number = numbers[clip.study] { return number }
            let number = numbers.count
            numbers[clip.study] = number
            return number
        }
    }

    /// Whether a clip of that name has those bytes; of a decision that names none any.
    func has(_ name: String, sha256: String?) -> Bool {
        guard let place = places[name] else { return false }
        return sha256 == nil || clips[place].sha256 == sha256
    }

    /// The files of a dataset that a reading looks at, as they lie.
    static func files(_ catalog: Catalog, _ choice: ReadingOptions.ClipChoice) throws(EchoError)
        -> [QueuedClip]
    {
        let kept =
            switch choice {
            case .all: "1"
            case .kept: "c.kept = 1"
            case .dropped: "c.kept = 0"
            }
        return try catalog.read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT c.name, c.study_key, c.kept, c.reason, c.frames, c.frames_per_second, c.sha256 FROM clip c
                    WHERE \(kept) AND \(catalog.isInCohort("c.study_key")) ORDER BY c.id
                    """)
            var clips: [QueuedClip] = []
            while let row = try rows.next() {
                clips.append(
                    QueuedClip(
                        name: row[0], study: row[1], kept: row[2],
                        reason: (row[3] as String?).flatMap(DropReason.init), frames: row[4] ?? 0,
                        framesPerSecond: row[5], sha256: row[6]))
            }
            return clips
        }
    }

    /// Whole studies, each with its clips as they lie, in the order of a number, ties as they lie.
    static func ordered(_ files: [QueuedClip], by rank: [String: Double]) -> [QueuedClip] {
        let studies = byStudy(files)
        let order = studies.indices.sorted {
            let (a, b) = (rank[studies[$0][0].study] ?? .infinity, rank[studies[$1][0].study] ?? .infinity)
            return (a, $0) < (b, $1)
        }
        return order.flatMap { studies[$0] }
    }

    /// Studies and their clips in an order that a seed and a rater's name draw.
    static func shuffled(_ files: [QueuedClip], seed: UInt64, rater: String) -> [QueuedClip] {
        var random = SeededRandom(seed: seed, "review \(rater)")
        var studies = byStudy(files)
        for index in studies.indices { studies[index].shuffle(using: &random) }
        return studies.shuffled(using: &random).flatMap { $0 }
    }

    private static func byStudy(_ files: [QueuedClip]) -> [[QueuedClip]] {
        var places: [String: Int] = [:]
        var studies: [[QueuedClip]] = []
        for clip in files {
            if let place = places[clip.study] {
                studies[place].append(clip)
            } else {
                places[clip.study] = studies.count
                studies.append([clip])
            }
        }
        return studies
    }
}
