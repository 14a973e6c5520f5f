// A fault of the program itself: said in a line, without the memory that Swift's own report prints.

#if canImport(Glibc)
    import Glibc
#endif

/// What happens when the program crashes.
enum ProgramFault {
    private static let message: StaticString = """
        echoprep: a fault of the program itself; what it wrote before is whole, and the same command goes on
          try: report it; SWIFT_BACKTRACE=enable=yes says where it was, and shows memory, which may hold what patients said

        """

    /// From now on a crash is said in a line, and ends the program by the signal that it came by.
    ///
    /// Swift's runtime would print the memory that registers point to, which holds whatever was worked on. It does so
    /// where SWIFT_BACKTRACE asks for it.
    static func watch() {
        guard getenv("SWIFT_BACKTRACE") == nil else { return }
        for number in [SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGSEGV, SIGQUIT] {
            signal(number) { number in
                _ = write(2, ProgramFault.message.utf8Start, ProgramFault.message.utf8CodeUnitCount)
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }
}
