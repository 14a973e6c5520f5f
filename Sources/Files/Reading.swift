// Files read whole: once into memory, or mapped where only parts of them will be looked at.

package import EchoCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// The whole of a regular file, read once.
///
/// - Throws: `EchoError` where it cannot be opened or read, is not a regular file, is longer than `limit` bytes or
///   changed while it was read.
package func readFile(_ path: String, upTo limit: Int = 4 << 30) throws(EchoError) -> [UInt8] {
    let file = try Descriptor(path, flags: O_RDONLY | O_NONBLOCK)
    let before = try regular(file.status(), path)
    if Int(before.st_size) > limit {
        throw EchoError(path, "is \(grouped(Int(before.st_size))) bytes long, more than \(grouped(limit))")
    }
    guard let bytes = try wholeFile(file, before) else {
        throw EchoError(path, "changed while it was read", try: "run again when nothing writes to it")
    }
    return bytes
}

/// A source file that was read.
package struct SourceBytes: Sendable {
    package let bytes: [UInt8]
    /// When it was last written to, in nanoseconds since 1970.
    package let mtime: Int
}

/// The whole of a source file, read once; as `readFile`, but what is wrong with the file is a reason for dropping it.
///
/// - Parameter buffers: where the memory comes from
/// - Throws: `EchoError` for what is wrong with the machine, or with the folder that the file was found in: it is gone
package func readSource(
    _ path: String, upTo limit: Int, from buffers: BufferPool
) throws(EchoError) -> Result<SourceBytes, Rejection> {
    do throws(EchoError) {
        let file = try Descriptor(path, flags: O_RDONLY | O_NONBLOCK)
        let before = try regular(file.status(), path)
        if Int(before.st_size) > limit {
            let problem = "\(grouped(Int(before.st_size))) bytes, more than \(grouped(limit))"
            return .failure(Rejection(.tooLarge, problem))
        }
        if let bytes = try wholeFile(file, before, into: buffers.take(Int(before.st_size))) {
            return .success(SourceBytes(bytes: bytes, mtime: FileStamp(before).mtime))
        }
        return .failure(Rejection(.changedWhileRead, "its size or its time changed while it was read"))
    } catch {
        if error.isPassing { throw error }
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        var status = stat()
        guard lstat(path, &status) == 0 || !isAbsent() else {
            guard lstat(folder, &status) == 0 else {
                throw EchoError(
                    folder, "is gone since its files were listed",
                    try: "mount that disk again and run the same command again", isPassing: true)
            }
            return .failure(Rejection(.missing, "it is gone since it was listed"))
        }
        return .failure(Rejection(.unreadable, error.problem))
    }
}

/// The first `count` bytes of a regular file, or all.
///
/// - Throws: `EchoError` where it cannot be opened or read, or is not a regular file.
package func readBeginning(_ path: String, _ count: Int) throws(EchoError) -> [UInt8] {
    let file = try Descriptor(path, flags: O_RDONLY | O_NONBLOCK)
    let status = try regular(file.status(), path)
    var bytes = [UInt8](repeating: 0, count: min(count, Int(status.st_size)))
    let there = try file.read(into: &bytes)
    return Array(bytes.prefix(there))
}

/// The bytes of an open file, in place of those of `buffer`; nil if it is not what it was `before`.
private func wholeFile(
    _ file: borrowing Descriptor, _ before: stat, into buffer: consuming [UInt8] = []
) throws(EchoError) -> [UInt8]? {
    var bytes = buffer
    bytes.resize(to: Int(before.st_size))
    let count = try file.read(into: &bytes)
    let after = try file.status()
    let same =
        count == bytes.count && before.st_size == after.st_size
        && before.st_mtim.tv_sec == after.st_mtim.tv_sec && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec
    return same ? bytes : nil
}

/// A regular file mapped into memory: nothing is read before it is looked at.
package func mapFile(_ path: String) throws(EchoError) -> Data {
    let file = try Descriptor(path, flags: O_RDONLY | O_NONBLOCK)
    return try file.mapped(Int(regular(file.status(), path).st_size))
}

private func regular(_ status: stat, _ path: String) throws(EchoError) -> stat {
    if status.st_mode & S_IFMT == S_IFDIR { throw EchoError(path, "is a folder, not a file") }
    if status.st_mode & S_IFMT != S_IFREG { throw EchoError(path, "is not a regular file") }
    return status
}

/// Throws where `path` is not a regular file that can be opened.
func checkReadable(_ path: String) throws(EchoError) {
    _ = try regular(Descriptor(path, flags: O_RDONLY | O_NONBLOCK).status(), path)
}
