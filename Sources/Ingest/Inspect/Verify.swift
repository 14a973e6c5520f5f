// `echoprep verify`: whether a dataset is still what its ingest wrote.

import Catalog
import EchoCore
import Files
import Shards

/// What a verification found.
package struct Verification: Sendable, Codable {
    /// Something that is not as it was written.
    package struct Problem: Sendable, Codable, Equatable {
        /// The file or the clip, relative to the dataset.
        package let place: String
        package let what: String
    }

    package let shards: Int
    package let clips: Int
    /// Clips that are withdrawn and whose bytes are still there.
    package let withdrawn: Int
    /// Clips that people excluded, whose bytes were not looked at.
    package let excluded: Int
    /// Bytes of tensors read and summed.
    package let bytes: Int
    package let problems: [Problem]
    /// What is as it was written, and not as people may think.
    package let notes: [String]

    /// One line for each problem, and what was looked at.
    package var text: String {
        let lines = problems.map { "\($0.place): \($0.what)" }
        let verdict = problems.isEmpty ? "nothing wrong" : "\(grouped(problems.count)) problems"
        let former = withdrawn > 0 ? " and \(grouped(withdrawn)) that are withdrawn" : ""
        let rest = excluded > 0 ? " and \(grouped(excluded)) that people exclude" : ""
        let seen =
            "\(grouped(clips)) clips\(former)\(rest) in \(grouped(shards)) shards, \(grouped(bytes)) bytes summed"
        return (lines + notes + ["\(seen): \(verdict)"]).joined(separator: "\n")
    }
}

/// Reads all of a dataset: the database's own consistency, every shard's header and every tensor's checksum, and
/// database against shards both ways.
///
/// - Parameter decisions: whose exclusions hold: what is wrong with such a clip is of no concern, and a decision whose clip is
///   gone or has other bytes is a problem; nil for nobody's
/// - Throws: `EchoError` if there is no database to read, `Interrupted` when asked to stop
package func verify(
    dataset: String, jobs: Int = availableProcessors(), decisions: String? = nil
) throws -> Verification {
    let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
    let decided = try Decided(decisions, dataset)
    var problems = try catalog.inconsistencies().map {
        Verification.Problem(place: Catalog.fileName, what: $0)
    }
    let (altered, unknown) = try catalog.alterations()
    problems += altered.map { Verification.Problem(place: Catalog.fileName, what: text(of: $0)) }
    let folder = dataset + "/" + shardsFolder
    let named = try catalog.shards()
    let retired = Set(try catalog.retiredShards())
    let found = try isReadable(folder) ? entries(ofFolder: folder).map(\.name) : []
    for name in found where !retired.contains(name) && !named.contains(name) && !name.hasPrefix(".") {
        problems.append(
            Verification.Problem(place: "\(shardsFolder)/\(name)", what: "is in no row of the database"))
    }
    let (gone, notes) = try orphans(of: catalog, decided)
    problems += gone
    let progress = Progress("verify", total: named.count, unit: "shards")
    var clips = 0, withdrawn = 0, excluded = 0, bytes = 0
    try produceInOrder(
        named.count, workers: jobs, window: 2 * jobs,
        produce: {
            try ShardVerifier(
                folder, named[$0], rows: catalog.clips(inShard: named[$0]),
                withdrawn: catalog.withdrawnClips(inShard: named[$0]), excluded: decided.excluded
            ).verified()
        },
        consume: { index, shard in
            try Interruption.check()
            problems += shard.problems
            clips += shard.clips
            withdrawn += shard.withdrawn.count
            excluded += shard.rows.count - shard.clips
            bytes += shard.bytes
            progress.update(index + 1)
        })
    return Verification(
        shards: named.count, clips: clips, withdrawn: withdrawn, excluded: excluded, bytes: bytes,
        problems: problems,
        notes: decided.notes + notes
            + (unknown.isEmpty
                ? []
                : [
                    "not summed: \(unknown.joined(separator: ", ")): by an earlier program, or a command was stopped or is at work"
                ]))
}

/// Which rows are others than were written, and what to do about it.
private func text(of alteration: Alteration) -> String {
    let (table, part) = (alteration.table, printable(alteration.part))
    let isLabels = table.hasPrefix("label")
    let rows = part.isEmpty ? "table \(table)" : "table \(table), rows of \(isLabels ? part : "run \(part)")"
    let writer = alteration.writer.map { " as \(printable($0)) left them" } ?? " as they were left"
    let counts =
        alteration.before == alteration.now
        ? "" : " (\(grouped(alteration.before)), now \(grouped(alteration.now)))"
    let remedy =
        switch table {
        case "clip", "withdrawn_clip", "retired_shard", "listed_study": "or ingest into a new folder"
        case "run", "rule", "source_file", "reject", "table_sum": "or make the dataset anew"
        case "label", "label_source":
            part == LabelSource.linkICD || part == LabelSource.measurements
                ? "or run echoprep link-icd again" : "or import or ingest them again"
        default: "or run echoprep link-icd again"
        }
    let state =
        alteration.wasOverwritten ? "were no longer\(writer), before more was written" : "are not\(writer)"
    return "\(rows): \(state)\(counts): restore the file from a copy, \(remedy)"
}

/// Whose decisions a verification keeps to.
private struct Decided {
    let choice: String?
    let excluded: Set<String>
    let notes: [String]

    init(_ choice: String?, _ dataset: String) throws {
        let selection = Selection(decisions: choice)
        self.choice = selection.decisions
        guard selection.decisions != nil else {
            (excluded, notes) = ([], [])
            return
        }
        let left = try Catalog(datasetFolder: dataset, keeping: selection)
        excluded = try left.excludedClips()
        notes = left.kept
    }
}

/// Decisions that are about nothing in the dataset any more: problems for who keeps to them, else notes.
private func orphans(
    of catalog: Catalog, _ decided: Decided
) throws -> (problems: [Verification.Problem], notes: [String]) {
    guard let orphans = try Decisions.orphans(of: catalog, decided.choice) else { return ([], []) }
    var found: [String] = []
    if orphans.gone > 0 { found.append("\(grouped(orphans.gone)) decided clips are gone") }
    if orphans.changed > 0 {
        found.append("\(grouped(orphans.changed)) decided clips have other bytes now: decide again")
    }
    guard decided.choice != nil else { return ([], found.map { "review: \($0)" }) }
    return (found.map { Verification.Problem(place: Decisions.fileName, what: $0) }, [])
}

/// One shard against its rows.
private struct ShardVerifier {
    let path: String, name: String
    let rows: [ClipRecord], withdrawn: [ClipRecord]
    private let excluded: Set<String>
    private(set) var problems: [Verification.Problem] = []
    private(set) var bytes = 0
    var clips: Int { rows.count { !excluded.contains($0.name) } }

    init(
        _ folder: String, _ name: String, rows: [ClipRecord], withdrawn: [ClipRecord], excluded: Set<String>
    ) {
        path = folder + "/" + name
        self.name = name
        self.rows = rows
        self.withdrawn = withdrawn
        self.excluded = excluded
    }

    func verified() -> ShardVerifier {
        var copy = self
        copy.verify()
        return copy
    }

    private mutating func add(_ place: String, _ what: String) {
        problems.append(Verification.Problem(place: "\(shardsFolder)/\(name)\(place)", what: what))
    }

    private mutating func verify() {
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(path: path)
        } catch {
            return add("", error.problem)
        }
        guard let facts = shardedClips(file.metadata) else {
            return add("", "is a safetensors file, but no shard")
        }
        if !isAsSealed(file.metadata) { add("", "its metadata are not what was written") }
        let known = Set((rows + withdrawn).map { $0.tensor ?? $0.name })
        for name in file.names where !known.contains(name) { add(" \(name)", "is in no row of the database") }
        var studies: [String] = []
        for row in withdrawn where file.tensors[row.tensor ?? row.name] == nil {
            add(" \(row.name)", "is withdrawn by the database and not in the shard")
        }
        for row in rows {
            if studies.last != row.studyKey { studies.append(row.studyKey) }
            if excluded.contains(row.name) { continue }
            let name = row.tensor ?? row.name
            guard let tensor = file.tensors[name], let data = try? file.bytes(name) else {
                add(" \(row.name)", "is in the database and not in the shard")
                continue
            }
            bytes += data.count
            if let frames = try? ClipFrames(name, in: file).count {
                if frames != row.frames {
                    add(" \(row.name)", "has \(frames) frames, the database says \(row.frames ?? 0)")
                }
            } else {
                add(" \(row.name)", "is no clip: \(tensor.dtype.rawValue) \(tensor.shape)")
            }
            // A row that was corrected since has other names than its shard.
            let isSame =
                row.tensor == nil ? facts[name] == ShardedClip(row) : facts[name]?.isSameClip(row) ?? false
            if !isSame {
                add(" \(row.name)", "has other facts than the database")
            }
            if xxh3(data) != row.checksum { add(" \(row.name)", "its bytes have another checksum") }
        }
        if Set(studies).count != studies.count { add("", "a study's clips are not together") }
    }
}
