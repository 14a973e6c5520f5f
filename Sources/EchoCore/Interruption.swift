// Ctrl-C and Slurm's SIGTERM: noted once, asked for between two pieces of work.

#if canImport(Glibc)
    import Glibc
#endif
import Foundation
import Synchronization

/// Whether the user asked the program to stop.
public enum Interruption {
    private static let requested = Atomic<Bool>(false)

    /// From now on SIGINT and SIGTERM are noted; a second one ends the program at once.
    ///
    /// A thread of its own receives them, so that none that works is interrupted in the middle of a wait. To be called
    /// before other threads are made, which inherit that the signals are held back from them.
    public static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                if Interruption.requested.exchange(true, ordering: .relaxed) { _exit(128 + number) }
            }
        }
        change(SIG_BLOCK)
        Thread.detachNewThread {
            // A program that was started by another may find them blocked: here they are let through.
            change(SIG_UNBLOCK)
            while true { pause() }
        }
    }

    /// Blocks or lets through both signals on the calling thread.
    private static func change(_ how: Int32) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
        pthread_sigmask(how, &signals, nil)
    }

    public static var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Throws `Interrupted` if the user asked to stop.
    public static func check() throws(Interrupted) {
        if isRequested { throw Interrupted() }
    }
}
