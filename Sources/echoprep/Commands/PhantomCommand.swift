// `echoprep phantom`: a synthetic cohort, so that anyone can run everything without credentials.

import ArgumentParser
import EchoCore
package import Phantom

extension PhantomLayout: ExpressibleByArgument {}

struct PhantomCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phantom",
        abstract: "Writes a synthetic MIMIC-IV-ECHO with a matching MIMIC-IV.",
        discussion: """
            Each subject has one beating heart, cut into the standard views; its shape and motion follow the \
            subject's diagnoses. The same seed gives the same bytes.

            Examples:
              echoprep phantom phantom --studies 40
              echoprep phantom echonet --layout echonet-dynamic --studies 200
            """)

    @Argument(help: "The folder to write into.", completion: .directory)
    var out: String

    @Option(help: "How many studies.")
    var studies = 20

    @Option(help: "Frames of a clip.")
    var frames = 32

    @Option(help: "Which data set it looks like.")
    var layout = PhantomLayout.mimicIVEcho

    @Option(help: "Rows and columns of a picture (default: 708x1016, of EchoNet 112x112).")
    var size: String?

    @Option(help: "Seed of everything that is drawn.")
    var seed: UInt64 = 1

    @Option(help: "How many clips are rendered at the same time.")
    var jobs = availableProcessors()

    @Option(
        name: .customLong("mimic-iv"),
        help: "The folder hosp of MIMIC-IV: studies of its subjects and stays.",
        path: .folder
    )
    var mimicIV: String?

    @Flag(
        name: .customLong("no-extras"),
        help: "B-mode clips only: no colour, no M-mode, no spectra, no stills.")
    var noExtras = false

    @Flag(help: "Print JSON.")
    var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        var options = PhantomOptions()
        options.studies = studies
        options.frames = frames
        options.layout = layout
        (options.height, options.width) = layout.size
        if let size {
            let sides = size.split(separator: "x", omittingEmptySubsequences: false).compactMap { Int($0) }
            guard sides.count == 2, sides.allSatisfy({ 16...4096 ~= $0 }) else {
                throw ValidationError("--size is ROWSxCOLUMNS of 16 to 4,096, as 708x1016")
            }
            (options.height, options.width) = (sides[0], sides[1])
        }
        options.seed = seed
        options.jobs = jobs
        options.mimicIV = mimicIV
        options.extras = !noExtras
        let summary = try writePhantom(to: out, options: options)
        try show(json ? jsonText(summary) : summary.text)
        tellNext("ingest", "\(out)/\(layout.rawValue)", "--dataset", "DATASET")
    }
}
