// What SQLite asks of the system, with an end: SQLite itself asks again for ever where a signal interrupts every call.

private import GRDBSQLite

#if canImport(Glibc)
    import Glibc
#endif

/// The calls by which SQLite reads and writes.
enum SystemCalls {
    /// From now on a call that is interrupted again and again is an error.
    static func bound() { _ = isBound }

    private static let isBound: Bool = {
        guard let files = sqlite3_vfs_find(nil), let set = files.pointee.xSetSystemCall else { return false }
        let read: Reading = { file, bytes, count in persist { Glibc.read(file, bytes, count) } }
        let write: Writing = { file, bytes, count in persist { Glibc.write(file, bytes, count) } }
        let pread: PlacedReading = { file, bytes, count, place in
            persist { Glibc.pread(file, bytes, count, place) }
        }
        let pwrite: PlacedWriting = { file, bytes, count, place in
            persist { Glibc.pwrite(file, bytes, count, place) }
        }
        let truncate: Truncating = { file, length in Int32(persist { Int(Glibc.ftruncate(file, length)) }) }
        for (name, call) in [
            ("read", unsafeBitCast(read, to: sqlite3_syscall_ptr.self)),
            ("write", unsafeBitCast(write, to: sqlite3_syscall_ptr.self)),
            ("pread", unsafeBitCast(pread, to: sqlite3_syscall_ptr.self)),
            ("pread64", unsafeBitCast(pread, to: sqlite3_syscall_ptr.self)),
            ("pwrite", unsafeBitCast(pwrite, to: sqlite3_syscall_ptr.self)),
            ("pwrite64", unsafeBitCast(pwrite, to: sqlite3_syscall_ptr.self)),
            ("ftruncate", unsafeBitCast(truncate, to: sqlite3_syscall_ptr.self)),
        ] { _ = set(files, name, call) }
        return true
    }()

    private typealias Reading = @convention(c) (Int32, UnsafeMutableRawPointer?, Int) -> Int
    private typealias Writing = @convention(c) (Int32, UnsafeRawPointer?, Int) -> Int
    private typealias PlacedReading = @convention(c) (Int32, UnsafeMutableRawPointer?, Int, Int) -> Int
    private typealias PlacedWriting = @convention(c) (Int32, UnsafeRawPointer?, Int, Int) -> Int
    private typealias Truncating = @convention(c) (Int32, Int) -> Int32
}

/// A call that is interrupted a thousand times in a row fails with EIO.
private func persist(_ call: () -> Int) -> Int {
    for _ in 0..<1000 {
        let result = call()
        if result >= 0 || errno != EINTR { return result }
    }
    errno = EIO
    return -1
}
