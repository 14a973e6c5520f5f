// A thread that the system may refuse to give: limits of processes and of memory are met where many share a machine.

import Foundation

/// Starts `body` on a thread of its own.
///
/// - Returns: false where the system has no thread to give; then `body` is not called
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
    pthread_attr_init(attributes)
    defer {
        pthread_attr_destroy(attributes)
        attributes.deallocate()
    }
    pthread_attr_setstacksize(attributes, 8 << 20)
    pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
    let work = Unmanaged.passRetained(ThreadWork(body))
    var thread = pthread_t()
    let code = pthread_create(
        &thread, attributes,
        { argument in
            let work = Unmanaged<ThreadWork>.fromOpaque(argument!).takeRetainedValue()
            work.body()
            return nil
        }, work.toOpaque())
    if code != 0 { work.release() }
    return code == 0
}

/// What a thread does, on its way to it.
private final class ThreadWork: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

extension EchoError {
    /// What a command says that cannot do without threads.
    package static let noThread = EchoError(
        "threads", "the system gives no more of them",
        try: "raise the limit of processes (ulimit -u, or the job's), or end others", isPassing: true)
}
