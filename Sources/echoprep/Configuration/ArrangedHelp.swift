// Help as people read it: everyday options before the titled groups, and with -h those alone.

import ArgumentParser

/// A help text of ArgumentParser's in that order; any other text as it is.
///
/// - Parameter isShort: leave out the discussion but for its examples, and the titled groups but for their names
func arranged(_ text: String, isShort: Bool) -> String {
    guard text.hasPrefix("OVERVIEW: "), text.contains("\nUSAGE: ") else { return text }
    var head: [Substring] = [], sections: [(title: Substring, lines: [Substring])] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.wholeMatch(of: /[A-Z][^a-z:]*:/) != nil {
            sections.append((line.dropLast(), []))
        } else if sections.isEmpty {
            head += line.hasPrefix("USAGE: ") && line.count > 80 ? [folded(usage: line)] : [line]
        } else {
            sections[sections.count - 1].lines.append(line)
        }
    }
    for index in sections.indices {
        while sections[index].lines.last?.isEmpty == true { sections[index].lines.removeLast() }
    }
    let usual: [Substring] = ["ARGUMENTS", "OPTIONS", "SUBCOMMANDS"]
    let everyday = usual.dropLast().compactMap { title in sections.first { $0.title == title } }
    let titled = sections.filter { !usual.contains($0.title) }
    let commands = sections.filter { $0.title == "SUBCOMMANDS" }

    var parts = [(isShort ? shortened(head) : head).joined(separator: "\n")]
    parts += (everyday + (isShort ? [] : titled) + commands).map { section in
        "\(section.title):\n" + section.lines.joined(separator: "\n")
    }
    if isShort, !titled.isEmpty {
        let count = titled.flatMap(\.lines).count { $0.hasPrefix("  -") }
        parts.append(
            "  --help shows \(count) more options:\n"
                + titled.map { "    \($0.title.lowercased())" }.joined(separator: "\n"))
    }
    return parts.map { $0.trimmedLines }.joined(separator: "\n\n")
}

/// A line that lists every option, with one word for those that may be left out.
private func folded(usage line: Substring) -> Substring {
    let optional = /( \[--[^\]]*\])+/
    return line.replacing(optional, with: " [<options>]", maxReplacements: 1).replacing(optional, with: "")
}

/// What a command is, its examples and its usage.
private func shortened(_ head: [Substring]) -> [Substring] {
    let paragraphs = head.split(separator: "")
    return Array(
        paragraphs.enumerated().filter { index, lines in
            index == 0 || lines.first == "Examples:" || lines.first?.hasPrefix("USAGE: ") == true
        }.map { Array($0.element) }.joined(separator: [""]))
}

extension String {
    /// Without empty lines at its end.
    fileprivate var trimmedLines: Substring {
        var text = self[...]
        while text.last == "\n" { text.removeLast() }
        return text
    }
}
