// Ctrl-C and Slurm's SIGTERM, which end the program only when they come twice.

import EchoCore

#if canImport(Glibc)
    import Glibc
#endif

extension Interruption {
    /// From now on SIGINT and SIGTERM are noted; a second one ends the program at once.
    ///
    /// A thread of its own receives them, so that none that works is interrupted in the middle of a wait. To be called
    /// before other threads are made, which inherit that the signals are held back from them.
    static func watch() {
        // What the handler will touch is there before it is called.
        _ = isRequested
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                if Interruption.request() { _exit(128 + number) }
            }
        }
        change(SIG_BLOCK)
        let isHeard = startThread {
            // A program that was started by another may find them blocked: here they are let through.
            change(SIG_UNBLOCK)
            while true { pause() }
        }
        // Where the system has no thread to give, whichever works receives them.
        if !isHeard { change(SIG_UNBLOCK) }
    }

    /// Blocks or lets through both signals on the calling thread.
    private static func change(_ how: Int32) {
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
        pthread_sigmask(how, &signals, nil)
    }
}
