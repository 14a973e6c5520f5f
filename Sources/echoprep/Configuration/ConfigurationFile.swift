// A file of options: YAML, of which JSON is a part, flat and without aliases.

import EchoCore
import Files
import Runs
private import Yams

/// The options that a file gives, each by the text that stands there.
struct ConfigurationFile {
    private enum Value {
        /// As if the option were not there.
        case null
        case one(String)
        case many([String])
    }

    private let path: String
    private var entries: [(key: String, line: Int, value: Value)] = []

    /// - Throws: `EchoError` where the file cannot be read, is no YAML, or has more than names with a value or a list.
    init(_ path: String) throws(EchoError) {
        try self.init(path, text: try readFile(path, upTo: 1 << 20))
    }

    /// - Parameter path: what messages call the text
    init(_ path: String, text bytes: [UInt8]) throws(EchoError) {
        self.path = path
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw EchoError(path, "is not text in UTF-8")
        }
        if mayHoldAliases(bytes) {
            throw EchoError(path, "has anchors and aliases (&name, *name)", try: "write values out")
        }
        let root: Node?
        do {
            root = try compose(yaml: text, .default, .default, .utf8)
        } catch {
            throw malformed(error)
        }
        guard let root, !isNull(root) else { return }
        guard case .mapping(let mapping) = root else {
            throw EchoError(path, "is no list of options", try: "lines as lr: 1e-4")
        }
        // config.json of a run holds its options, and what it found beside.
        let isRun = RunConfiguration.isWhatARunFound(mapping.keys.compactMap(\.string))
        for (key, value) in mapping {
            if isRun, let name = key.string, RunConfiguration.ownKeys.contains(name) { continue }
            let line = key.mark?.line ?? 1
            guard case .scalar(let name) = key else {
                throw EchoError(place(line), "has something else than the name of an option")
            }
            entries.append((name.string, line, try self.value(value, line)))
        }
    }

    /// The arguments that say on the command line what the file says, by the options' names.
    ///
    /// - Throws: `EchoError` where a key is no option of `command`, is given twice, or its value is not what it takes.
    func arguments(
        for options: [DeclaredOption], of command: String
    ) throws(EchoError) -> [String: [String]] {
        var arguments: [String: [String]] = [:]
        for (key, line, value) in entries {
            if ConfigurationOptions.names.contains(key) {
                throw EchoError(place(line), "\(key) is for the command line only")
            }
            guard let option = options.first(where: { $0.answers(to: key) }) else {
                let known = options.map(\.name).filter { !ConfigurationOptions.names.contains($0) }
                throw EchoError(
                    place(line), "\(brief(key, 64)) is no option of \(command)",
                    try: DeclaredOption.nearest(to: key, among: known) ?? "echoprep \(command) --help")
            }
            if arguments[option.name] != nil {
                throw EchoError(place(line), "\(option.name) is given twice")
            }
            guard let words = words(option, key, value) else {
                let wanted =
                    switch option.kind {
                    case .flag: "true or false"
                    case .option where option.repeats: "values"
                    default: "one value, written as on the command line, not a list"
                    }
                throw EchoError(place(line), "\(key) takes \(wanted)")
            }
            arguments[option.name] = words
        }
        return arguments
    }

    /// A value as arguments; nil if it is not what the option takes.
    private func words(_ option: DeclaredOption, _ key: String, _ value: Value) -> [String]? {
        switch (option.kind, value) {
        case (_, .null): return []
        case (.flag(let inverse), .one(let text)):
            guard let isTrue = Bool(text.lowercased()) else { return nil }
            if isTrue == (key == option.name) { return ["--\(option.name)"] }
            return inverse.map { ["--\($0)"] } ?? []
        case (.flag, .many): return nil
        case (_, .many) where !option.repeats: return nil
        case (_, .one(let text)): return written(option, text)
        case (_, .many(let texts)): return texts.flatMap { written(option, $0) }
        }
    }

    /// An equals sign lets a value begin with a dash; ArgumentParser overlooks an empty one behind it.
    private func written(_ option: DeclaredOption, _ text: String) -> [String] {
        if option.kind == .positional { return [text] }
        return text.isEmpty ? ["--\(option.name)", ""] : ["--\(option.name)=\(text)"]
    }

    private func value(_ node: Node, _ line: Int) throws(EchoError) -> Value {
        switch node {
        case _ where isNull(node): return .null
        case .scalar(let scalar): return .one(try text(scalar, line))
        case .sequence(let nodes):
            var texts: [String] = []
            for node in nodes {
                guard case .scalar(let scalar) = node, !isNull(node) else {
                    throw EchoError(place(node.mark?.line ?? line), "a list holds plain values only")
                }
                texts.append(try text(scalar, node.mark?.line ?? line))
            }
            return .many(texts)
        case .mapping, .alias:
            throw EchoError(
                place(line), "an option takes a value or a list", try: "names without levels, as mask-ratio")
        }
    }

    /// The text as it stands in the file, so that no number is written anew.
    private func text(_ scalar: Node.Scalar, _ line: Int) throws(EchoError) -> String {
        let known: [Tag.Name] = [.str, .bool, .int, .float, .timestamp, .value, .merge]
        guard known.contains(where: { $0.rawValue == Node.scalar(scalar).tag.rawValue }) else {
            throw EchoError(place(line), "has a value of an unknown type")
        }
        if scalar.string.contains("\0") { throw EchoError(place(line), "has a value with a zero byte") }
        return scalar.string
    }

    private func isNull(_ node: Node) -> Bool { node.scalar != nil && node.tag == Tag(.null) }

    private func place(_ line: Int) -> String { "\(path): line \(line)" }

    /// What Yams says, as an error of this file.
    private func malformed(_ error: any Error) -> EchoError {
        switch error as? YamlError {
        case .composer(.some, _, let mark, _):
            return EchoError(place(mark.line), "begins a second document; one file has the options of one")
        case .parser(_, let problem, let mark, _) where problem.hasPrefix("Maximum nesting level"):
            return EchoError(place(mark.line), "is nested too deeply")
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return EchoError(place(mark.line), problem)
        case .duplicatedKeysInMapping(let keys, let context):
            return EchoError(
                place(context.mark.line), "\(keys.first?.prefix(64) ?? "a name") is given twice")
        case .reader(let problem, let offset, _, let yaml):
            let line = offset.map { yaml.prefix($0).count(where: \.isNewline) + 1 }
            return EchoError(line.map(place) ?? path, problem)
        default: return EchoError(path, "is not YAML")
        }
    }
}

/// Whether bytes may hold both an anchor and an alias. Yams compares keys node by node, which takes forever where aliases
/// in them multiply; options need none. Quoted text that looks like both is refused, too.
private func mayHoldAliases(_ bytes: [UInt8]) -> Bool {
    var anchors = false
    var aliases = false
    for place in bytes.indices.dropLast()
    where bytes[place] == UInt8(ascii: "&") || bytes[place] == UInt8(ascii: "*") {
        let before = place == 0 ? UInt8(ascii: " ") : bytes[place - 1]
        let begins = before <= UInt8(ascii: " ") || before >= 0x80 || "[]{},:\"'".utf8.contains(before)
        guard begins, bytes[place + 1] > UInt8(ascii: " ") else { continue }
        if bytes[place] == UInt8(ascii: "&") { anchors = true } else { aliases = true }
    }
    return anchors && aliases
}
