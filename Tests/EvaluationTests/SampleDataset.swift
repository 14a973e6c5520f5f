// A dataset of a few studies with everything that a report shows: dropped files, unlabelled studies, hostile titles.

import Catalog
import EchoCore
import Foundation
import GRDB
import Shards

/// Studies of two clips and one dropped file each, twenty unless said; every tenth study has no label.
struct SampleDataset {
    let path: String
    /// Code, title and how many of five studies have it.
    static let codes = [
        ("I50", "Heart failure", 2), ("K21", "Reflux <script>alert(\"1\")</script> & 'more'", 3),
        ("T82", "Complications of devices", 0),
    ]

    private static func usualSplit(_ subject: Int64) -> String {
        subject < 105 ? "train" : subject < 107 ? "val" : "test"
    }

    init(
        at folder: URL, studies: Int = 20, split: @escaping (Int64) -> String = SampleDataset.usualSplit
    ) throws {
        path = folder.path
        let shards = folder.appendingPathComponent("shards")
        try FileManager.default.createDirectory(at: shards, withIntermediateDirectories: true)
        let catalog = try Catalog(datasetFolder: path, readOnly: false)
        let run = try catalog.beginRun("ingest", commandLine: "", rules: ["pixels": "luma"])
        var writer = try SafetensorsWriter(
            shards.appendingPathComponent("shard-00000.safetensors").path, headerRoom: 1 << 14)
        var records: [ClipRecord] = []
        for study in 1...studies {
            for file in 0..<3 {
                var record = ClipRecord(
                    id: Int64(records.count + 1), runID: run, studyKey: "\(study)", studyID: Int64(study),
                    subjectID: SampleDataset.subject(study), name: "\(study)/\(study)_\(file)",
                    path: "\(study)_\(file).dcm")
                record.kept = file < 2
                record.kind = file < 2 ? .bmode : .still
                if file < 2 {
                    record.shard = "shard-00000.safetensors"
                    record.frames = 6
                    record.framesPerSecond = 30
                    (record.height, record.width) = (708, 1016)
                    let shape = [6, 28, 28]
                    let pixels = (0..<6 * 28 * 28).map { UInt8(($0 * (study + file)) % 200) }
                    try writer.add(record.name, .u8, shape: shape, bytes: pixels)
                } else {
                    record.reason = .still
                }
                records.append(record)
            }
        }
        try writer.finish()
        try catalog.add(records)
        try catalog.finishRun(run)
        try catalog.write { try SampleDataset.label($0, studies, split) }
    }

    static func subject(_ study: Int) -> Int64 { Int64(100 + study / 2) }
    static func has(_ study: Int, _ code: Int) -> Bool { (study + code) % 5 < codes[code].2 }

    private static func label(_ db: Database, _ studies: Int, _ split: (Int64) -> String) throws {
        try db.execute(sql: "INSERT INTO label_source VALUES ('link-icd', NULL)")
        for (index, code) in codes.enumerated() {
            try db.execute(
                sql: "INSERT INTO d_icd10cm VALUES (?, 'category', NULL, ?)", arguments: [code.0, code.1])
            try db.execute(
                sql: "INSERT INTO target VALUES (?, ?, ?, 7, 0.5, 'discharge', NULL)",
                arguments: [index, code.0, code.1])
        }
        for study in 1...studies {
            let subject = subject(study)
            try db.execute(
                sql: "INSERT INTO echo_study VALUES (?, ?, '2150-01-01 00:00:00', NULL)",
                arguments: [study, subject])
            let status = study % 10 == 0 ? "no-stay" : "labelled"
            try db.execute(
                sql: "INSERT INTO study_status VALUES (?, ?, NULL, 0)", arguments: [study, status])
            try db.execute(
                sql: "INSERT OR IGNORE INTO split VALUES (?, ?)", arguments: [subject, split(subject)])
            for index in codes.indices where status == "labelled" {
                if has(study, index) {
                    try db.execute(
                        sql: "INSERT INTO study_category VALUES (?, ?, 1, 1)",
                        arguments: [study, codes[index].0])
                }
                try db.execute(
                    sql: "INSERT INTO label VALUES ('link-icd', 'study', ?, ?, ?)",
                    arguments: [codes[index].0, "\(study)", has(study, index) ? 1 : 0])
            }
        }
    }

    /// Predictions for all studies, better for the first code, as a csv file.
    static func writePredictions(to file: URL) throws {
        var text = "study_id,subject_id,code,label,probability\n"
        for study in 1...20 where study % 10 != 0 {
            for (index, code) in codes.enumerated() {
                let truth = has(study, index)
                let noise = Double((study * 7 + index * 3) % 11) / 11
                let probability = 0.2 + (index == 0 && truth ? 0.4 : 0) + 0.3 * noise
                text += "\(study),\(subject(study)),\(code.0),\(truth ? 1 : 0),\(probability)\n"
            }
        }
        try Data(text.utf8).write(to: file)
    }
}
