// Ctrl-C and Slurm's SIGTERM: noted once, asked for between two pieces of work.

#if canImport(Glibc)
    import Glibc
#endif
import Synchronization

/// Whether the user asked the program to stop.
public enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// From now on SIGINT and SIGTERM are noted; a second one ends the program at once.
    ///
    /// A program that was started by another may find them blocked: they are let through.
    public static func watch() {
        var watched = sigset_t()
        sigemptyset(&watched)
        defer { pthread_sigmask(SIG_UNBLOCK, &watched, nil) }
        for number in [SIGINT, SIGTERM] {
            sigaddset(&watched, number)
            signal(number) { number in
                if Interruption.requested.exchange(true, ordering: .relaxed) { _exit(128 + number) }
            }
        }
    }

    public static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Throws `Interrupted` if the user asked to stop.
    public static func check() throws(Interrupted) {
        if isRequested { throw Interrupted() }
    }
}
