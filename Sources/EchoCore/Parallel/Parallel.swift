// Work on all cores, with results that do not depend on how many there are.

import Foundation
import Synchronization

/// The number of processors that this process may use.
package func availableProcessors() -> Int { ProcessInfo.processInfo.activeProcessorCount }

/// The number of processors of the machine.
package func onlineProcessors() -> Int { ProcessInfo.processInfo.processorCount }

/// Calls `body` for 0 ..< `count` on up to `workers` threads and returns when all are done.
/// `body` must only write to what belongs to its index.
package func parallelFor(_ count: Int, workers: Int = availableProcessors(), _ body: @Sendable (Int) -> Void)
{
    if count <= 1 || workers <= 1 {
        for i in 0..<count { body(i) }
        return
    }
    let next = Atomic(0)
    withoutActuallyEscaping(body) { body in
        // A thread may hold what it was given a moment longer than it says: it is given a loan that is taken back.
        let loan = Loan(body)
        defer { loan.end() }
        @Sendable func work() {
            guard let body = loan.body else { return }
            while case let i = next.wrappingAdd(1, ordering: .relaxed).oldValue, i < count { body(i) }
        }
        // As many as there are; without any the caller does all of it.
        let helpers = (1..<min(workers, count)).compactMap { _ in Background.beside(work) }
        work()
        for helper in helpers { helper.wait() }
    }
}

/// The work of `parallelFor` while that lasts.
private final class Loan: Sendable {
    private let lent: Mutex<(@Sendable (Int) -> Void)?>

    init(_ body: @escaping @Sendable (Int) -> Void) { lent = Mutex(body) }

    var body: (@Sendable (Int) -> Void)? { lent.withLock { $0 } }
    func end() { lent.withLock { $0 = nil } }
}

/// What `body` makes of 0 ..< `count` on all cores, in that order.
package func parallelMap<Value: Sendable>(_ count: Int, _ body: @Sendable (Int) -> Value) -> [Value] {
    let values = Mutex([Value?](repeating: nil, count: count))
    parallelFor(count) { index in
        let value = body(index)
        values.withLock { $0[index] = value }
    }
    return values.withLock { $0.compactMap(\.self) }
}

/// Produces the items 0 ..< `count` on up to `workers` threads and consumes them in order on the calling thread.
///
/// At most `window` items are between the start of their production and the end of their consumption, which bounds
/// memory. The first error of either side, in order of the items, ends the work and is thrown.
package func produceInOrder<Item: Sendable>(
    _ count: Int, workers: Int, window: Int, produce: @escaping @Sendable (Int) throws -> Item,
    consume: (Int, Item) throws -> Void
) throws {
    let line = OrderedLine<Item>(count: count, window: max(window, 1))
    let producers = (0..<max(1, min(workers, count))).compactMap { _ in
        Background.beside {
            while let index = line.claim() { line.deliver(index, Result { try produce(index) }) }
        }
    }
    // Where the system has no thread to give, both sides are done here in turns.
    if producers.isEmpty {
        for index in 0..<count { try consume(index, produce(index)) }
        return
    }
    defer {
        line.stop()
        for producer in producers { producer.wait() }
    }
    for index in 0..<count {
        try consume(index, line.take(index).get())
        line.finish(index)
    }
}

/// The meeting place of `produceInOrder`: which items are claimed, delivered and consumed.
private final class OrderedLine<Item: Sendable>: Sendable {
    private struct State {
        var claimed = 0, consumed = 0
        var stopped = false
        var results: [Int: Result<Item, any Error>] = [:]
    }

    private let count: Int, window: Int
    private let state = Monitor(State())

    init(count: Int, window: Int) {
        self.count = count
        self.window = window
    }

    func stop() { state.change { $0.stopped = true } }
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
}
