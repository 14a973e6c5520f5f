// A disk of a few megabytes, for tests of what happens when it is full.

package import Foundation

/// A file system in memory, mounted at a folder while a test uses it.
package struct SmallDisk {
    private let folder: URL

    /// Whether this process may mount one.
    package static let canMount: Bool =
        (try? withTemporaryFolder { folder in
            shell("mount -t tmpfs -o size=1m tmpfs '\(folder.path)' 2>/dev/null && umount '\(folder.path)'")
                == 0
        }) ?? false

    /// Calls `body` while a disk of so many megabytes is mounted at `folder`, which is made.
    package static func mounted<Answer>(
        at folder: URL, megabytes: Int, _ body: (SmallDisk) throws -> Answer
    ) throws -> Answer {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        guard shell("mount -t tmpfs -o size=\(megabytes)m tmpfs '\(folder.path)'") == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
        defer { _ = shell("umount '\(folder.path)'") }
        return try body(SmallDisk(folder: folder))
    }

    /// Gives it another size.
    package func resize(megabytes: Int) throws {
        guard Self.shell("mount -o remount,size=\(megabytes)m '\(folder.path)'") == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
    }

    private static func shell(_ command: String) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        do { try process.run() } catch { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
