// A file that is there whole or not at all: written under a temporary name, brought to the disk, then renamed.

package import EchoCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A file in the making. Until `commit` nothing has the final name; a file that is not committed is gone.
///
/// Where the system can, the bytes lie in a file without any name, so that a kill leaves nothing behind and two writers do
/// not meet; elsewhere under a name behind a dot that nobody can have planted. What is there and is no regular file (a
/// device, a pipe) is written to at last, never replaced; through a symbolic link its target is replaced.
package struct AtomicFile: ~Copyable {
    /// Bytes written so far.
    package private(set) var offset = 0
    private let path: String
    private let goal: Goal
    private let file: Descriptor
    /// The name until `commit`, or only then where files need none before.
    private let temporary: String
    private var committed = false

    /// What will be made of the bytes.
    private enum Goal {
        /// The regular file of this name.
        case file(String)
        /// What is there already and cannot be replaced.
        case device
    }

    /// - Parameter path: the final name, whose folder is there
    package init(_ path: String) throws(EchoError) {
        let goal = try AtomicFile.goal(path)
        let folder =
            switch goal {
            case .file(let name): URL(fileURLWithPath: name).deletingLastPathComponent().path
            case .device: FileManager.default.temporaryDirectory.path
            }
        let temporary = AtomicFile.hidden(path, in: folder)
        file = try Descriptor(newIn: folder, otherwise: temporary, for: path)
        self.path = path
        self.goal = goal
        self.temporary = temporary
    }

    deinit { if !committed, file.hasName { unlink(temporary) } }

    private static func goal(_ path: String) throws(EchoError) -> Goal {
        var status = stat()
        guard lstat(path, &status) == 0 else { return .file(path) }
        if status.st_mode & S_IFMT == S_IFREG { return .file(path) }
        guard stat(path, &status) == 0 else {
            throw EchoError(path, "is a symbolic link that leads to nothing", try: "remove it")
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: throw EchoError(path, "is a folder, not a file")
        // /dev/stdout and the like are links to what another has opened, which may be a regular file.
        case S_IFREG where !path.hasPrefix("/dev/") && !path.hasPrefix("/proc/"):
            return .file(URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
        default: return .device
        }
    }

    /// A name beside `path` that is nobody's.
    private static func hidden(_ path: String, in folder: String) -> String {
        let mark = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        return "\(folder)/.\(URL(fileURLWithPath: path).lastPathComponent).partial-\(mark)"
    }

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

    /// Brings the bytes to the disk and gives the file its name, or to where they are to go.
    package consuming func commit() throws(EchoError) {
        guard case .file(let name) = goal else {
            let device = try Descriptor(path, flags: O_WRONLY | O_NOCTTY)
            return try file.copy(bytes: offset, to: device)
        }
        try file.synchronize()
        if !file.hasName { try file.link(to: temporary) }
        if rename(temporary, name) != 0 {
            let error = systemError(path, "cannot be given its name")
            unlink(temporary)
            throw error
        }
        committed = true
        try synchronizeFolder(of: name)
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
    if mkdir(path, 0o777) == 0 { return }
    let fault = systemError(path, "cannot be made"), code = errno
    // It is there, or another process made it at the same moment.
    if code == EEXIST, try folderIdentity(path) != nil { return }
    let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard code == ENOENT, !path.isEmpty, try folderIdentity(parent) == nil else { throw fault }
    try makeFolder(parent)
    try makeFolder(path)
}

/// Brings a folder's list of names to the disk, where the file system does that for folders.
func synchronizeFolder(of path: String) throws(EchoError) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try Descriptor(folder, flags: O_RDONLY | O_DIRECTORY).synchronize(whereItCan: true)
}
