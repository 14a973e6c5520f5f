// One writer at a time: a lock that the system takes back when the process ends, however it ends.

package import EchoCore

#if canImport(Glibc)
    import Glibc
#endif

/// An exclusive lock, held until the value goes.
package struct FileLock: ~Copyable, Sendable {
    private let file: Descriptor

    // Closing is not enough: a child that is just being started holds the file until it is another program.
    deinit { _ = flock(file.number, LOCK_UN) }

    /// Calls `body` with the lock, after waiting for it. The file stays afterwards, empty.
    ///
    /// - Throws: `Interrupted` while it waits, too
    package static func holding<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        var lock = try take(path)
        while lock == nil {
            try Interruption.check()
            usleep(50_000)
            lock = try take(path)
        }
        let result = try body()
        _ = consume lock
        return result
    }

    /// Takes the lock, or returns nil if another process holds it. The file stays afterwards, empty.
    package static func take(_ path: String) throws(EchoError) -> FileLock? {
        let file = try Descriptor(path, flags: O_RDWR | O_CREAT)
        if flock(file.number, LOCK_EX | LOCK_NB) == 0 { return FileLock(file: file) }
        if errno == EWOULDBLOCK { return nil }
        throw systemError(path, "cannot be locked")
    }
}
