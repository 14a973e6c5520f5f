// Commands and options that there are not, answered with the nearest that there are, before anything else is said of them.

import ArgumentParser
import EchoCore

/// A root command's `arguments` as ArgumentParser reads them best: a negative number is written as the value that it is.
///
/// - Throws: `EchoError` for a command or an option that is none
func spelled(_ arguments: [String], for root: any ParsableCommand.Type) throws(EchoError) -> [String] {
    var command = root, name = "echoprep"
    var rest = arguments[...]
    var known = subcommands(of: command)
    while !known.isEmpty {
        // `help` is of the root alone, and names a command.
        if rest.first == "help", command == root { rest = rest.dropFirst() }
        guard let word = rest.first, !word.hasPrefix("-") else { return arguments }
        guard let found = known.first(where: { $0.name == word }) else {
            // Where a command may be left out, the word is its first argument.
            if let usual = command.configuration.defaultSubcommand {
                command = usual
                break
            }
            let nearest = DeclaredOption.nearest(to: word, among: known.map(\.name))
            throw EchoError(
                brief(word), "is no command of \(name)",
                try: nearest.map { "\(name) \($0)" } ?? "\(name) --help", isUsage: true)
        }
        command = found.command
        name += " \(word)"
        rest = rest.dropFirst()
        known = subcommands(of: command)
    }
    return Array(arguments[..<rest.startIndex]) + (try spelledOptions(rest, of: command, name))
}

private func subcommands(
    of command: any ParsableCommand.Type
) -> [(name: String, command: any ParsableCommand.Type)] {
    command.configuration.subcommands.map { ($0.configuration.commandName ?? "", $0) }
}

/// The same of what follows the name of a command.
private func spelledOptions(
    _ options: ArraySlice<String>, of command: any ParsableCommand.Type, _ name: String
) throws(EchoError) -> [String] {
    let declared = DeclaredOption.all(of: command)
    var spelled: [String] = []
    var rest = options
    while let argument = rest.popFirst() {
        if argument == "--" { return spelled + [argument] + rest }
        spelled.append(argument)
        guard argument.hasPrefix("--") else { continue }
        let word = String(argument.dropFirst(2).prefix { $0 != "=" })
        guard let option = declared.first(where: { $0.kind != .positional && $0.answers(to: word) }) else {
            if ownOptions.contains(word) { continue }
            let names = declared.filter { $0.kind != .positional }.map(\.name)
            throw EchoError(
                "--\(brief(word))", "is no option of \(name)",
                try: DeclaredOption.nearest(to: word, among: names).map { "--\($0)" } ?? "\(name) --help",
                isUsage: true)
        }
        guard option.kind == .option, !argument.contains("="), let next = rest.first else { continue }
        if !next.hasPrefix("-") {
            spelled.append(rest.removeFirst())
        } else if Double(next) != nil {
            spelled[spelled.count - 1] += "=\(rest.removeFirst())"
        }
    }
    return spelled
}

/// What ArgumentParser itself answers to.
private let ownOptions: Set = [
    "help", "version", "help-hidden", "experimental-dump-help", "generate-completion-script",
]
