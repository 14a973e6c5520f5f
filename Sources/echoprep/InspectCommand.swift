// `echoprep inspect`: what a file is.

import ArgumentParser
import EchoCore
import Ingest

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Says what a file is.")

    @Argument(help: "A DICOM, AVI or MP4 file.")
    var path: String

    @Option(help: "Write the decoded planes (luma, cb, cr) to this safetensors file.")
    var frames: String

    func run() throws { print(try dumpFrames(of: path, to: frames)) }
}
