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

/// The whole of a source file, read once; as `readFile`, but what is wrong is a reason for dropping the file.
///
/// - Parameter buffers: where the memory comes from
/// - Returns: its bytes, and when it was last written to
package func readSource(
    _ path: String, upTo limit: Int, from buffers: BufferPool
) throws(Rejection) -> (bytes: [UInt8], mtime: Int) {
    do {
        let file = try Descriptor(path, flags: O_RDONLY | O_NONBLOCK)
        let before = try regular(file.status(), path)
        if Int(before.st_size) > limit {
            throw Rejection(.tooLarge, "\(grouped(Int(before.st_size))) bytes, more than \(grouped(limit))")
        }
        if let bytes = try wholeFile(file, before, into: buffers.take(Int(before.st_size))) {
            return (bytes, FileStamp(before).mtime)
        }
        throw Rejection(.changedWhileRead, "its size or its time changed while it was read")
    } catch let rejection as Rejection {
        throw rejection
    } catch {
        throw Rejection(.unreadable, (error as? EchoError)?.problem ?? "it cannot be read")
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
    _ = try regular(Descriptor(path, flags: O_RDONLY | O_NONBLOCK).status(), path)
    do {
        return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
        throw EchoError(path, "cannot be mapped into memory")
    }
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
