// In builds of `make sanitize` alone: a lock that the thread sanitizer sees.
#if THREAD_SANITIZER
    package import Synchronization

    @_silgen_name("__tsan_acquire") private func acquire(_ address: UnsafeMutableRawPointer)
    @_silgen_name("__tsan_release") private func release(_ address: UnsafeMutableRawPointer)

    extension Mutex where Value: Copyable {
        /// As the toolchain's, whose atomics the sanitizer does not know, so that it takes every change for a race.
        /// Tests/thread.supp leaves out the first touch of the value, before the sanitizer is told.
        package borrowing func withLock<Answer, Failure: Error>(
            _ body: (inout sending Value) throws(Failure) -> sending Answer
        ) throws(Failure) -> sending Answer {
            while true {
                let answer = try withLockIfAvailable {
                    (value: inout sending Value) throws(Failure) -> sending Answer in
                    withUnsafeMutablePointer(to: &value) { acquire($0) }
                    defer { withUnsafeMutablePointer(to: &value) { release($0) } }
                    return try body(&value)
                }
                if let answer { return answer }
            }
        }
    }
#endif
