// A small release in MIMIC-IV-ECHO's layout that is changed between two ingests, and what a dataset shows of it.

import Catalog
import EchoCore
import Files
import Foundation
import Shards

/// Files and the list that names them, under `folder`.
struct Release {
    let folder: URL
    private(set) var files: [String: (subject: Int, study: Int, bytes: [UInt8])] = [:]

    /// Studies 1 ..< `studies` + 1 of one subject each, three clips each, the second one dropped.
    init(_ folder: URL, studies: Int, frames: Int = 3, height: Int = 60, width: Int = 80) throws {
        self.folder = folder
        for study in 1...studies {
            for clip in 1...3 {
                let bytes = try TinySource.bytes(
                    clip == 2 ? .still : .bmode, seed: UInt64(study * 10 + clip), height: height,
                    width: width,
                    frames: frames)
                files[Release.path(study, clip)] = (10_000_000 + study, 90_000_000 + study, bytes)
            }
        }
    }

    /// A clip of no other file.
    static func clip(_ seed: UInt64) throws -> [UInt8] {
        try TinySource.bytes(.bmode, seed: seed, height: 60, width: 80, frames: 3)
    }

    static func path(_ study: Int, _ clip: Int, subject: Int? = nil) -> String {
        let subject = subject ?? 10_000_000 + study
        return "files/p10/p\(subject)/s\(90_000_000 + study)/\(90_000_000 + study)_000\(clip).dcm"
    }

    mutating func remove(_ path: String) { files[path] = nil }

    mutating func add(_ path: String, study: Int, subject: Int? = nil, _ bytes: [UInt8]) {
        files[path] = (subject ?? 10_000_000 + study, 90_000_000 + study, bytes)
    }

    mutating func set(_ path: String, bytes: [UInt8]) { files[path]?.bytes = bytes }

    /// Moves all clips of a study to another subject, in folders of its own.
    mutating func move(study: Int, to subject: Int) {
        for (path, file) in files where file.study == 90_000_000 + study {
            files[path] = nil
            files[path.replacingOccurrences(of: "p\(file.subject)", with: "p\(subject)")] =
                (subject, file.study, file.bytes)
        }
    }

    /// Corrects the subject of a study in the list alone.
    mutating func correct(study: Int, subject: Int) {
        for (path, file) in files where file.study == 90_000_000 + study { files[path]?.subject = subject }
    }

    /// Writes the list, and those files that are wanted and not as they lie there; removes files that are not wanted.
    func write(only wanted: (String) -> Bool = { _ in true }) throws {
        try makeFolder(folder.path)
        var list = "subject_id,study_id,acquisition_datetime,dicom_filepath\n"
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            list += "\(file.subject),\(file.study),2180-01-01 10:00:00,\(path)\n"
        }
        try writeFile(folder.path + "/echo-record-list.csv", Array(list.utf8))
        let there = FileManager.default.enumerator(atPath: folder.path + "/files")?.allObjects as? [String]
        for path in there ?? [] where path.hasSuffix(".dcm") {
            let path = "files/" + path
            if files[path] == nil || !wanted(path) { try removeFile(folder.path + "/" + path) }
        }
        for (path, file) in files where wanted(path) {
            let place = folder.appendingPathComponent(path)
            if let bytes = try? readFile(place.path), bytes == file.bytes { continue }
            try makeFolder(place.deletingLastPathComponent().path)
            try writeFile(place.path, file.bytes)
        }
    }
}

/// All that training can see of a dataset, and all rows but for where their clips lie and who wrote them.
struct Contents: Equatable {
    struct Clip: Equatable {
        let name: String, frames: Int, framesPerSecond: Double?, pixels: Data
    }
    struct Study: Equatable {
        let key: String, studyID: Int64?, subjectID: Int64?, clips: [Clip]
    }

    let studies: [Study]
    let rows: [ClipRecord]

    init(_ dataset: URL) throws {
        let catalog = try Catalog(datasetFolder: dataset.path, readOnly: true)
        var open: [String: SafetensorsFile] = [:]
        studies = try catalog.studies().map { study in
            let clips = try study.clips.map { clip in
                let shard =
                    try open[clip.shard] ?? SafetensorsFile(path: "\(dataset.path)/shards/\(clip.shard)")
                open[clip.shard] = shard
                return Clip(
                    name: clip.name, frames: clip.frames, framesPerSecond: clip.framesPerSecond,
                    pixels: try shard.bytes(clip.tensor))
            }
            return Study(key: study.key, studyID: study.studyID, subjectID: study.subjectID, clips: clips)
        }
        rows = try catalog.clips().map { row in
            var row = row
            row.runID = 0
            row.shard = nil
            row.tensor = nil
            return row
        }
    }
}
