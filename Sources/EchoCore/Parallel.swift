// Work on all cores, with results that do not depend on how many there are.

import Foundation

/// The number of processors that this process may use.
public func availableProcessors() -> Int { ProcessInfo.processInfo.activeProcessorCount }

/// Calls `body` for 0 ..< `count` on up to `workers` threads and returns when all are done.
/// `body` must only write to what belongs to its index.
public func parallelFor(_ count: Int, workers: Int = availableProcessors(), _ body: @Sendable (Int) -> Void) {
    if count <= 1 || workers <= 1 {
        for i in 0..<count { body(i) }
        return
    }
    let next = Counter()
    DispatchQueue.concurrentPerform(iterations: min(workers, count)) { _ in
        while let i = next.take(below: count) { body(i) }
    }
}

/// Produces the items 0 ..< `count` on `workers` threads and consumes them in order on the calling thread.
///
/// At most `window` items are between the start of their production and the end of their consumption, which bounds
/// memory. The first error of either side, in order of the items, ends the work and is thrown.
public func produceInOrder<Item: Sendable>(
    _ count: Int, workers: Int, window: Int, produce: @escaping @Sendable (Int) throws -> Item,
    consume: (Int, Item) throws -> Void
) throws {
    let line = OrderedLine<Item>(count: count, window: max(window, 1))
    for _ in 0..<max(1, min(workers, count)) {
        let thread = Thread {
            while let index = line.claim() { line.deliver(index, Result { try produce(index) }) }
            line.leave()
        }
        thread.stackSize = 8 << 20
        line.enter()
        thread.start()
    }
    defer { line.stopAndWait() }
    for index in 0..<count {
        try consume(index, line.take(index).get())
        line.finish(index)
    }
}

/// A shared count that hands out each number once.
private final class Counter: Sendable {
    private let value = Locked(0)

    func take(below bound: Int) -> Int? {
        value.withLock { value in
            guard value < bound else { return nil }
            defer { value += 1 }
            return value
        }
    }
}

/// A value behind a lock.
public final class Locked<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    public init(_ value: Value) { self.value = value }

    public func withLock<Answer>(_ body: (inout Value) throws -> Answer) rethrows -> Answer {
        lock.lock()
        defer { lock.unlock() }
        return try body(&value)
    }
}

/// The meeting place of `produceInOrder`: which items are claimed, delivered and consumed.
private final class OrderedLine<Item: Sendable>: Sendable {
    private struct State {
        var claimed = 0, consumed = 0, working = 0
        var stopped = false
        var results: [Int: Result<Item, any Error>] = [:]
    }

    private let count: Int, window: Int
    private let state = Monitor(State())

    init(count: Int, window: Int) {
        self.count = count
        self.window = window
    }

    func enter() { state.change { $0.working += 1 } }
    func leave() { state.change { $0.working -= 1 } }
    func finish(_ index: Int) { state.change { $0.consumed = index + 1 } }
    func deliver(_ index: Int, _ result: Result<Item, any Error>) {
        state.change { $0.results[index] = result }
    }

    /// The next item to produce, once the window has room for it; nil when there is none.
    func claim() -> Int? {
        let (count, window) = (count, window)
        return state.change(when: { $0.stopped || $0.claimed >= count || $0.claimed - $0.consumed < window })
        {
            state in
            guard !state.stopped, state.claimed < count else { return nil }
            defer { state.claimed += 1 }
            return state.claimed
        }
    }

    func take(_ index: Int) -> Result<Item, any Error> {
        state.change(when: { $0.results[index] != nil }) { $0.results.removeValue(forKey: index)! }
    }

    func stopAndWait() {
        state.change { $0.stopped = true }
        state.change(when: { $0.working == 0 }) { _ in }
    }
}
