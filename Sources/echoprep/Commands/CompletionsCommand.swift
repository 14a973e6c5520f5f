// `echoprep completions`: what a shell reads to complete commands, options and paths.

import ArgumentParser
import EchoCore
import Files
import Foundation

/// A shell that completes.
private enum Shell: String, CaseIterable, ExpressibleByArgument {
    case bash, zsh, fish

    var kind: CompletionShell {
        switch self {
        case .bash: .bash
        case .zsh: .zsh
        case .fish: .fish
        }
    }

    /// Where a user's own completions lie.
    var place: URL {
        let variables = ProcessInfo.processInfo.environment
        let home = URL(filePath: variables["HOME"] ?? ".")
        let data =
            variables["XDG_DATA_HOME"].map { URL(filePath: $0) } ?? home.appending(path: ".local/share")
        let settings =
            variables["XDG_CONFIG_HOME"].map { URL(filePath: $0) } ?? home.appending(path: ".config")
        return switch self {
        case .bash: data.appending(path: "bash-completion/completions/echoprep")
        case .zsh: data.appending(path: "zsh/site-functions/_echoprep")
        case .fish: settings.appending(path: "fish/completions/echoprep.fish")
        }
    }
}

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Writes what a shell reads to complete commands and options.",
        discussion: """
            With --install it is written where the shell looks; a shell that is begun afterwards completes.

            Examples:
              echoprep completions bash --install
              echoprep completions zsh >_echoprep
            """)

    @Argument(help: "bash, zsh or fish.") private var shell: Shell
    @Flag(help: "Write it where that shell looks, in your home, and say where that is.") var install = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        guard install else { return try show(Echoprep.completionScript(for: shell.kind)) }
        let file = shell.place
        do {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        } catch {
            throw EchoError(
                file.deletingLastPathComponent().path, "cannot be made",
                try: "echoprep completions SHELL >FILE")
        }
        try writeFile(file.path, Array(Echoprep.completionScript(for: shell.kind).utf8))
        try show(file.path)
        if shell == .zsh {
            tell("next: fpath=(\(file.deletingLastPathComponent().path) $fpath) in .zshrc, before compinit")
        }
    }
}
