// A file that is there whole or not at all: written under a temporary name, brought to the disk, then renamed.

package import EchoCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A file in the making. Until `commit` nothing has the final name; a file that is not committed is removed.
package struct AtomicFile: ~Copyable {
    /// Bytes written so far.
    package private(set) var offset = 0
    private let path: String, temporary: String
    private let file: Descriptor
    private var committed = false

    /// - Parameters:
    ///   - path: the final name, whose folder is there
    ///   - temporary: the name until `commit`; by default the final one behind a dot, with `.partial`
    package init(_ path: String, temporary: String? = nil) throws(EchoError) {
        let url = URL(fileURLWithPath: path)
        let hidden = url.deletingLastPathComponent().appendingPathComponent(
            ".\(url.lastPathComponent).partial")
        self.path = path
        self.temporary = temporary ?? hidden.path
        file = try Descriptor(self.temporary, flags: O_RDWR | O_CREAT | O_TRUNC)
    }

    deinit { if !committed { unlink(temporary) } }

    package mutating func write(_ bytes: some ContiguousBytes) throws(EchoError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(EchoError) in
                try file.write(buffer, at: offset)
                return buffer.count
            }
        }
        let before = offset
        offset += try result.get()
        // The disk begins at once, so that `commit` finds little left to wait for.
        if offset / AtomicFile.stride > before / AtomicFile.stride { file.startWriting() }
    }

    private static let stride = 16 << 20

    /// Writes over bytes that were written before.
    package mutating func overwrite(_ bytes: some ContiguousBytes, at place: Int) throws(EchoError) {
        let result = bytes.withUnsafeBytes { buffer in
            precondition(
                place >= 0 && place + buffer.count <= offset, "only what was written is written over")
            return Result { () throws(EchoError) in try file.write(buffer, at: place) }
        }
        try result.get()
    }

    /// Makes room for `count` bytes at `place` by moving those that follow.
    package mutating func insert(_ count: Int, at place: Int) throws(EchoError) {
        var end = offset
        while end > place {
            let start = max(place, end - AtomicFile.stride)
            try file.copy(start..<end, to: start + count)
            end = start
        }
        offset += count
    }

    /// Brings the bytes to the disk and gives the file its name.
    package consuming func commit() throws(EchoError) {
        try file.synchronize()
        if rename(temporary, path) != 0 { throw systemError(path, "cannot be given its name") }
        committed = true
        try synchronizeFolder(of: path)
    }
}

/// Writes a whole file, which is there with these bytes or as it was before.
package func writeFile(_ path: String, _ bytes: some ContiguousBytes) throws(EchoError) {
    var file = try AtomicFile(path)
    try file.write(bytes)
    try file.commit()
}

/// Makes a folder and those above it, where they are missing.
package func makeFolder(_ path: String) throws(EchoError) {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        throw systemError(path, "cannot be made")
    }
}

/// Brings a folder's list of names to the disk.
func synchronizeFolder(of path: String) throws(EchoError) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try Descriptor(folder, flags: O_RDONLY | O_DIRECTORY).synchronize()
}
