// `echoprep export clips`: exactly our clips, for the loaders of others.

import ArgumentParser
import Catalog
import EchoCore
import Exchange
import Foundation
import Runs
package import Video

extension VideoCode: ExpressibleByArgument {}

struct ExportClipsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clips", abstract: "Writes all kept clips with their ids and labels beside them.",
        discussion: """
            Packs of whole studies, each split in its own: tar files of WebDataset, or folders of NumPy or video files. \
            Stopped at any moment, the same command goes on.

            Examples:
              echoprep export clips dataset packs --format webdataset
            """)

    @Argument(help: "The dataset folder.", completion: .directory)
    var dataset: String

    @Argument(help: "The folder to write to.", completion: .directory)
    var out: String

    @Option(help: "\(ClipFormat.all.map(\.name).joined(separator: ", ")).")
    var format: String

    @Option(help: "Rows and columns of a frame, if not as stored.")
    var size: Int?

    @Option(help: "Frames a second, if not as stored: of each step the nearest frame.")
    var fps: Double?

    @Option(help: "Of mp4: h264 (with loss), h264-lossless, or ffv1 (without loss, in Matroska).")
    var codec = VideoCode.h264

    @Option(help: "Of lossy h264, as x264 counts: 0 is best, 51 worst.")
    var crf = 18

    @Option(help: "Clips of one split: \(Split.allCases.map(\.rawValue).joined(separator: ", ")).")
    var split: Split?

    @Option(
        name: .customLong("where"), help: "Only clips of studies for which this is true, SQL over v_study.")
    var cohort: String?
    @Option(help: "Leave out what people excluded: consensus, or a rater's name.") var decisions: String?

    @Option(help: "Only clips of these views, as A4C,PLAX.")
    var views: ViewChoice?

    @Option(help: "Bytes of frames of a pack, as 1GiB or 64MiB; a study is never split.")
    var packSize = ByteCount(bytes: 256 << 20)

    @Option(help: "Packs made at once.")
    var jobs = availableProcessors()

    @Flag(
        help:
            "For outsiders: numbers of the export's own in place of studies, subjects and names; no sums; no labels of few people."
    )
    var share = false

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func validate() throws {
        guard ClipFormat.named(format) != nil else {
            throw ValidationError("--format is one of \(ClipFormat.all.map(\.name).joined(separator: ", "))")
        }
        guard views?.count == nil else { throw ValidationError("--views are names of views, as A4C,PLAX") }
    }

    func run() throws {
        guard let format = ClipFormat.named(format) else { return }
        var options = ClipExportOptions(format: format)
        options.changes = ClipChanges(size: size, framesPerSecond: fps)
        options.code = codec
        options.quality = crf
        options.split = split
        options.selection = Selection(cohort: cohort, views: views?.names ?? [], decisions: decisions)
        options.packSize = packSize.bytes
        options.jobs = jobs
        options.isShared = share
        let summary = try exportClips(dataset: dataset, to: out, options: options)
        for chosen in summary.kept { tell(chosen) }
        try show(json ? jsonText(summary) : summary.text)
        tellPython(format.reading(quoted("\(out)/\(format.files(options.code))")))
    }
}
