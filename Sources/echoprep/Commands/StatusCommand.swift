// `echoprep status`: what a folder is, how far it is, and what comes next.

import ArgumentParser
import EchoCore

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Says what a folder is, how far it is, and which command comes next.",
        discussion: """
            Of a dataset, a run, a folder of runs or an experiment. Reads small files only, and disturbs nobody who \
            is at work there.

            Examples:
              echoprep status dataset
              echoprep status runs
            """)

    @Argument(help: "The folder.", completion: .directory) var folder: String
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        let status = try FolderStatus(folder)
        try show(json ? jsonText(status) : status.text)
    }
}
