// `--config` and `--print-config`: options out of a file, for every command that declares it.

import ArgumentParser
import EchoCore
import Foundation

/// A command whose options may stand in a file.
protocol ConfigurableCommand: ParsableCommand {
    var configuration: ConfigurationOptions { get }

    /// The options that the command goes on with where it goes on with something, below all others.
    ///
    /// - Parameters:
    ///   - value: what the user gives for an option, by its name; nil for nothing
    ///   - isGiven: whether the user names an option or flag
    static func continued(
        _ value: (String) -> String?, isGiven: (String) -> Bool
    ) throws(EchoError) -> ConfigurationFile?
}

extension ConfigurableCommand {
    static func continued(
        _ value: (String) -> String?, isGiven: (String) -> Bool
    ) throws(EchoError) -> ConfigurationFile? { nil }
}

/// What such a command takes beside its own options.
struct ConfigurationOptions: ParsableArguments {
    static let names: Set = ["config", "print-config"]

    @Option(help: "Options out of a YAML or JSON file; those given here come first. May be repeated.")
    var config: [String] = []
    @Flag(help: "Print all options as they are in effect, and do nothing.") var printConfig = false
}

extension ParsableCommand {
    /// This root command's `arguments` with the options of their configurations written out in front of the user's own,
    /// wherever the user gives none of that name.
    ///
    /// - Throws: `EchoError` where a file cannot be read or says what the command does not know.
    static func configured(_ arguments: [String]) throws(EchoError) -> [String] {
        guard let name = arguments.first,
            let command = configuration.subcommands.first(where: { $0.configuration.commandName == name }),
            let configurable = command as? any ConfigurableCommand.Type
        else { return arguments }
        let own = Array(arguments.dropFirst())
        let options = DeclaredOption.all(of: command)
        let given = GivenArguments(own, options)
        let continued = try configurable.continued({ given.values[$0] }, isGiven: given.names.contains)
        if given.configurations.isEmpty && continued == nil { return arguments }

        var chosen = try continued?.arguments(for: options, of: name) ?? [:]
        for path in given.configurations {
            let file = try ConfigurationFile(path)
            chosen.merge(try file.arguments(for: options, of: name)) { _, later in later }
        }
        let positional = options.filter { $0.kind == .positional }.dropFirst(given.positionals)
            .flatMap { chosen[$0.name] ?? [] }
        let named = options.filter { $0.kind != .positional && !given.names.contains($0.name) }
            .flatMap { chosen[$0.name] ?? [] }
        // After the terminator a value may begin with a dash.
        let terminator = positional.isEmpty || own.contains("--") ? [] : ["--"]
        return [name] + named + own + terminator + positional
    }
}

/// What a user's own arguments name, read as ArgumentParser will read them.
private struct GivenArguments {
    private(set) var names: Set<String> = []
    private(set) var positionals = 0
    private(set) var configurations: [String] = []
    /// What is given for options.
    private(set) var values: [String: String] = [:]

    init(_ arguments: [String], _ options: [DeclaredOption]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                positionals += rest.count
                return
            }
            guard argument.hasPrefix("--") else {
                if argument == "-" || !argument.hasPrefix("-") { positionals += 1 }
                continue
            }
            let parts = argument.dropFirst(2).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            var value = parts.count == 2 && !parts[1].isEmpty ? String(parts[1]) : nil
            guard let option = options.first(where: { $0.answers(to: name) }) else { continue }
            names.insert(option.name)
            if option.kind == .option, value == nil, let next = rest.first,
                next == "-" || !next.hasPrefix("-")
            {
                value = rest.removeFirst()
            }
            values[option.name] = value
            if name == "config", let value { configurations.append(value) }
        }
    }
}
