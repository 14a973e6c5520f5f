// The sums that PhysioNet publishes beside its files: whether a download is whole.

import EchoCore
import Files
import Foundation

/// Files `SHA256SUMS.txt`.
enum PublishedSums {
    static let fileName = sumListName

    /// The sum that the list in the folder of `path`, or in the one above it, has for the file; nil without one.
    static func sum(of path: String) throws(EchoError) -> String? {
        var folder = URL(fileURLWithPath: path).standardizedFileURL.deletingLastPathComponent()
        var name = URL(fileURLWithPath: path).lastPathComponent
        for _ in 0..<2 {
            if let sum = try publishedSum(of: name, inList: folder.appendingPathComponent(fileName).path) {
                return sum
            }
            name = folder.lastPathComponent + "/" + name
            folder.deleteLastPathComponent()
        }
        return nil
    }
}
