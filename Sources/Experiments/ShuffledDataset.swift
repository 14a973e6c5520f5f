// A dataset with the same clips and other people's labels.

import Catalog
import EchoCore
import Files
import Foundation
import StudyData
import Tasks

/// Makes a dataset folder that shares the shards of another and deals its labels out anew, unless it is there.
///
/// - Throws: `EchoError`, also where it is there and was made of other labels or by another seed
func shuffleLabels(
    of dataset: String, into folder: String, task: TrainTask, keeping selection: Selection, seed: UInt64
) throws {
    let digest = try StudySet(dataset: dataset, task: task, keeping: selection).digest
    let origin = "\(digest) \(seed)", note = folder + "/origin.txt"
    if FileManager.default.fileExists(atPath: folder) {
        guard try readFile(note, upTo: 1 << 12) == Array(origin.utf8) else {
            throw EchoError(
                "--out", "holds shuffled labels of another dataset, other labels or another first seed",
                try: "name another folder")
        }
        return
    }
    try? FileManager.default.removeItem(atPath: folder + ".part")
    try makeFolder(folder + ".part")
    let source = URL(fileURLWithPath: dataset).standardizedFileURL
    do {
        try FileManager.default.createSymbolicLink(
            at: URL(fileURLWithPath: folder + ".part/shards"),
            withDestinationURL: source.appendingPathComponent("shards"))
        try FileManager.default.copyItem(
            at: source.appendingPathComponent(Catalog.fileName),
            to: URL(fileURLWithPath: "\(folder).part/\(Catalog.fileName)"))
    } catch {
        throw EchoError(
            "--dataset", "cannot be copied into --out", try: "check both folders and their permissions")
    }
    try Catalog(datasetFolder: folder + ".part", readOnly: false).shuffleLabels(seed: seed)
    try writeFile(folder + ".part/origin.txt", Array(origin.utf8))
    try moveFile(folder + ".part", to: folder)
}
