// A dataset of a few small studies, written through the public API, whose labels show in the pictures.

import Catalog
import EchoCore
import Foundation
import GRDB
import Shards
import Training

/// Studies 1 ..< 15 of one subject each: 9 to learn from, 3 to choose by, 2 to test with.
struct TinyDataset {
    let folder: URL
    var path: String { folder.path }

    static func split(_ study: Int) -> Split { study <= 9 ? .train : study <= 12 ? .val : .test }

    /// - Parameters:
    ///   - labelled: with two targets and splits, as after link-icd
    ///   - channels: 1 or 3
    init(at folder: URL, labelled: Bool = true, channels: Int = 1, side: Int = 32) throws {
        self.folder = folder
        let shards = folder.appendingPathComponent("shards")
        try FileManager.default.createDirectory(at: shards, withIntermediateDirectories: true)
        let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
        let run = try catalog.beginRun("ingest", commandLine: "", rules: [:])

        var records: [ClipRecord] = []
        var tensors: [(name: String, dtype: DType, shape: [Int])] = []
        for study in 1..<15 {
            for clip in 0..<1 + study % 3 {
                let frames = 3 + 7 * clip + study
                var record = ClipRecord(
                    id: Int64(records.count + 1), runID: run, studyKey: "\(study)", studyID: Int64(study),
                    subjectID: Int64(100 + study), name: "\(study)/\(study)_\(clip)",
                    path: "\(study)_\(clip).dcm")
                record.kept = true
                record.shard = "shard-00000.safetensors"
                record.frames = frames
                records.append(record)
                tensors.append(
                    (record.name, .u8, [frames, side, side] + (channels == 3 ? [3] : [])))
            }
        }
        var writer = try SafetensorsWriter(
            shards.appendingPathComponent("shard-00000.safetensors").path, tensors: tensors)
        for (record, tensor) in zip(records, tensors) {
            try writer.add(
                tensor.name, .u8, shape: tensor.shape,
                bytes: TinyDataset.pixels(study: Int(record.studyID!), tensor.shape, channels: channels))
        }
        try writer.finish()
        try catalog.add(records)
        try catalog.finishRun(run)
        if labelled { try catalog.write { try TinyDataset.label($0) } }
    }

    /// Measurements as link-icd leaves them: a wall that grows with the study's number, of all studies but every fifth, and
    /// grades of a valve of the first twelve.
    func measure() throws {
        try Catalog(datasetFolder: folder.path, readOnly: false).write { db in
            try db.execute(sql: "INSERT INTO label_source VALUES ('measurements', NULL)")
            for study in 1..<15 {
                if study % 5 != 0 {
                    try db.execute(
                        sql: "INSERT INTO label VALUES ('measurements', 'study', 'septal_thickness', ?, ?)",
                        arguments: ["\(study)", 0.6 + 0.1 * Double(study)])
                }
                if study < 13 || study == 14 {
                    try db.execute(
                        sql: "INSERT INTO label VALUES ('measurements', 'study', 'mitral_regurg', ?, ?)",
                        arguments: ["\(study)", [0, 1, 1.5, 2, 3][study / 3]])
                }
            }
        }
    }

    /// A disc on black whose radius grows with the study's number, with noise.
    private static func pixels(study: Int, _ shape: [Int], channels: Int) -> [UInt8] {
        var random = SeededRandom(seed: 1, "pixels", study, shape[0])
        let (frames, side) = (shape[0], shape[1])
        var bytes: [UInt8] = []
        for frame in 0..<frames {
            let radius = Double(side) * (0.15 + 0.02 * Double(study) + 0.02 * Double(frame % 4))
            for y in 0..<side {
                for x in 0..<side {
                    let (dx, dy) = (Double(x) - Double(side) / 2, Double(y) - Double(side) / 2)
                    let level = (dx * dx + dy * dy).squareRoot() < radius ? 140 : 20
                    for _ in 0..<channels { bytes.append(UInt8(level + random.below(40))) }
                }
            }
        }
        return bytes
    }

    /// Targets I50 (the large ones) and K21 (the odd ones).
    private static func label(_ db: Database) throws {
        try db.execute(sql: "INSERT INTO label_source VALUES ('link-icd', NULL)")
        for (index, category) in ["I50", "K21"].enumerated() {
            try db.execute(
                sql: "INSERT INTO target VALUES (?, ?, ?, 7, 0.5, 'discharge', NULL)",
                arguments: [index, category, category])
        }
        for study in 1..<15 {
            let subject = 100 + study
            try db.execute(
                sql: "INSERT INTO echo_study VALUES (?, ?, '2150-01-01 00:00:00', NULL)",
                arguments: [study, subject])
            try db.execute(
                sql: "INSERT INTO study_status VALUES (?, 'labelled', NULL, 0)", arguments: [study])
            try db.execute(
                sql: "INSERT INTO split VALUES (?, ?)",
                arguments: [subject, TinyDataset.split(study).rawValue])
            // Both classes in every split.
            for (has, category) in [(study % 4 < 2, "I50"), (study % 2 == 1, "K21")] {
                if has {
                    try db.execute(
                        sql: "INSERT INTO study_category VALUES (?, ?, 1, 1)", arguments: [study, category])
                }
                try db.execute(
                    sql: "INSERT INTO label VALUES ('link-icd', 'study', ?, ?, ?)",
                    arguments: [category, "\(study)", has ? 1 : 0])
            }
        }
    }
}
