// What `echoprep inspect` says of a path: named facts, for people and for programs.

import EchoCore
import Files

/// What a file or a dataset is.
package struct Inspection: Sendable, Codable {
    /// One thing that is known of it.
    package struct Fact: Sendable, Codable, Hashable {
        package let name: String
        package let value: String
    }

    /// "clip", "shard", "checkpoint", "tensors" or "dataset".
    package let what: String
    package private(set) var facts: [Fact] = []
    /// For a clip: whether an ingest would keep it.
    package internal(set) var kept: Bool?

    init(_ what: String) { self.what = what }

    mutating func add(_ name: String, _ value: String?) {
        if let value { facts.append(Fact(name: name, value: value)) }
    }

    /// A line for each fact; facts whose names differ in numbers alone and say the same, as those of a model's blocks or of
    /// clips, share one, and what takes many lines is only named. `--json` has all of them.
    package var text: String {
        let lines = folded.map { fact in
            let count = fact.value.count { $0 == "\n" } + 1
            return Fact(
                name: fact.name, value: count > 1 ? "\(grouped(count)) lines, with --json" : fact.value)
        }
        let width = lines.map(\.name.count).max() ?? 0
        return lines.map { fact in
            fact.name + String(repeating: " ", count: width + 2 - fact.name.count) + fact.value
        }.joined(separator: "\n")
    }

    private var folded: [Fact] {
        let kinds = facts.map { Fact(name: $0.name.replacing(/[0-9]+/, with: "*"), value: $0.value) }
        let counts = Dictionary(kinds.map { ($0, 1) }, uniquingKeysWith: +)
        var told: Set<Fact> = []
        return zip(facts, kinds).compactMap { fact, kind in
            guard let count = counts[kind], count > 1 else { return fact }
            guard told.insert(kind).inserted else { return nil }
            return Fact(name: kind.name, value: "\(fact.value), \(grouped(count)) times")
        }
    }
}

/// Says what the file or folder at `path` is, by its content.
///
/// - Parameter rules: by which a clip would be kept or dropped
/// - Throws: `EchoError` if there is nothing that can be read
package func inspect(_ path: String, rules: IngestRules = IngestRules()) throws -> Inspection {
    if try folderIdentity(path) != nil { return try inspectDataset(path) }
    if isSafetensors(path) { return try inspectTensors(path) }
    return try ClipInspection(path, rules: rules).report
}
