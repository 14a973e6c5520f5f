// `echoprep completions`: what a shell reads to complete commands, options and paths.

import ArgumentParser
import EchoCore

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
}

struct CompletionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completions", abstract: "Writes what a shell reads to complete commands and options.",
        discussion: """
            For bash:  echoprep completions bash >~/.local/share/bash-completion/completions/echoprep
            For zsh:   echoprep completions zsh >DIR/_echoprep, with DIR one of $fpath
            For fish:  echoprep completions fish >~/.config/fish/completions/echoprep.fish
            """)

    @Argument(help: "bash, zsh or fish.") private var shell: Shell

    func run() throws { try show(Echoprep.completionScript(for: shell.kind)) }
}
