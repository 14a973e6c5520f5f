// A mapped file that shrinks while it is read, or whose disk fails: an error in words instead of a core dump.

#if canImport(Glibc)
    import Glibc
#endif

/// What happens when the system cannot bring a page of a mapped file.
enum MappedFileFault {
    private static let message: StaticString = """
        echoprep: a file of the dataset became shorter while it was read, or its disk failed
          try: echoprep verify; once the file is back, the same command goes on

        """

    /// From now on such a fault (SIGBUS) ends the program with a message and exit code 1; what is committed stays.
    static func watch() {
        signal(SIGBUS) { _ in
            _ = write(2, MappedFileFault.message.utf8Start, MappedFileFault.message.utf8CodeUnitCount)
            _exit(1)
        }
    }
}
