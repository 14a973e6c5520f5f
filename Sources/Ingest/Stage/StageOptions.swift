// How files that are not on the disk are had: the user's own command, and how far it may go.

package import EchoCore
import Files

/// How `echoprep ingest --stage` downloads.
package struct StageOptions: Sendable {
    /// A command line for the shell. `{path}` stands for a file's path in the source, for which it runs once each, or
    /// `{folder}` for the folder of a study's files, and `{to}` for where it is to lie.
    package let command: String
    /// The most bytes that downloaded files may take.
    package var space: Int
    /// Where they lie until they are read; nil for `.stage` in the dataset.
    package var folder: String?
    /// Studies that are downloaded at once.
    package var jobs = 4
    /// How often a study is tried, and the seconds to wait before it is tried again, twice as many each time.
    package var tries = 5, wait = 5.0
    /// Seconds without a byte after which a command is stopped.
    package var patience = 300.0

    /// - Throws: `EchoError` where the command does not say what and whither
    package init(command: String, space: Int) throws(EchoError) {
        let names = ["{path}", "{folder}"].filter { command.contains($0) }
        guard command.contains("{to}"), names.count == 1 else {
            throw EchoError(
                "--stage", "has no {to}, or not one of {path} and {folder}",
                try: "--stage 'cp /mnt/echo/{path} {to}', or a command that copies a study's {folder} to {to}"
            )
        }
        self.command = command
        self.space = space
    }

    /// Whether the command brings a study at once.
    var isByFolder: Bool { command.contains("{folder}") }

    /// The command line for a file or folder.
    func line(_ path: String, to place: String) -> String {
        command.replacing(isByFolder ? "{folder}" : "{path}", with: ShellCommand.quoted(path))
            .replacing("{to}", with: ShellCommand.quoted(place))
    }
}
