// Each test works in a folder of its own that goes when the test ends.

package import Foundation

/// Calls `body` with an empty folder and removes it afterwards.
package func withTemporaryFolder<Answer>(_ body: (URL) throws -> Answer) throws -> Answer {
    let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("echoprep-\(UUID().uuidString)", isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
