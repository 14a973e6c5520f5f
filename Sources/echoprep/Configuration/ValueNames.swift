// What options call their values in help: by their type, so that a number, a size, a folder and a file look like one.

import ArgumentParser

/// What is at the path that an option takes.
enum PathKind: String {
    case folder, file

    fileprivate var completion: CompletionKind { self == .folder ? .directory : .file() }
}

extension ArgumentHelp {
    fileprivate func taking(_ value: String) -> ArgumentHelp {
        guard valueName == nil else { return self }
        var help = self
        help.valueName = value
        return help
    }
}

/// A type whose values are called alike by every option.
protocol NamedByType: ExpressibleByArgument { static var called: String { get } }

extension Int: NamedByType { static let called = "number" }
extension UInt64: NamedByType { static let called = "number" }
extension Double: NamedByType { static let called = "number" }
extension ByteCount: NamedByType { static let called = "size" }

extension Option where Value: NamedByType {
    init(wrappedValue: Value, name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(wrappedValue: wrappedValue, name: name, parsing: .next, help: help.taking(Value.called))
    }
}

extension Option {
    init<Wrapped: NamedByType>(name: NameSpecification = .long, help: ArgumentHelp) where Value == Wrapped? {
        self.init(name: name, parsing: .next, help: help.taking(Wrapped.called))
    }
}

extension Option where Value == String {
    /// The path of a folder or a file.
    init(name: NameSpecification = .long, help: ArgumentHelp, path: PathKind) {
        self.init(
            name: name, parsing: .next, help: help.taking(path.rawValue), completion: path.completion)
    }
}

extension Option where Value == String? {
    init(name: NameSpecification = .long, help: ArgumentHelp, path: PathKind) {
        self.init(
            name: name, parsing: .next, help: help.taking(path.rawValue), completion: path.completion)
    }
}

extension Option where Value == [String] {
    init(name: NameSpecification = .long, help: ArgumentHelp, path: PathKind) {
        self.init(
            name: name, parsing: .singleValue, help: help.taking(path.rawValue), completion: path.completion)
    }
}
