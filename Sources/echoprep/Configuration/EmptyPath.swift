// A path that is nothing, as a variable of the shell that is not set: refused before "/" is taken for it.

import ArgumentParser

extension ParsableCommand {
    /// Throws where a file or folder is given as an empty text.
    func checkPaths() throws(ValidationError) {
        for (option, value) in zip(DeclaredOption.all(of: Self.self), declaredValues(self))
        where option.isPath {
            guard paths(value).contains("") else { continue }
            let name = option.kind == .positional ? option.name.uppercased() : "--\(option.name)"
            throw ValidationError("\(name) is empty: name a path (is a variable of the shell not set?)")
        }
    }
}

private func paths(_ value: Any) -> [String] {
    switch value {
    case let gap as any Gap: gap.content.map(paths) ?? []
    case let path as String: [path]
    case let list as [String]: list
    default: []
    }
}
