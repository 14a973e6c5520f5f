// Which clips go into which pack: by split, in the order of the dataset, a study never in two.

import Catalog
import EchoCore
import Files
import Foundation
import Video

/// The packs of an export, known before the first is written.
struct ClipExportPlan: Sendable {
    /// A pack: its name, and its clips with their numbers in the whole export.
    struct Pack: Sendable {
        let name: String
        var clips: [(number: Int, facts: ClipFacts)] = []
    }

    private(set) var packs: [Pack] = []
    private let clips: [ClipFacts]

    /// - Parameter side: rows and columns of stored frames, by which sizes are guessed
    init(_ clips: [ClipFacts], packSize: Int, side: Int) {
        self.clips = clips
        let hasSplits = clips.contains { $0.split != nil }
        var number = 0
        for split in Split.allCases.map(Optional.some) + [nil] {
            let group = split?.rawValue ?? (hasSplits ? "unsplit" : "clips")
            var count = 0, bytes = 0, study: String?
            for clip in Self.byStudy(clips.filter { $0.split == split }) {
                if count == 0 || bytes >= packSize && clip.study != study {
                    packs.append(Pack(name: "\(group)-\(zeroPadded(count, 6))"))
                    count += 1
                    bytes = 0
                }
                packs[packs.count - 1].clips.append((number, clip))
                number += 1
                bytes += clip.frames * side * side
                study = clip.study
            }
        }
    }

    /// The clips of a study together, studies in the order of their first.
    private static func byStudy(_ clips: [ClipFacts]) -> [ClipFacts] {
        var places: [String: Int] = [:]
        for clip in clips where places[clip.study] == nil { places[clip.study] = places.count }
        return clips.enumerated().sorted {
            (places[$0.element.study]!, $0.offset) < (places[$1.element.study]!, $1.offset)
        }.map(\.element)
    }

    /// A sum over all that decides what is written.
    func digest(
        _ labels: LeavingLabels, _ rules: [String: String], _ options: ClipExportOptions
    ) throws -> String {
        let sum = SHA256()
        let choices = [
            options.format.name, options.code.rawValue, String(options.quality), String(options.packSize),
            try jsonText(options.changes), rules["pixels"] ?? "", rules["size"] ?? "",
        ]
        sum.update(Array(choices.joined(separator: "\n").utf8))
        for pack in packs {
            for (_, clip) in pack.clips {
                let ids = "\(clip.subjectID.map { "\($0)" } ?? "") \(clip.study) \(clip.name)"
                let labels = try jsonText(labels.labels(of: clip))
                sum.update(Array("\(pack.name) \(ids) \(clip.checksum ?? "") \(labels)\n".utf8))
            }
        }
        return sum.hex()
    }
}
