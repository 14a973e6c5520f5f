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

extension Option where Value == Int {
    init(wrappedValue: Int, name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(wrappedValue: wrappedValue, name: name, parsing: .next, help: help.taking("number"))
    }
}

extension Option where Value == Int? {
    init(name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(name: name, parsing: .next, help: help.taking("number"))
    }
}

extension Option where Value == UInt64 {
    init(wrappedValue: UInt64, name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(wrappedValue: wrappedValue, name: name, parsing: .next, help: help.taking("number"))
    }
}

extension Option where Value == Double {
    init(wrappedValue: Double, name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(wrappedValue: wrappedValue, name: name, parsing: .next, help: help.taking("number"))
    }
}

extension Option where Value == Double? {
    init(name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(name: name, parsing: .next, help: help.taking("number"))
    }
}

extension Option where Value == ByteCount {
    init(wrappedValue: ByteCount, name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(wrappedValue: wrappedValue, name: name, parsing: .next, help: help.taking("size"))
    }
}

extension Option where Value == ByteCount? {
    init(name: NameSpecification = .long, help: ArgumentHelp) {
        self.init(name: name, parsing: .next, help: help.taking("size"))
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
