// What a program says: results to standard output, which must arrive, and messages to standard error, which may be lost.

import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Standard output and standard error, written to at once and without a buffer.
package enum Standard {
    /// Writes a result and ends its line.
    ///
    /// Who reads it may have seen enough (`| head`): what follows is dropped, and that is no error.
    /// - Throws: `EchoError` where it cannot be written
    package static func show(_ text: String) throws(EchoError) {
        let code = write(text + "\n", to: 1)
        if code == 0 || code == EPIPE { return }
        throw EchoError(
            "standard output",
            "the result cannot be written: \(String(cString: strerror(code)).lowercased())",
            try: "give the same command again, with room where its output goes")
    }

    /// Writes a message and ends its line; one that cannot be shown is dropped.
    package static func say(_ text: String) {
        note(text + "\n")
        record(text)
    }

    private static let journal = Mutex<Int32?>(nil)

    /// From now on what is said is added to this file too.
    ///
    /// - Throws: `EchoError` where it cannot be written
    package static func log(to path: String) throws(EchoError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw EchoError(
                "--log-file", "cannot be written: \(String(cString: strerror(errno)).lowercased())",
                try: "a file in a folder that is there, and that you may write")
        }
        journal.withLock { $0 = descriptor }
    }

    /// Adds a line to the log alone, if there is one, with its time.
    package static func record(_ text: String) {
        guard let descriptor = journal.withLock({ $0 }) else { return }
        _ = write("\(Date.now.ISO8601Format()) \(text)\n", to: descriptor)
    }

    /// The same without an end of the line.
    package static func note(_ text: String) { _ = write(text, to: 2) }

    /// Writes all of a text; returns the number of the error that prevents it, or 0.
    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var text = text
        return text.withUTF8 { bytes in
            var written = 0, failures = 0
            while written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count > 0 {
                    (written, failures) = (written + count, 0)
                    continue
                }
                let code = count == 0 ? EIO : errno
                failures += 1
                // A pipe that never waits is waited for; what goes on refusing is given up.
                guard code == EINTR || code == EAGAIN || count == 0, failures < patience else { return code }
                if code == EAGAIN {
                    var place = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&place, 1, 60_000)
                }
            }
            return 0
        }
    }

    /// How often in a row the system may say that it was interrupted.
    package static let patience = 1000

    /// Opens what was closed when the program was started, so that no file of ours takes the place of an output. What is
    /// written there fails.
    package static func fillGaps() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDONLY)
        }
    }
}
