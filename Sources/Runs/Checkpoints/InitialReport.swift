// What became of the tensors of an `--init` file, in words.

import EchoCore

/// Every parameter of the model and every tensor of the file is in one of these lists.
package struct InitialReport: Sendable, Equatable {
    /// Loaded as they are, and loaded after a change that is said.
    package var loaded: [String] = [], adapted: [String] = []
    /// Left at their fresh values: not in the file, or of another shape there.
    package var missing: [String] = [], mismatched: [String] = []
    /// In the file and not in the model; class tokens and positions, which this model has not, or computes.
    package var leftOver: [String] = [], ignored: [String] = []
    /// What makes weights mean something else here although they fit.
    package var warnings: [String] = []

    package init() {}

    package var isEmpty: Bool { loaded.isEmpty && adapted.isEmpty }
    package var isComplete: Bool { missing.isEmpty && mismatched.isEmpty && leftOver.isEmpty }

    /// One line for each kind that there is, with names; those of several blocks are one, as `blocks.0-3.…`, and of a long list
    /// it says how many each part of the model has, as `blocks (48)`.
    package var text: String {
        let kinds = [
            ("changed to fit", adapted), ("left fresh, not in the file", missing),
            ("left fresh, of another shape in the file", mismatched), ("of no use here", leftOver),
            ("ignored, as this model computes positions and has no class token", ignored),
        ]
        let lines = kinds.filter { !$0.1.isEmpty }.map {
            "  \($0.0) (\($0.1.count)): " + InitialReport.joined($0.1.map { brief($0, 200) })
        }
        let count = loaded.count + adapted.count
        let all = count + missing.count + mismatched.count
        let first = "\(count) of the model's \(all) tensors loaded"
        return ([first] + lines + warnings.map { "  warning: \($0)" }).joined(separator: "\n")
    }

    /// The lines in their order; those that differ only in their first number, that of a block, are one.
    private static func joined(_ lines: [String]) -> String {
        var order: [String] = []
        var numbers: [String: [Int]] = [:]
        for line in lines {
            var parts = line.split(separator: ".", omittingEmptySubsequences: false)
            let place = parts.firstIndex { Int($0) != nil }
            let number = place.flatMap { Int(parts[$0]) }
            if let place { parts[place] = "#" }
            let key = parts.joined(separator: ".")
            if numbers[key] == nil { order.append(key) }
            numbers[key, default: []] += number.map { [$0] } ?? []
        }
        guard order.count <= 8 else { return folded(lines) }
        return order.map { key in
            let found = numbers[key] ?? []
            guard let first = found.first, let last = found.last else { return key }
            let range = first < last && last - first == found.count - 1 && found == Array(first...last)
            let text = range ? "\(first)-\(last)" : found.map(String.init).joined(separator: ",")
            return key.replacing("#", with: text, maxReplacements: 1)
        }.joined(separator: ", ")
    }

    /// The parts that names begin with, in their order, and how many each has; at most thirty of them.
    private static func folded(_ lines: [String]) -> String {
        var order: [Substring] = [], counts: [Substring: Int] = [:]
        for line in lines {
            let part = line.prefix { $0 != "." && $0 != " " }
            if counts[part] == nil { order.append(part) }
            counts[part, default: 0] += 1
        }
        let most = 30
        let rest = order.count > most ? " and \(order.count - most) more parts" : ""
        return order.prefix(most).map { "\($0) (\(counts[$0] ?? 0))" }.joined(separator: ", ") + rest
    }
}
