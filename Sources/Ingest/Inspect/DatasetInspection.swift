// What a dataset folder holds, and what a safetensors file is.

import Catalog
import EchoCore
import Files
import Foundation
import Shards

/// The facts of a dataset folder.
func inspectDataset(_ folder: String) throws(EchoError) -> Inspection {
    guard try isReadable(folder + "/" + Catalog.fileName) else {
        throw EchoError(
            folder, "is a folder without \(Catalog.fileName)",
            try: "name a dataset, or a file of another kind; echoprep status says what other folders are")
    }
    let catalog = try Catalog(datasetFolder: folder, readOnly: true)
    var report = Inspection("dataset")
    if let run = try catalog.lastRun(of: "ingest") {
        let rules = run.rules.filter { $0.key != "source" }.sorted { $0.key < $1.key }
        report.add("rules", rules.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
        report.add("ingest", run.finished ? "done" : "not done: the same command goes on")
    }
    let studies = try catalog.studies()
    let clips = studies.flatMap(\.clips)
    report.add("studies", "\(grouped(studies.count)) with clips")
    report.add("clips", "\(grouped(clips.count)), \(grouped(clips.reduce(0) { $0 + $1.frames })) frames")
    report.add("shards", grouped(try catalog.shards().count))
    for outcome in try catalog.outcomes() {
        let name = outcome.kept ? "kept" : "dropped"
        let kind = outcome.reason?.rawValue ?? outcome.kind?.rawValue ?? ""
        report.add(name, "\(grouped(outcome.files)) \(kind)")
    }
    let withdrawn = try catalog.withdrawnClips().count
    if withdrawn > 0 { report.add("withdrawn", "\(grouped(withdrawn)) clips still in shards") }
    let targets = try catalog.targets()
    if !targets.isEmpty {
        report.add("targets", "\(targets.count): " + targets.map(\.category).joined(separator: " "))
        for split in Split.allCases {
            let labelled = try catalog.labels(
                of: targets.map(\.category), from: LabelSource.linkICD, in: split
            ).count
            report.add(split.rawValue, "\(grouped(labelled)) labelled studies")
        }
    }
    return report
}

/// Whether a file begins as safetensors do: a length that leaves room in the file, and a brace.
func isSafetensors(_ path: String) -> Bool {
    guard let file = try? mapFile(path), file.count > 9 else { return false }
    let length = file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return length < UInt64(file.count) && file[file.startIndex + 8] == UInt8(ascii: "{")
}

/// The facts of a shard, a checkpoint or another safetensors file.
func inspectTensors(_ path: String) throws(EchoError) -> Inspection {
    let file = try SafetensorsFile(path: path)
    let clips = shardedClips(file.metadata)
    let isCheckpoint = file.tensors.keys.contains("patch_embed.proj.weight")
    var report = Inspection(clips != nil ? "shard" : isCheckpoint ? "checkpoint" : "tensors")
    report.add("what", report.what == "tensors" ? "safetensors" : report.what)
    let bytes = file.tensors.values.reduce(0) { $0 + $1.byteRange.count }
    report.add("tensors", "\(grouped(file.names.count)), \(grouped(bytes)) bytes")
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) where key != "clips" {
        report.add(key, value)
    }
    if let clips { report.add("studies", grouped(Set(clips.values.map(\.study)).count)) }
    for name in file.names {
        let tensor = try file.info(name)
        let shape = tensor.shape.map(String.init).joined(separator: " × ")
        report.add(brief(name, 200), "\(tensor.dtype.rawValue) \(shape)")
    }
    return report
}
