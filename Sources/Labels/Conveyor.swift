// From one thread to another, in order, a few pieces ahead.

import Foundation

/// A queue of at most `capacity` items between a thread that puts and one that takes.
final class Conveyor<Item: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private let capacity: Int
    private var items: [Item] = []
    private var isFinished = false

    init(capacity: Int) { self.capacity = capacity }

    /// Waits until there is room; after `finish`, by whichever side, the item is dropped.
    func put(_ item: Item) {
        locked {
            while items.count >= capacity, !isFinished { condition.wait() }
            if !isFinished { items.append(item) }
        }
    }

    /// Waits for the next item; nil when there will be none.
    func take() -> Item? {
        locked {
            while items.isEmpty, !isFinished { condition.wait() }
            return items.isEmpty ? nil : items.removeFirst()
        }
    }

    func finish() { locked { isFinished = true } }

    private func locked<Answer>(_ body: () -> Answer) -> Answer {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return body()
    }
}
