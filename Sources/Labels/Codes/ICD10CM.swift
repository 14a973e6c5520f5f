// The ICD-10-CM hierarchy: every chapter, block, category and subcategory of a release, out of a compact resource.

private import CResources
import Files

/// A release of ICD-10-CM, decoded once when it is first asked for.
///
/// The hierarchy is chapter (22), block (297), category (1,918), then up to four levels of subcategories.
/// Thirty-nine names (B20, C50, T79, …) are both a block and a category, so a name is looked up by its level.
/// The text behind it is described in `schemas/generate-icd10cm.py`.
package struct ICD10CM: Sendable {
    /// A level of the hierarchy, from the widest to the narrowest.
    package enum Level: String, Sendable, CaseIterable {
        case chapter, block, category, subcategory
    }

    /// One chapter, block, category or subcategory.
    package struct Node: Sendable, Equatable {
        package let level: Level
        /// Without a dot: "9", "I30-I5A", "I50", "I5020".
        package let code: String
        package let title: String
        /// The code one level up; nil for a chapter.
        package let parent: String?
        /// Nothing stands below it.
        package let isLeaf: Bool
    }

    /// The release inside the program.
    package static let current = ICD10CM()

    /// The release's name, as "ICD-10-CM, April 2026".
    package let release: String

    private let text: [UInt8]
    private let lines: [Line]
    /// The lines of the categories by their key.
    private let categories: [UInt64: Int]
    /// The lines of chapters and blocks by level and name: "block B20".
    private let upperLines: [String: Int]

    /// One node, as a line of the text.
    private struct Line {
        /// Where its name begins, after the depth, and where its title begins, after the tab.
        var name: UInt32, title: UInt32
        /// The line of its parent (its own for a chapter), and the first line that is not below it.
        var parent: UInt32, end: UInt32
        /// The code as text in the upper seven bytes of a number, so that numbers order as codes do.
        var key: UInt64
        var depth: UInt8
    }

    /// The number of nodes of all levels.
    package var count: Int { lines.count }

    /// Every node, parents before children.
    package var nodes: some Sequence<Node> { lines.indices.lazy.map { node(at: $0) } }

    /// All chapters, blocks and categories, and the subcategories down to `codes` (normalised).
    package func nodes(downTo codes: some Sequence<String>) -> some Sequence<Node> {
        var isIncluded = lines.map { $0.depth <= 2 }
        for code in codes {
            guard var line = nearestLine(to: code) else { continue }
            while !isIncluded[line] {
                isIncluded[line] = true
                line = Int(lines[line].parent)
            }
        }
        return lines.indices.lazy.filter { isIncluded[$0] }.map { node(at: $0) }
    }

    /// What the release knows of the ICD-10 code `code` (normalised, see `ICDCode`).
    package func status(of code: String) -> CodeStatus {
        guard let key = Self.key(code) else { return .unknown }
        let category = categories[key & Self.categoryMask]
        if let category, let line = line(of: key, in: category) { return isLeaf(line) ? .leaf : .notLeaf }
        if isSpelledAsProcedure(code) { return .procedure }
        return category == nil ? .unknown : .retired
    }

    /// The category of the ICD-10 code `code`, its first three characters, if the release has it.
    package func category(of code: String) -> String? {
        switch status(of: code) {
        case .leaf, .notLeaf, .retired: String(code.prefix(3))
        case .unknown, .procedure, .icd9: nil
        }
    }

    /// The category or subcategory that `code` (normalised) names.
    package func node(code: String) -> Node? {
        guard let key = Self.key(code), let category = categories[key & Self.categoryMask] else { return nil }
        return line(of: key, in: category).map(node(at:))
    }

    /// The nodes from the chapter down to `code` (normalised), or to the longest beginning of it that the release
    /// has if it was retired; none if its category is unknown.
    package func path(to code: String) -> [Node] { nearestLine(to: code).map(path(toLine:)) ?? [] }

    /// The nodes from the chapter down to the node `code` of a level; none if there is no such node.
    package func path(to code: String, at level: Level) -> [Node] {
        if level == .category || level == .subcategory {
            return node(code: code) == nil ? [] : path(to: code)
        }
        guard let line = upperLines["\(level.rawValue) \(code)"] else { return [] }
        return path(toLine: line)
    }

    // MARK: Lines

    private static let categoryMask: UInt64 = 0xFFFF_FF00_0000_0000

    /// Categories and subcategories are three to seven letters and digits; anything else is no code.
    private static func key(_ code: String) -> UInt64? {
        let bytes = code.utf8
        guard (3...7).contains(bytes.count) else { return nil }
        var key: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            guard (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) else { return nil }
            key |= UInt64(byte) << (56 - 8 * UInt64(index))
        }
        return key
    }

    /// The line of the code `key` among those of its category, where codes ascend.
    private func line(of key: UInt64, in category: Int) -> Int? {
        var low = category
        var high = Int(lines[category].end)
        while low < high {
            let middle = (low + high) / 2
            if lines[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low < Int(lines[category].end) && lines[low].key == key ? low : nil
    }

    /// The line of `code`, or of the longest beginning of it that the release has.
    private func nearestLine(to code: String) -> Int? {
        guard let key = Self.key(code), let category = categories[key & Self.categoryMask] else { return nil }
        if line(of: key, in: category) == nil, isSpelledAsProcedure(code) { return nil }
        for shortened in stride(from: 64 - 8 * code.utf8.count, to: 40, by: 8) {
            if let line = line(of: (key >> shortened) << shortened, in: category) { return line }
        }
        return category
    }

    private func path(toLine line: Int) -> [Node] {
        var path = [node(at: line)]
        var line = line
        while lines[line].depth > 0 {
            line = Int(lines[line].parent)
            path.append(node(at: line))
        }
        return path.reversed()
    }

    private func isLeaf(_ line: Int) -> Bool { Int(lines[line].end) == line + 1 }

    private func node(at line: Int) -> Node {
        let parent = lines[line].depth == 0 ? nil : code(at: Int(lines[line].parent))
        return Node(
            level: Level.allCases[min(Int(lines[line].depth), 3)], code: code(at: line),
            title: title(at: line),
            parent: parent, isLeaf: isLeaf(line))
    }

    private func code(at line: Int) -> String {
        let own = String(decoding: text[Int(lines[line].name)..<Int(lines[line].title) - 1], as: UTF8.self)
        return lines[line].depth > 2 ? code(at: Int(lines[line].parent)) + own : own
    }

    private func title(at line: Int) -> String {
        // The next line begins with its depth, and this one ends with a line feed.
        let next = line + 1 < lines.count ? Int(lines[line + 1].name) - 1 : text.count
        let own = text[Int(lines[line].title)..<next - 1]
        guard own.first == UInt8(ascii: "~") else { return String(decoding: own, as: UTF8.self) }
        return title(at: Int(lines[line].parent)) + String(decoding: own.dropFirst(), as: UTF8.self)
    }

    // MARK: Decoding

    private init() {
        let resource = UnsafeRawBufferPointer(start: echoprep_icd10cm, count: echoprep_icd10cm_count)
        guard let text = try? gunzip(resource, upTo: 64 << 20) else {
            preconditionFailure("the program's own resource inflates")
        }
        var lines: [Line] = []
        var categories: [UInt64: Int] = [:]
        var upperLines: [String: Int] = [:]
        lines.reserveCapacity(100_000)
        /// The line that is open at every depth.
        var open: [Int] = []
        let bytes = text.span
        var position = 0
        func find(_ wanted: UInt8) -> Int {
            while bytes[position] != wanted { position += 1 }
            position += 1
            return position
        }
        release = String(decoding: text[2..<find(0x0A) - 1], as: UTF8.self)
        while position < bytes.count {
            let depth = Int(bytes[position] - UInt8(ascii: "0"))
            let name = position + 1
            let title = find(0x09)
            while open.count > depth { lines[open.removeLast()].end = UInt32(lines.count) }
            let parent = open.last ?? lines.count
            var key: UInt64 = 0
            if depth >= 2 {
                key = depth > 2 ? lines[parent].key : 0
                var shift = depth > 2 ? key.trailingZeroBitCount / 8 * 8 - 8 : 56
                for index in name..<title - 1 {
                    key |= UInt64(bytes[index]) << shift
                    shift -= 8
                }
            }
            if depth == 2 { categories[key] = lines.count }
            if depth < 2 {
                let code = String(decoding: text[name..<title - 1], as: UTF8.self)
                upperLines["\(Level.allCases[depth].rawValue) \(code)"] = lines.count
            }
            open.append(lines.count)
            lines.append(
                Line(
                    name: UInt32(name), title: UInt32(title), parent: UInt32(parent), end: 0, key: key,
                    depth: UInt8(depth)))
            _ = find(0x0A)
        }
        while let last = open.popLast() { lines[last].end = UInt32(lines.count) }
        self.text = text
        self.lines = lines
        self.categories = categories
        self.upperLines = upperLines
    }
}
