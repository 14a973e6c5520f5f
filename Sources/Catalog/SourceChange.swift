// What may have become of a source since the ingest before, and how often it did.

import EchoCore

/// A way in which a file differs from what an earlier ingest found.
package enum SourceChange: String, Sendable, CaseIterable {
    case new, again, changed, withdrawn, moved, corrected, returned

    /// As a sentence has it after a number.
    package var words: String {
        switch self {
        case .new: "new"
        case .again: "looked at again"
        case .changed: "with other bytes"
        case .withdrawn: "withdrawn"
        case .moved: "moved"
        case .corrected: "with corrected ids"
        case .returned: "named again"
        }
    }
}

/// Files by what became of them; those of which there are none are left out.
package struct SourceChanges: Sendable, Equatable, Codable {
    private var counts: [String: Int] = [:]

    package init() {}

    package init(from decoder: any Decoder) throws {
        counts = try decoder.singleValueContainer().decode([String: Int].self)
        guard counts.values.allSatisfy({ 0...1 << 40 ~= $0 }) else {
            throw EchoError(Catalog.fileName, "counts changes of files that cannot be")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(counts)
    }

    package subscript(change: SourceChange) -> Int {
        get { counts[change.rawValue] ?? 0 }
        set { counts[change.rawValue] = newValue == 0 ? nil : newValue }
    }

    package var isEmpty: Bool { counts.isEmpty }

    /// Whether anything but files came: what was in the dataset is not as it was.
    package var isMoreThanNew: Bool { SourceChange.allCases.contains { $0 != .new && self[$0] > 0 } }

    package mutating func add(_ other: SourceChanges) {
        for change in SourceChange.allCases { self[change] += other[change] }
    }
}
