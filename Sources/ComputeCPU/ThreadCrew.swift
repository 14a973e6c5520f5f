// The engine's threads, which wait for work awake for a moment: a step is a thousand operations of a millisecond, and
// waking a thread that sleeps takes a good part of one.

import EchoCore
import Foundation
import Synchronization

/// Runs the parts of one operation on several threads.
final class ThreadCrew: Sendable {
    private let post: Post
    private let workers: Int

    /// - Parameter threads: how many compute at once, the caller's included
    init(threads: Int) {
        let post = Post()
        self.post = post
        // As many as the system gives.
        workers = (1..<max(1, threads)).count { _ in startThread { post.serve() } }
    }

    deinit { post.close() }

    /// Calls `body` for 0 ..< `count` and returns when all are done. A caller that finds the crew at work for another
    /// does its own work alone.
    func run(_ count: Int, _ body: (Int) -> Void) {
        guard count > 1, workers > 0, post.claim() else {
            for index in 0..<count { body(index) }
            return
        }
        defer { post.release() }
        withoutActuallyEscaping(body) { post.run(count, $0) }
    }
}

/// Where work is posted and taken.
private final class Post: Sendable {
    // The gate counts the threads that are inside, says whether more may enter, and numbers the jobs.
    private static let open = 1 << 16, job = 1 << 17, inside = open - 1
    /// How often a thread looks for work before it sleeps: some ten microseconds.
    private static let patience = 1000

    private let gate = Atomic(0), next = Atomic(0), sleepers = Atomic(0)
    private let isClosed = Atomic(false), isClaimed = Atomic(false)
    /// Written while the gate is closed and nobody is inside.
    nonisolated(unsafe) private var work: (count: Int, body: (Int) -> Void) = (0, { _ in })
    private let bell = NSCondition()

    func claim() -> Bool { !isClaimed.exchange(true, ordering: .acquiring) }
    func release() { isClaimed.store(false, ordering: .releasing) }

    func run(_ count: Int, _ body: @escaping (Int) -> Void) {
        work = (count, body)
        next.store(0, ordering: .relaxed)
        let number = gate.load(ordering: .relaxed) & ~(Post.job - 1)
        gate.store((number &+ Post.job) | Post.open, ordering: .sequentiallyConsistent)
        ring()
        takeParts()
        gate.bitwiseAnd(~Post.open, ordering: .acquiringAndReleasing)
        var looks = 0
        while gate.load(ordering: .acquiring) & Post.inside != 0 {
            Kernels.pause()
            looks += 1
            if looks > Post.patience { sched_yield() }
        }
        work = (0, { _ in })
    }

    func close() {
        isClosed.store(true, ordering: .sequentiallyConsistent)
        gate.add(Post.job, ordering: .sequentiallyConsistent)
        ring()
    }

    /// What a thread of the crew does until the post is closed.
    func serve() {
        var seen = 0
        while true {
            let state = waitForJob(after: seen)
            if isClosed.load(ordering: .acquiring) { return }
            seen = state & ~(Post.job - 1)
            guard enter(state) else { continue }
            takeParts()
            gate.subtract(1, ordering: .releasing)
        }
    }

    /// Goes inside, unless the gate of that job has been closed.
    private func enter(_ state: Int) -> Bool {
        var state = state
        while state & Post.open != 0 {
            let (exchanged, found) = gate.weakCompareExchange(
                expected: state, desired: state + 1, ordering: .acquiringAndReleasing)
            if exchanged { return true }
            guard found & ~(Post.job - 1) == state & ~(Post.job - 1) else { return false }
            state = found
        }
        return false
    }

    private func takeParts() {
        let (count, body) = work
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index)
        }
    }

    /// The gate once it is another job's; awake at first, then asleep.
    private func waitForJob(after seen: Int) -> Int {
        for _ in 0..<Post.patience {
            let state = gate.load(ordering: .acquiring)
            if state & ~(Post.job - 1) != seen { return state }
            Kernels.pause()
        }
        bell.lock()
        defer { bell.unlock() }
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        defer { sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
        while true {
            let state = gate.load(ordering: .sequentiallyConsistent)
            if state & ~(Post.job - 1) != seen { return state }
            bell.wait()
        }
    }

    private func ring() {
        guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
        bell.lock()
        bell.broadcast()
        bell.unlock()
    }
}
