// What a command's options are called and what they take, as ArgumentParser itself describes them.

import ArgumentParser
import EchoCore
import Foundation

/// One option, flag or positional argument of a command.
struct DeclaredOption {
    enum Kind: Equatable {
        case option, positional
        /// A flag; `inverse` is the one that says the opposite.
        case flag(inverse: String?)
    }

    /// Without dashes.
    let name: String
    let kind: Kind
    let repeats: Bool

    func answers(to name: String) -> Bool { name == self.name || kind == .flag(inverse: name) }

    /// Those of a command in the order of their declaration, without `--help`.
    static func all(of command: any ParsableCommand.Type) -> [DeclaredOption] {
        guard let help = try? JSONDecoder().decode(Help.self, from: Data(command._dumpHelp().utf8)) else {
            preconditionFailure("ArgumentParser describes its commands in this form")
        }
        var options: [DeclaredOption] = []
        for argument in help.command.arguments where argument.name != "help" {
            if case .flag(nil) = options.last?.kind, let last = options.last,
                argument.name == "no-\(last.name)"
            {
                options[options.count - 1] = DeclaredOption(
                    name: last.name, kind: .flag(inverse: argument.name), repeats: false)
            } else {
                options.append(
                    DeclaredOption(
                        name: argument.name, kind: argument.place, repeats: argument.isRepeating))
            }
        }
        return options
    }

    /// The name nearest to what was written, by insertions, deletions and substitutions; nil where none is near.
    static func nearest(to text: String, among names: [String]) -> String? {
        guard text.utf8.count <= 64 else { return nil }
        let distances = names.map { (name: $0, distance: editDistance($0, text)) }
        return distances.min { $0.distance < $1.distance }
            .flatMap { $0.distance <= max(2, text.count / 2) ? $0.name : nil }
    }

    /// The part that is of use here of what `--experimental-dump-help` prints.
    private struct Help: Decodable {
        let command: Command

        struct Command: Decodable { let arguments: [Argument] }

        struct Argument: Decodable {
            let kind: String
            let isRepeating: Bool
            let preferredName: Name?
            let valueName: String

            struct Name: Decodable { let name: String }

            var name: String { preferredName?.name ?? valueName }
            var place: Kind {
                switch kind {
                case "flag": .flag(inverse: nil)
                case "positional": .positional
                default: .option
                }
            }
        }
    }
}

/// Levenshtein's distance.
private func editDistance(_ first: String, _ second: String) -> Int {
    let second = Array(second)
    var row = Array(0...second.count)
    for (i, a) in first.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, b) in second.enumerated() {
            let distance = min(row[j] + 1, row[j + 1] + 1, diagonal + (a == b ? 0 : 1))
            diagonal = row[j + 1]
            row[j + 1] = distance
        }
    }
    return row[second.count]
}
