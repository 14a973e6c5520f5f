// The system's file calls in one place: descriptors stay here, errors leave as sentences.

#if canImport(Glibc)
    import Glibc
#endif
package import EchoCore
import Foundation

/// An open file that closes itself.
struct Descriptor: ~Copyable {
    let number: Int32
    let hasName: Bool
    private let path: String

    init(_ path: String, flags: Int32, mode: mode_t = 0o644) throws(EchoError) {
        number = open(path, flags | O_CLOEXEC, mode)
        hasName = true
        self.path = path
        if number < 0 { throw systemError(path, "cannot be opened") }
    }

    /// A new file to read and write: without a name where the system has such files and can name them later, else called
    /// `name`, which nobody may have.
    ///
    /// - Parameter path: what errors call it
    init(newIn folder: String, otherwise name: String, for path: String) throws(EchoError) {
        self.path = path
        // O_TMPFILE, a macro that Swift does not see.
        let nameless =
            access("/proc/self/fd", X_OK) == 0
            ? open(folder, 0o20_000_000 | O_DIRECTORY | O_RDWR | O_CLOEXEC, 0o644) : -1
        hasName = nameless < 0
        number = hasName ? open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) : nameless
        if number < 0 { throw systemError(path, "cannot be opened") }
    }

    deinit { close(number) }

    /// Gives a file without a name one that nobody has.
    func link(to name: String) throws(EchoError) {
        if linkat(AT_FDCWD, "/proc/self/fd/\(number)", AT_FDCWD, name, AT_SYMLINK_FOLLOW) != 0 {
            throw systemError(path, "cannot be given its name")
        }
    }

    func status() throws(EchoError) -> stat {
        var status = stat()
        if fstat(number, &status) != 0 { throw systemError(path, "cannot be examined") }
        return status
    }

    /// Reads until `bytes` is full or the file ends; returns how many bytes came.
    func read(into bytes: inout [UInt8]) throws(EchoError) -> Int {
        var filled = 0, refusals = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(number, buffer.baseAddress! + filled, buffer.count - filled)
            }
            if count == 0 { break }
            filled += try moved(count, &refusals, "cannot be read")
        }
        return filled
    }

    /// How many bytes a call moved, 0 where it was interrupted and is to be made again; what goes on being interrupted
    /// fails at last.
    private func moved(_ count: Int, _ refusals: inout Int, _ problem: String) throws(EchoError) -> Int {
        if count > 0 {
            refusals = 0
            return count
        }
        // A system that writes nothing and says nothing of it has a disk that takes no more.
        if count == 0 { errno = EIO }
        refusals += 1
        guard errno == EINTR || count == 0, refusals < Standard.patience else {
            throw systemError(path, problem)
        }
        return 0
    }

    /// Whether everything has been read.
    func isAtEnd() throws(EchoError) -> Bool { lseek(number, 0, SEEK_CUR) >= Int(try status().st_size) }

    /// Writes all of `bytes` at the end of what was written, or at `place`.
    func write(_ bytes: UnsafeRawBufferPointer, at place: Int? = nil) throws(EchoError) {
        var written = 0, refusals = 0
        while written < bytes.count {
            let rest = bytes.baseAddress! + written
            let count =
                if let place {
                    pwrite(number, rest, bytes.count - written, place + written)
                } else {
                    Glibc.write(number, rest, bytes.count - written)
                }
            written += try moved(count, &refusals, "cannot be written")
        }
    }

    /// Cuts the file back, or makes it longer.
    func resize(to count: Int) throws(EchoError) {
        if ftruncate(number, off_t(count)) != 0 { throw systemError(path, "cannot be cut") }
    }

    /// The whole file in memory, read when it is looked at.
    func mapped(_ count: Int) throws(EchoError) -> Data {
        // There is no map of nothing.
        if count == 0 { return Data() }
        guard let pages = mmap(nil, count, PROT_READ, MAP_PRIVATE, number, 0), pages != MAP_FAILED else {
            throw systemError(path, "cannot be mapped into memory")
        }
        return Data(bytesNoCopy: pages, count: count, deallocator: .custom { munmap($0, $1) })
    }

    /// Writes the bytes of `range` to `place`, too.
    func copy(_ range: Range<Int>, to place: Int) throws(EchoError) {
        try again(range) { bytes throws(EchoError) in try write(bytes, at: place) }
    }

    /// Writes the first `count` bytes to the end of another file.
    func copy(bytes count: Int, to other: borrowing Descriptor) throws(EchoError) {
        for start in stride(from: 0, to: count, by: 1 << 20) {
            try again(start..<min(count, start + 1 << 20)) { bytes throws(EchoError) in try other.write(bytes)
            }
        }
    }

    /// Hands out bytes that were written.
    private func again(
        _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(EchoError) -> Void
    ) throws(EchoError) {
        var bytes = [UInt8](repeating: 0, count: range.count)
        let result = bytes.withUnsafeMutableBytes { buffer in
            Result { () throws(EchoError) in
                var filled = 0, refusals = 0
                while filled < buffer.count {
                    let rest = buffer.baseAddress! + filled
                    let count = pread(number, rest, buffer.count - filled, range.lowerBound + filled)
                    filled += try moved(count, &refusals, "cannot be read again")
                }
                try body(UnsafeRawBufferPointer(buffer))
            }
        }
        try result.get()
    }

    /// Has the system begin to bring what was written to the disk and forget it, without waiting for it.
    func startWriting() { posix_fadvise(number, 0, 0, POSIX_FADV_DONTNEED) }

    /// - Parameter whereItCan: whether it is no error that this kind of file cannot be synchronised
    func synchronize(whereItCan: Bool = false) throws(EchoError) {
        var refusals = 0
        while fsync(number) != 0 {
            if whereItCan, [EINVAL, EOPNOTSUPP, EROFS, EBADF].contains(errno) { return }
            _ = try moved(-1, &refusals, "cannot be brought to the disk")
        }
    }
}

/// The error that `errno` stands for, with what to try where that is known.
func systemError(_ path: String, _ problem: String) -> EchoError {
    let code = errno
    let reason = String(cString: strerror(code)).lowercased()
    let remedy: String? =
        switch code {
        case ENOSPC, EDQUOT: "make space on that disk and run the same command again"
        case EFBIG: "raise the limit of file sizes (ulimit -f) and run the same command again"
        case EACCES, EPERM: "check who may read and write there"
        case ENOENT: "check the spelling of the path"
        case ENOLCK, ENOSYS, EOPNOTSUPP:
            "use a file system with locks; of Lustre, one that is mounted with flock"
        case EMFILE, ENFILE: "raise the limit of open files (ulimit -n) and run the same command again"
        case ENOMEM, EAGAIN: "free memory, or raise its limit, and run the same command again"
        case EIO, ENXIO, ENODEV, EROFS: "check the disk (dmesg says more) and run the same command again"
        case ESTALE, ENOTCONN, ETIMEDOUT, EHOSTDOWN, EREMOTEIO:
            "mount that disk again and run the same command again"
        case EINTR: "run the same command again"
        default: nil
        }
    return EchoError(path, "\(problem): \(reason)", try: remedy, isPassing: !isOfTheFile(code))
}

/// Runs what libraries in C do with a file. Without memory they fail as if the file were at fault; `malloc` leaves ENOMEM,
/// as it does when it finds another way, so that alone says nothing.
///
/// - Parameter hasFailed: of what `body` returns
/// - Throws: `EchoError` where one of them failed for want of memory
package func withMemory<Result>(
    _ path: String, hasFailed: (Result) -> Bool, _ body: () -> Result
) throws(EchoError) -> Result {
    errno = 0
    let result = body()
    let isWithout = errno == ENOMEM
    if isWithout, hasFailed(result) {
        errno = ENOMEM
        throw systemError(path, "cannot be decoded")
    }
    return result
}

/// Whether a failure is that of the file that was named, and stays until somebody changes that file; every other is the
/// machine's.
private func isOfTheFile(_ code: Int32) -> Bool {
    [
        ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, ELOOP, ENAMETOOLONG, EOVERFLOW, EINVAL, EEXIST, ENOTEMPTY,
        EXDEV,
    ].contains(code)
}

/// Whether `errno` says that there is nothing of that name.
func isAbsent() -> Bool { errno == ENOENT || errno == ENOTDIR }
