// `echoprep merge`: the parts that several workers wrote become one dataset.

import Catalog
package import EchoCore
import Files
import Foundation
import Shards

/// What a merge did.
package struct MergeSummary: Sendable, Codable {
    package let parts: Int
    package let clips: Int
    package let shards: Int

    fileprivate init(parts: Int, of catalog: Catalog) throws(EchoError) {
        self.parts = parts
        clips = try catalog.outcomes().filter(\.kept).reduce(0) { $0 + $1.files }
        shards = try catalog.shards().count
    }
}

/// Joins all parts of a dataset into it, and removes them.
///
/// Shards are moved, not copied, each with the rows of its files in one transaction; a merge that was stopped goes on.
/// - Throws: `EchoError` if a part is missing, not finished, or made by other rules
package func merge(dataset: String, commandLine: String) throws -> MergeSummary {
    try removeMerged(dataset)
    if try !isReadable(dataset + "/" + partsFolder), let done = try merged(dataset) { return done }
    let parts = try finishedParts(of: dataset)
    let catalog = try Catalog(datasetFolder: dataset, readOnly: false)
    guard let lock = try FileLock.take(dataset + "/.ingest.lock") else {
        throw EchoError("DATASET", "an echoprep ingest is writing to it", try: "wait for it")
    }
    var rules = parts[0].rules
    rules["part"] = "merged"
    rules["parts"] = String(parts.count)
    let last = try catalog.lastRun(of: "ingest")
    let run: Int64
    if let last, last.rules == rules {
        run = last.id
    } else {
        run = try catalog.beginRun("ingest", commandLine: commandLine, rules: rules)
    }
    try makeFolder(dataset + "/" + shardsFolder)
    for part in parts {
        try Interruption.check()
        try take(part.catalog, into: catalog, run: run)
    }
    try catalog.finishRun(run)
    // Under another name first: parts are there whole, or merged.
    try moveFile(dataset + "/" + partsFolder, to: dataset + "/" + mergedFolder)
    try removeMerged(dataset)
    _ = consume lock
    return try MergeSummary(parts: parts.count, of: catalog)
}

/// What a merge did that was stopped after its last part; nil where none was done, or something else since.
private func merged(_ dataset: String) throws(EchoError) -> MergeSummary? {
    guard let catalog = try Catalog.ifThere(datasetFolder: dataset),
        let run = try catalog.lastRun(of: "ingest"), run.finished, run.rules["part"] == "merged",
        let parts = run.rules["parts"].flatMap({ Int($0) })
    else { return nil }
    return try MergeSummary(parts: parts, of: catalog)
}

/// Whether a dataset has parts that wait for `merge`.
package func hasParts(_ dataset: String) throws(EchoError) -> Bool {
    if try isReadable(dataset + "/" + partsFolder) { return true }
    return try isReadable(dataset + "/" + mergedFolder)
}

/// Parts that are merged and wait for their removal.
private let mergedFolder = ".merged-parts"

private func removeMerged(_ dataset: String) throws(EchoError) {
    let folder = dataset + "/" + mergedFolder
    guard try isReadable(folder) else { return }
    do {
        try FileManager.default.removeItem(atPath: folder)
    } catch {
        throw EchoError(mergedFolder, "is merged but cannot be removed", try: "remove it")
    }
}

/// What one worker wrote.
private struct Part {
    let catalog: Catalog
    /// Those of its ingest, but for the part's number.
    let rules: [String: String]
}

/// The parts in their order, all there and finished by the same rules.
private func finishedParts(of dataset: String) throws(EchoError) -> [Part] {
    let folder = dataset + "/" + partsFolder
    let names = try isReadable(folder) ? entries(ofFolder: folder).map(\.name) : []
    let count = names.lazy.compactMap { $0.split(separator: "-").last.flatMap { Int($0) } }.first
    guard let count else {
        throw EchoError(dataset, "has no parts", try: "run echoprep ingest with --part first")
    }
    var parts: [Part] = []
    for number in 1...count {
        let name = "\(number)-of-\(count)"
        guard names.contains(name) else {
            throw EchoError(
                "\(partsFolder)/\(name)", "is not there", try: "run echoprep ingest --part \(number)/\(count)"
            )
        }
        let catalog = try Catalog(datasetFolder: "\(folder)/\(name)", readOnly: true)
        guard let run = try catalog.lastRun(of: "ingest"), run.finished else {
            throw EchoError(
                "\(partsFolder)/\(name)", "is not finished",
                try: "run echoprep ingest --part \(number)/\(count) again")
        }
        var rules = run.rules
        rules["part"] = nil
        if let first = parts.first, first.rules != rules {
            throw EchoError(
                "\(partsFolder)/\(name)", "was made by other options than part 1", try: "make it again")
        }
        parts.append(Part(catalog: catalog, rules: rules))
    }
    return parts
}

/// Moves one part's shards and copies its rows, those that are not there yet.
private func take(_ part: Catalog, into catalog: Catalog, run: Int64) throws {
    try catalog.replace(part.listedStudies(), run: run)
    let done = try catalog.finishedPaths()
    var rows = try part.clips().filter { !done.contains(PathText($0.path)) }
    while !rows.isEmpty {
        // The rows up to the end of the next shard, or the last ones, that have none.
        let shard = rows.first(where: \.kept)?.shard
        let end = shard.flatMap { shard in rows.lastIndex { $0.shard == shard } } ?? rows.count - 1
        var batch = Array(rows[...end])
        rows.removeSubrange(...end)
        let newName = try catalog.shards().last.flatMap(shardNumber).map { shardName($0 + 1) } ?? shardName(0)
        if let shard {
            let source = "\(part.folder)/\(shardsFolder)/\(shard)"
            let target = "\(catalog.folder)/\(shardsFolder)/\(newName)"
            // A merge that was stopped between this and the rows has moved it already.
            if try isReadable(source) || !isReadable(target) { try moveFile(source, to: target) }
        }
        var id = try catalog.lastClipID()
        for index in batch.indices {
            id += 1
            batch[index].id = id
            batch[index].runID = run
            if batch[index].kept {
                batch[index].shard = newName
                if let sum = batch[index].sha256, try !catalog.twins(sha256: sum).isEmpty {
                    batch[index].add(flag: "same-bytes")
                }
            }
        }
        try catalog.add(batch, withdrawn: shard.map { shard in try part.withdrawnRows(inShard: shard) } ?? [])
    }
}
