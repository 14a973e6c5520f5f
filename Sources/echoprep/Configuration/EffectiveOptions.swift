// `--print-config`: the options of a parsed command as YAML or JSON that `--config` reads back.

import ArgumentParser
import Foundation
import Runs
private import Yams

/// All options of a command, in the order of their declaration, with the values that are in effect.
struct EffectiveOptions {
    private let settings: [(name: String, value: EffectiveValue)]

    init(_ command: any ConfigurableCommand) {
        let declared = DeclaredOption.all(of: type(of: command))
        let values = declaredValues(command)
        precondition(
            values.count == declared.count, "every option has a wrapper, and every wrapper one option")
        settings = zip(declared, values).filter { option, _ in
            !ConfigurationOptions.names.union(SpeechOptions.names).contains(option.name)
        }
        .map { ($0.name, EffectiveValue($1, repeats: $0.repeats)) }
    }

    /// As the command's own `--json` asks for, otherwise as YAML.
    func text() throws -> String {
        let asksForJSON = settings.contains { $0.name == "json" && $0.value.isTrue }
        return asksForJSON ? try json() : try yaml()
    }

    /// The values under the options' names, as an object of JSON; those that are not given are left out.
    func object() throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(try json().utf8)) as? [String: Any]
        return (object ?? [:]).filter { !($0.value is NSNull) }
    }

    private func yaml() throws -> String {
        let pairs = settings.map { (Node($0.name), $0.value.node) }
        return try serialize(node: Node(pairs), width: -1, allowUnicode: true)
            .trimmingCharacters(in: .newlines)
    }

    private func json() throws -> String {
        let lines = try settings.map { "  \"\($0.name)\": \(try $0.value.json())" }
        return "{\n\(lines.joined(separator: ",\n"))\n}"
    }
}

/// The value of an option.
private enum EffectiveValue {
    case null
    case truth(Bool)
    case number(String)
    case text(String)
    case list([EffectiveValue])

    /// - Parameter repeats: whether an array is an option that is given again and again, not one with commas
    init(_ value: Any, repeats: Bool) {
        switch value {
        case let value as any Gap: self = value.content.map { Self($0, repeats: repeats) } ?? .null
        case let value as Bool: self = .truth(value)
        case let value as any FixedWidthInteger: self = .number("\(value)")
        case let value as Double: self = value.isFinite ? .number("\(value)") : .text("\(value)")
        case let value as ViewChoice where value.names.isEmpty: self = .number(value.description)
        case let values as [Any]:
            let list = values.map { Self($0, repeats: false) }
            self = repeats ? .list(list) : .text(list.map(\.word).joined(separator: ","))
        case let value as any ExpressibleByArgument: self = .text(value.defaultValueDescription)
        default: self = .text("\(value)")
        }
    }

    var isTrue: Bool { if case .truth(true) = self { true } else { false } }

    /// As one writes it on a command line.
    private var word: String {
        switch self {
        case .null, .list: ""
        case .truth(let value): "\(value)"
        case .number(let text), .text(let text): text
        }
    }

    var node: Node {
        switch self {
        case .null: Node("null", Tag(.null))
        case .truth(let value): Node("\(value)", Tag(.bool))
        case .number(let text): Node(text)
        case .text(let text): .scalar(text.represented())
        case .list(let values): Node(values.map(\.node), .implicit, .flow)
        }
    }

    func json() throws -> String {
        switch self {
        case .null: return "null"
        case .truth(let value): return "\(value)"
        case .number(let text): return text
        case .text(let text):
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            return String(decoding: try encoder.encode(text), as: UTF8.self)
        case .list(let values): return "[\(try values.map { try $0.json() }.joined(separator: ", "))]"
        }
    }
}

/// The values behind a command's property wrappers, in the order of their declaration.
func declaredValues(_ command: Any) -> [Any] {
    Mirror(reflecting: command).children.flatMap { child in
        switch child.value {
        case let group as any Group: declaredValues(group.members)
        case let wrapper as any Wrapper: [wrapper.value]
        default: [] as [Any]
        }
    }
}

/// The group of options of a kind that a parsed command has; nil where it has none.
func optionGroup<Options>(_ kind: Options.Type, of command: any ParsableCommand) -> Options? {
    Mirror(reflecting: command).children.lazy.compactMap { ($0.value as? any Group)?.members as? Options }
        .first
}

/// A property wrapper of ArgumentParser that stands for one option.
private protocol Wrapper { var value: Any { get } }

extension Option: Wrapper { fileprivate var value: Any { wrappedValue } }
extension Flag: Wrapper { fileprivate var value: Any { wrappedValue } }
extension Argument: Wrapper { fileprivate var value: Any { wrappedValue } }

/// One that stands for several.
private protocol Group { var members: Any { get } }

extension OptionGroup: Group { fileprivate var members: Any { wrappedValue } }

/// What may be nothing.
protocol Gap { var content: Any? { get } }

extension Optional: Gap { var content: Any? { self } }
