// What a command says beside its result, and where: the options that every command has.

import ArgumentParser
import EchoCore
import Synchronization

struct SpeechOptions: ParsableArguments {
    /// Not settings of the work: `--print-config` leaves them out.
    static let names: Set = ["quiet", "log-file"]

    @Flag(help: "Beside the result say only what is wrong: no progress, no messages.") var quiet = false
    @Option(help: "Add messages and errors to this file too, each with its time.", path: .file)
    var logFile: String?

    /// - Throws: `EchoError` where the file cannot be written
    func apply() throws(EchoError) {
        if let logFile { try Standard.log(to: logFile) }
        if quiet {
            isQuiet.withLock { $0 = true }
            Progress.show(on: nil)
        }
    }
}
