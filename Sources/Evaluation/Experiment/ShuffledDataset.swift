// A dataset with the same clips and other people's labels.

import Catalog
import EchoCore
import Files
import Foundation

/// Makes a dataset folder that shares the shards of another and deals its labels out anew.
func shuffleLabels(of dataset: String, into folder: String, seed: UInt64) throws {
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
    try moveFile(folder + ".part", to: folder)
}
