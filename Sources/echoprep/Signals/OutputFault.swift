// Outputs that end before we do: an error where it is written, not the end of the program.

#if canImport(Glibc)
    import Glibc
#endif

/// What happens when nobody reads a pipe any more, or a file reaches the greatest size that is allowed.
enum OutputFault {
    /// From now on the call that writes fails, with EPIPE or EFBIG, and says so where it was made.
    static func watch() {
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    }
}
