// What differs between two sources of labels, or between the labels that two rules made: target by target, study by study.

import Catalog
package import EchoCore
import Files
import Foundation
import GRDB

/// Labels to compare: all targets of a source, or one of them, perhaps against a bound.
package struct LabelChoice: Sendable, Equatable {
    /// "<", "<=", ">", ">=" or "=".
    package let relation: String?
    package let source: String, target: String?, bound: Double?

    /// Reads "link-icd", "link-icd:I50", "measurements:lvef<40" or "review:view=A4C".
    package init(_ text: String) throws(EchoError) {
        let fault = EchoError(
            "label compare", "what is compared is SOURCE, SOURCE:TARGET or SOURCE:TARGET<NUMBER",
            try: "link-icd:I50 'measurements:lvef<40'", isUsage: true)
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, !first.isEmpty else { throw fault }
        source = String(first)
        guard parts.count == 2 else {
            (target, relation, bound) = (nil, nil, nil)
            return
        }
        // An answer to a question has a sign of its own, which no number follows.
        let field = LabelField.name(ofTarget: String(parts[1])) ?? ""
        let isAnswer = !field.isEmpty && decimalNumber(parts[1].dropFirst(field.count + 1)) == nil
        let name = isAnswer ? parts[1].dropFirst(field.count + 1) : parts[1]
        guard let place = name.firstIndex(where: { "<>=".contains($0) }) else {
            (target, relation, bound) = (String(parts[1]), nil, nil)
            return
        }
        let rest = parts[1][place...], sign = rest.prefix { "<>=".contains($0) }
        guard ["<", "<=", ">", ">=", "="].contains(String(sign)),
            let number = decimalNumber(rest.dropFirst(sign.count))
        else { throw fault }
        (target, relation, bound) = (String(parts[1][..<place]), String(sign), number)
    }

    /// 1 or 0 by the bound; without one the value itself.
    func judged(_ value: Double) -> Double {
        guard let bound, let relation else { return value }
        let holds =
            switch relation {
            case "<": value < bound
            case "<=": value <= bound
            case ">": value > bound
            case ">=": value >= bound
            default: value == bound
            }
        return holds ? 1 : 0
    }

    /// As it was written.
    package var text: String {
        let bound =
            bound.map { bound in
                "\(relation ?? "")\(Int(exactly: bound).map(String.init) ?? "\(bound)")"
            } ?? ""
        return source + (target.map { ":" + $0 } ?? "") + bound
    }
}

/// What two choices say of the same studies, subjects or clips.
package struct LabelComparison: Codable, Sendable, Equatable {
    /// A target that both have.
    package struct Target: Codable, Sendable, Equatable {
        package let name: String
        /// Known to both, and of these equal; known to one of them alone.
        package let both: Int, equal: Int, onlyFirst: Int, onlySecond: Int
        /// Where all values are 0 or 1: how often first and second are (1, 1), (1, 0), (0, 1), (0, 0).
        package let table: [Int]?
        /// Cohen's kappa; nil where one of them is always the same.
        package let kappa: Double?
        /// Of the second's 1 the share that the first has, and the reverse.
        package let sensitivity: Double?, precision: Double?
    }

    package let first: String, second: String
    package let targets: [Target]
    /// Targets of one of them alone.
    package let onlyFirst: [String], onlySecond: [String]

    /// A line a target.
    package var text: String {
        var lines = ["\(first) and \(second)"]
        for row in targets {
            let differ = grouped(row.both - row.equal)
            var line = "  \(row.name): \(grouped(row.both)) known to both, \(differ) of them differ"
            line +=
                ", \(grouped(row.onlyFirst)) to the first alone, \(grouped(row.onlySecond)) to the second alone"
            lines.append(line)
            if let table = row.table {
                lines.append(
                    "    both 1: \(grouped(table[0])), first alone 1: \(grouped(table[1])), second alone 1: \(grouped(table[2])), both 0: \(grouped(table[3]))"
                )
                let figures = [
                    ("kappa", row.kappa), ("the first has of the second's 1", row.sensitivity),
                    ("the second has of the first's 1", row.precision),
                ]
                lines.append(
                    "    "
                        + figures.map { "\($0.0) \($0.1.map { String(format: "%.3f", $0) } ?? "undefined")" }
                        .joined(separator: ", "))
            }
        }
        for (name, targets) in [(first, onlyFirst), (second, onlySecond)] where !targets.isEmpty {
            lines.append("  in \(name) alone: \(targets.joined(separator: " "))")
        }
        return printed(lines)
    }
}

/// Compares two choices of labels, the second of them perhaps in another dataset: what another rule made of it.
///
/// - Parameter file: a csv file of what differs: key, target, and both values, empty where one does not know
/// - Throws: `EchoError` where one of them has no labels, or they have no target in common
package func compareLabels(
    dataset: String, _ first: LabelChoice, _ second: LabelChoice, other: String? = nil, file: String? = nil
) throws -> LabelComparison {
    let ours = try ChosenLabels(first, in: dataset), theirs = try ChosenLabels(second, in: other ?? dataset)
    let list = try file.map(DifferenceList.init)
    var targets: [LabelComparison.Target] = []
    // Two named targets are compared, whatever they are called.
    let pair = first.target.flatMap { a in second.target.map { b in (a, b) } }
    if let (a, b) = pair {
        targets.append(
            try compare(
                "\(first.text) and \(second.text)", ours.values(of: a), theirs.values(of: b)
            ) { try list?.add($0, of: nil, $1, $2) })
    } else {
        for target in ours.targets where theirs.targets.contains(target) {
            targets.append(
                try compare(target, ours.values(of: target), theirs.values(of: target)) {
                    try list?.add($0, of: target, $1, $2)
                })
        }
    }
    guard !targets.isEmpty else {
        throw EchoError(
            "label compare", "the two have no target in common",
            try: "name one of each, as link-icd:I50 measurements:lvef")
    }
    try list?.finish()
    return LabelComparison(
        first: first.text, second: second.text, targets: targets,
        onlyFirst: pair != nil ? [] : ours.targets.filter { !theirs.targets.contains($0) },
        onlySecond: pair != nil ? [] : theirs.targets.filter { !ours.targets.contains($0) })
}

/// Compares what two say of one target.
///
/// - Parameter differ: receives each key of which they say other things
private func compare(
    _ name: String, _ a: [String: Double?], _ b: [String: Double?],
    differ: (_ key: String, Double?, Double?) throws -> Void
) throws -> LabelComparison.Target {
    var counts = [0, 0, 0, 0], both = 0, equal = 0, only = (first: 0, second: 0), isBinary = true
    for key in Set(a.keys).union(b.keys).sorted() {
        let (x, y) = (a[key] ?? nil, b[key] ?? nil)
        if x != y { try differ(key, x, y) }
        guard let x, let y else {
            only.first += x == nil ? 0 : 1
            only.second += y == nil ? 0 : 1
            continue
        }
        both += 1
        equal += x == y ? 1 : 0
        if [0, 1].contains(x), [0, 1].contains(y) {
            counts[(x == 1 ? 0 : 2) + (y == 1 ? 0 : 1)] += 1
        } else {
            isBinary = false
        }
    }
    func share(_ part: Int, _ whole: Int) -> Double? { whole == 0 ? nil : Double(part) / Double(whole) }
    let isTable = isBinary && both > 0
    return LabelComparison.Target(
        name: name, both: both, equal: equal, onlyFirst: only.first, onlySecond: only.second,
        table: isTable ? counts : nil, kappa: isTable ? kappa(counts) : nil,
        sensitivity: isTable ? share(counts[0], counts[0] + counts[2]) : nil,
        precision: isTable ? share(counts[0], counts[0] + counts[1]) : nil)
}

/// (observed − expected agreement) / (1 − expected agreement); of (1, 1), (1, 0), (0, 1), (0, 0).
private func kappa(_ counts: [Int]) -> Double? {
    let n = Double(counts.reduce(0, +))
    let first = Double(counts[0] + counts[1]) / n, second = Double(counts[0] + counts[2]) / n
    let expected = first * second + (1 - first) * (1 - second)
    return expected == 1 ? nil : (Double(counts[0] + counts[3]) / n - expected) / (1 - expected)
}

/// The csv file of what differs, written as it is found.
private final class DifferenceList {
    private var file: AtomicFile?

    init(_ path: String) throws(EchoError) {
        var begun = try AtomicFile(path)
        try begun.write(Array("key,target,first,second\n".utf8))
        file = consume begun
    }

    func add(_ key: String, of target: String?, _ a: Double?, _ b: Double?) throws(EchoError) {
        let fields = [key, target ?? "", a.map { "\($0)" } ?? "", b.map { "\($0)" } ?? ""]
        try file?.write(Array((fields.map { csvField($0) }.joined(separator: ",") + "\n").utf8))
    }

    func finish() throws(EchoError) { try file.take()?.commit() }
}

/// The labels that a choice names, of which one target at a time is in memory.
private final class ChosenLabels {
    private let choice: LabelChoice, catalog: Catalog
    /// All targets of the source, in order.
    private let all: [String]
    /// Those that are chosen.
    let targets: [String]
    /// The question that was asked last, and what is known of any answer to it.
    private var asked: (question: String, keys: Set<String>)?

    init(_ choice: LabelChoice, in dataset: String) throws {
        self.choice = choice
        let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
        self.catalog = catalog
        all = try Set(
            catalog.units(of: choice.source).flatMap { try catalog.targets(of: choice.source, unit: $0) }
        ).sorted()
        let all = all
        targets = choice.target.map { target in all.filter { $0 == target } } ?? all
        guard !targets.isEmpty else {
            throw EchoError(
                "label compare",
                "there are no labels \(choice.target.map { "\(choice.source):\($0)" } ?? choice.source)",
                try: "echoprep label list --dataset DATASET names those there are")
        }
    }

    /// The values of a target by key; nil where unknown. Of answers to a question, as the views of clips, one holds or does
    /// not, however probable it is, and those that are not there do not.
    func values(of target: String) throws -> [String: Double?] {
        var found = try read(target)
        if choice.bound == nil, let question = LabelField.name(ofTarget: target) {
            for key in try keys(of: question) where (found[key] ?? nil) == nil { found[key] = 0 }
            found = found.mapValues { $0.map { $0 > 0 ? 1 : 0 } }
        }
        return found.mapValues { $0.map(choice.judged) }
    }

    /// What is known of any answer to a question: read once for all of them.
    private func keys(of question: String) throws -> Set<String> {
        if let asked, asked.question == question { return asked.keys }
        var keys: Set<String> = []
        for answer in all where LabelField.name(ofTarget: answer) == question {
            for (key, value) in try read(answer) where value != nil { keys.insert(key) }
        }
        asked = (question, keys)
        return keys
    }

    private func read(_ target: String) throws -> [String: Double?] {
        try catalog.read { db in
            var found: [String: Double?] = [:]
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT key, value FROM label
                    WHERE source = ? AND unit IN ('subject', 'study', 'clip') AND target = ?
                    """, arguments: [choice.source, target])
            while let row = try rows.next() {
                let value: Double? = try row.value(1)
                found.updateValue(value, forKey: try row.value(0))
            }
            return found
        }
    }
}
