// `echoprep inspect`: what a file or a dataset is, and why a file would be kept or dropped.

import ArgumentParser
import EchoCore
import Ingest

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract:
            "Says what a clip, a shard, a checkpoint or a dataset is, and why a clip would be kept or dropped.",
        discussion: """
            Examples:
              echoprep inspect files/clip.dcm --png clip.png
              echoprep inspect dataset
              echoprep inspect dataset --contact-sheet sheets --count 100
            """)

    @Argument(help: "A DICOM, AVI, MP4 or safetensors file, or a dataset folder.", completion: .file())
    var path: String

    @Option(
        help: "Draw a frame with its regions, the sector's outline and the crop box into this PNG file.",
        path: .file)
    var png: String?

    @Option(help: "Which frame --png draws, counted from 0; the middle one if not given.")
    var frame: Int?

    @Option(help: "Write the sector's mask to this PNG file.", path: .file)
    var mask: String?

    @Option(help: "Write the decoded planes (luma, cb, cr) to this safetensors file.", path: .file)
    var frames: String?

    @Option(
        help: "Draw random clips of a dataset, by kind, on sheets in this folder.", path: .folder)
    var contactSheet: String?

    @Option(help: "At most so many clips of each kind on contact sheets.")
    var count = 400

    @Option(help: "Seed of the clips on contact sheets.")
    var seed: UInt64 = 1

    @Option(help: "The part of the picture, as for ingest: echoprime, sector or none.")
    var crop = IngestRules().crop

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        var rules = IngestRules()
        rules.crop = crop
        if let frames {
            try show(dumpFrames(of: path, to: frames))
            return
        }
        if let contactSheet {
            var options = ContactSheetOptions()
            options.count = count
            options.seed = seed
            let sheets = try drawContactSheets(of: path, to: contactSheet, options: options)
            try show(written: sheets.map { "\(contactSheet)/\($0)" }, json: json)
            return
        }
        guard png != nil || mask != nil else {
            let report = try inspect(path, rules: rules)
            try show(json ? jsonText(report) : report.text)
            tellNext(with: path)
            return
        }
        let clip = try ClipInspection(path, rules: rules)
        if let png { try clip.writePicture(to: png, frame: frame) }
        if let mask { try clip.writeMask(to: mask) }
        try show(json ? jsonText(clip.report) : clip.report.text)
    }
}
