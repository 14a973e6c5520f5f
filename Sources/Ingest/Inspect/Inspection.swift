// What `echoprep inspect` says of a path: named facts, for people and for programs.

import EchoCore
import Files

/// What a file or a dataset is.
package struct Inspection: Sendable, Codable {
    /// One thing that is known of it.
    package struct Fact: Sendable, Codable, Equatable {
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

    /// A line for each fact.
    package var text: String {
        let width = facts.map(\.name.count).max() ?? 0
        return facts.map { fact in
            fact.name + String(repeating: " ", count: width + 2 - fact.name.count) + fact.value
        }.joined(separator: "\n")
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
