// `echoprep export clips`: exactly our clips, in forms that other programs' loaders read.

package import Catalog
import Crop
package import EchoCore
import Files
import Foundation
import Shards
package import Video

/// What `echoprep export clips` is asked to do.
package struct ClipExportOptions: Sendable {
    package var format: ClipFormat
    package var changes = ClipChanges()
    /// Of `mp4`: how frames are coded, and how well.
    package var code = VideoCode.h264, quality = 18
    /// Clips of one split; nil for all, each split in packs of its own.
    package var split: Split?
    /// The studies and views to keep to.
    package var selection = Selection()
    /// Bytes of frames after which a pack ends with its study.
    package var packSize = 256 << 20
    /// Without names, numbers and sums of the source, and without labels of few people.
    package var isShared = false
    /// Packs that are made at once.
    package var jobs = availableProcessors()

    package init(format: ClipFormat) { self.format = format }
}

/// What was written.
package struct ClipExportSummary: Sendable, Codable {
    package let format: String
    /// What the clips were chosen by, a sentence each.
    package let kept: [String]
    package let clips: Int, studies: Int, packs: Int
    /// Bytes of the files that this command wrote; packs that were there are not counted.
    package let bytes: Int
    /// Clips whose frame rate is not known: `--fps` left them as they are.
    package let unknownRates: Int
    /// Of clips that were coded with loss, in decibels; nil without.
    package let meanNoise: Double?, worstNoise: Double?

    /// The lines that are printed.
    package var text: String {
        var text = "\(grouped(clips)) clips of \(grouped(studies)) studies in \(grouped(packs)) packs, "
        text += "\(grouped(bytes)) bytes written"
        if let meanNoise, let worstNoise {
            text += String(format: "\nPSNR %.2f dB on average, %.2f dB at worst", meanNoise, worstNoise)
        }
        if unknownRates > 0 { text += "\n\(grouped(unknownRates)) clips have no known frame rate" }
        return text
    }
}

/// Writes all kept clips with what is known of them, in packs of whole studies.
///
/// A pack is there whole or not at all; a command that was stopped goes on with those that are not there. The same dataset
/// and options give the same bytes, whatever the number of jobs.
/// - Throws: `EchoError` where the folder holds something else, `Interrupted` when asked to stop
package func exportClips(
    dataset: String, to folder: String, options: ClipExportOptions
) throws -> ClipExportSummary {
    let catalog = try Catalog(datasetFolder: dataset, keeping: options.selection)
    var clips = try ClipFacts.all(catalog, in: options.split)
    guard !clips.isEmpty else {
        throw EchoError(
            options.split.map { "--split \($0.rawValue)" } ?? "DATASET",
            "has no clips\(catalog.kept.isEmpty ? "" : " that were chosen")",
            try: "run echoprep ingest, and link-icd for splits")
    }
    var labels = try LeavingLabels(catalog)
    if options.isShared { (clips, labels) = ClipFacts.shared(clips, labels) }
    let rules = try catalog.lastRun(of: "ingest")?.rules ?? [:]
    let plan = ClipExportPlan(
        clips, packSize: options.packSize,
        side: rules["size"].flatMap { Int($0) }.flatMap { 1...4096 ~= $0 ? $0 : nil } ?? 224)
    try makeFolder(folder)
    guard let lock = try FileLock.take(folder + "/.export.lock") else {
        throw EchoError("OUT", "another echoprep export is writing to it", try: "wait for it")
    }
    try begin(folder, digest: try plan.digest(labels, rules, options), options)
    let writer = PackWriter(
        dataset: dataset, folder: folder, options: options, labels: labels,
        layout: rules["pixels"].flatMap(PixelLayout.init) ?? .luma)
    let progress = Progress("export", total: plan.packs.count, unit: "packs")
    var index = PackWriter.header, bytes = 0, noises: [Double] = [], unknown = 0
    try produceInOrder(
        plan.packs.count, workers: options.jobs, window: 2 * options.jobs,
        produce: { try writer.write(plan.packs[$0]) },
        consume: { number, pack in
            try Interruption.check()
            index += pack.index
            bytes += pack.bytes
            noises += pack.noises
            unknown += pack.unknownRates
            progress.update(number + 1)
        })
    try writeFile(folder + "/clips.csv", Array(index.utf8))
    progress.finish(plan.packs.count)
    _ = consume lock
    return ClipExportSummary(
        format: options.format.name, kept: try catalog.told(), clips: clips.count,
        studies: Set(clips.map(\.study)).count,
        packs: plan.packs.count, bytes: bytes, unknownRates: unknown,
        meanNoise: noises.isEmpty ? nil : noises.reduce(0, +) / Double(noises.count), worstNoise: noises.min()
    )
}

/// Notes what is exported, or finds that this is what was begun.
private func begin(_ folder: String, digest: String, _ options: ClipExportOptions) throws {
    struct Begun: Codable, Equatable {
        let format: String, program: String, digest: String
    }
    let path = folder + "/export.json"
    let begun = Begun(format: options.format.name, program: "echoprep \(programVersion)", digest: digest)
    if try isReadable(path) {
        let found = try? JSONDecoder().decode(Begun.self, from: Data(readFile(path)))
        guard found == begun else {
            throw EchoError(
                "OUT", "was begun with other options, or the dataset changed since",
                try: "name another folder")
        }
        return
    }
    guard try entries(ofFolder: folder).allSatisfy({ $0.name.hasPrefix(".") }) else {
        throw EchoError("OUT", "is a folder with other files", try: "name another folder")
    }
    try writeFile(path, Array(try jsonText(begun).utf8))
}
