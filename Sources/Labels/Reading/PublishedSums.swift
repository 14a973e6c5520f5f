// The sums that PhysioNet publishes beside its files: whether a download is whole.

import EchoCore
import Files
import Foundation

/// A file `SHA256SUMS.txt`: a line for each file, its sum and its path below the folder of the list.
struct PublishedSums {
    static let fileName = "SHA256SUMS.txt"

    /// The sum that the list in the folder of `path`, or in the one above it, has for the file; nil without one.
    static func sum(of path: String) -> String? {
        var folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent()
        var name = URL(fileURLWithPath: path).lastPathComponent
        for _ in 0..<2 {
            let list = try? String(contentsOf: folder.appendingPathComponent(fileName), encoding: .utf8)
            if let sum = list.flatMap({ sum(of: name, in: $0) }) { return sum }
            name = folder.lastPathComponent + "/" + name
            folder.deleteLastPathComponent()
        }
        return nil
    }

    private static func sum(of name: String, in list: String) -> String? {
        for line in list.split(whereSeparator: \.isNewline) {
            // "SUM  PATH", or "SUM *PATH" of a binary file.
            let fields = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard fields.count == 2, fields[0].utf8.count == 64 else { continue }
            var path = fields[1].drop { $0 == " " || $0 == "*" }
            if path.hasPrefix("./") { path = path.dropFirst(2) }
            if path == name { return fields[0].lowercased() }
        }
        return nil
    }
}
