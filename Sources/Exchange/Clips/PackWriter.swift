// One pack of an export: each clip's file, its JSON, and its line in the index.

import Crop
import EchoCore
import Files
import Foundation
import Shards
import Video

/// Writes packs, on any number of threads.
struct PackWriter: Sendable {
    let dataset: String, folder: String
    let options: ClipExportOptions
    let labels: LeavingLabels
    let layout: PixelLayout

    /// What a pack tells of itself when it is there.
    struct Written: Sendable {
        var index = ""
        var bytes = 0
        var noises: [Double] = []
        var unknownRates = 0
    }

    /// The columns of `clips.csv`.
    static let header =
        "file,name,study,study_id,subject_id,split,frames,height,width,frames_per_second,psnr\n"

    func write(_ pack: ClipExportPlan.Pack) throws -> Written {
        let place = "\(folder)/\(pack.name)", path = options.format.isTar ? place + ".tar" : place
        let index = options.format.isTar ? place + ".csv" : place + "/clips.csv"
        // The index comes before the pack's name.
        if try isReadable(path) {
            return try written(index: String(decoding: readFile(index), as: UTF8.self))
        }
        var file = try ClipPack(path, isTar: options.format.isTar)
        var lines = ""
        let encoder = FrameEncoder(options.code, quality: options.quality)
        var open: (name: String, file: SafetensorsFile)?
        for (number, facts) in pack.clips {
            try Interruption.check()
            if open?.name != facts.shard {
                open = (facts.shard, try SafetensorsFile(path: "\(dataset)/shards/\(facts.shard)"))
            }
            guard let shard = open?.file else { continue }
            let clip = try LeavingClip(
                ClipFrames(facts.tensor, in: shard), layout: layout, framesPerSecond: facts.framesPerSecond,
                milliseconds: facts.frameTimes, options.changes)
            let (bytes, noise) = try options.format.encode(clip, encoder)
            let key = self.key(number), name = "\(key).\(options.format.fileExtension(options.code))"
            try file.add(name, bytes)
            let described = describe(clip, facts, noise)
            try file.add("\(key).json", Array(try jsonText(described).utf8))
            lines += line((options.format.isTar ? pack.name + ".tar/" : pack.name + "/") + name, described)
        }
        let bytes = file.bytes
        if options.format.isTar {
            try writeFile(index, Array(lines.utf8))
        } else {
            try file.add("clips.csv", Array(lines.utf8))
        }
        try file.finish()
        var result = written(index: lines)
        result.bytes = bytes
        return result
    }

    /// A clip's name in every pack: its number. Names of files never come out of the data.
    private func key(_ number: Int) -> String { zeroPadded(number, 8) }

    private func describe(_ clip: LeavingClip, _ facts: ClipFacts, _ noise: Double?) -> ClipDescription {
        let isEven = facts.frameTimes == nil || options.changes.framesPerSecond != nil
        let colours = layout == .echoprime && options.format.keepsOrder ? "bgr" : "rgb"
        let isWhole = clip.places.elementsEqual(0..<facts.frames)
        let known = noise.flatMap { $0.isFinite ? $0 : nil }
        return ClipDescription(
            name: facts.name, study: facts.study, studyID: facts.studyID, subjectID: facts.subjectID,
            split: facts.split?.rawValue, kind: facts.kind, frames: clip.frames.count, height: clip.height,
            width: clip.width,
            channels: clip.channels == 1 ? "luma" : colours, framesPerSecond: clip.framesPerSecond,
            frameTimes: isEven ? nil : clip.times, storedFrames: isWhole ? nil : clip.places,
            sha256: facts.sha256, psnr: known, labels: labels.labels(of: facts))
    }

    private func line(_ file: String, _ clip: ClipDescription) -> String {
        func text(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "" }
        let ids: [String] = [
            csvField(clip.name), csvField(clip.study), text(clip.studyID), text(clip.subjectID),
            text(clip.split),
        ]
        let figures: [String] = [
            "\(clip.frames)", "\(clip.height)", "\(clip.width)", text(clip.framesPerSecond), text(clip.psnr),
        ]
        let fields = [file] + ids + figures
        return fields.joined(separator: ",") + "\n"
    }

    /// What the lines of a pack's index say of it.
    private func written(index: String) -> Written {
        var result = Written(index: index)
        for line in index.split(separator: "\n") {
            // The last two fields are numbers.
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).suffix(2).map(
                String.init)
            if let noise = Double(fields.last ?? "") { result.noises.append(noise) }
            if fields.first?.isEmpty ?? true { result.unknownRates += 1 }
        }
        return result
    }
}
