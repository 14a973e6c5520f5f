// Files that lists named once, and what they are found by when they come back, or under other names.

import Catalog
import EchoCore

/// The files that are gone: they may be new ones under other paths.
struct FormerFiles {
    /// Where what is known of one stands.
    enum Found {
        case row(KnownFile)
        case withdrawn(WithdrawnFile)
    }

    private struct Entry {
        let path: String
        let sha256: String?
        let isKept: Bool
        let found: Found
    }

    private var entries: [Entry?]
    /// Places in `entries`, by sum and by path; kept clips first.
    private var bySum: [String: [Int]] = [:]
    private var byPath: [PathText: Int] = [:]
    private var sizes: Set<Int> = []

    init(gone: [KnownFile], withdrawn: [WithdrawnFile]) {
        let rows = gone.map { row in
            (
                Entry(path: row.path, sha256: row.sha256, isKept: row.reason == nil, found: .row(row)),
                row.bytes
            )
        }
        let former = withdrawn.map { file in
            (
                Entry(path: file.path, sha256: file.sha256, isKept: file.isKept, found: .withdrawn(file)),
                file.bytes
            )
        }
        let all = (rows + former).filter { $0.0.sha256 != nil }
        let ordered = all.filter { $0.0.isKept } + all.filter { !$0.0.isKept }
        entries = ordered.map { $0.0 }
        for (place, (entry, bytes)) in ordered.enumerated() {
            if let sum = entry.sha256 { bySum[sum, default: []].append(place) }
            if byPath[PathText(entry.path)] == nil { byPath[PathText(entry.path)] = place }
            if let bytes { sizes.insert(bytes) }
        }
    }

    /// Whether one of them was so long.
    func hasSize(_ bytes: Int) -> Bool { sizes.contains(bytes) }

    /// Leaves out withdrawn ones whose bytes are those of clips that the dataset has.
    mutating func leaveOut(_ sums: Set<String>) {
        for place in entries.indices {
            if let entry = entries[place], case .withdrawn = entry.found, let sum = entry.sha256,
                sums.contains(sum)
            {
                entries[place] = nil
            }
        }
    }

    /// The one that a new file is, which then is none any more.
    ///
    /// - Parameter sum: of the file's bytes, if they were read
    mutating func take(_ file: SourceFile, sum: String?) -> Found? {
        var place: Int?
        if let sum = file.publishedSum ?? sum {
            let places = (bySum[sum] ?? []).filter { entries[$0] != nil }
            place =
                places.first { entries[$0].map { PathText($0.path) } == PathText(file.path) } ?? places.first
        } else if file.fault?.reason == .missing {
            place = byPath[PathText(file.path)].flatMap { entries[$0] == nil ? nil : $0 }
        }
        guard let place, let entry = entries[place] else { return nil }
        entries[place] = nil
        return entry.found
    }
}
