// From one thread to another, in order, a few pieces ahead.

/// A queue of at most `capacity` items between a thread that puts and one that takes.
package final class Conveyor<Item: Sendable>: Sendable {
    private struct State {
        var items: [Item] = []
        var isFinished = false
    }

    private let capacity: Int
    private let state = Monitor(State())

    package init(capacity: Int) { self.capacity = capacity }

    /// Waits until there is room; after `finish`, by whichever side, the item is dropped.
    package func put(_ item: Item) {
        let capacity = capacity
        state.change(when: { $0.isFinished || $0.items.count < capacity }) {
            if !$0.isFinished { $0.items.append(item) }
        }
    }

    /// Waits for the next item; nil when there will be none.
    package func take() -> Item? {
        state.change(when: { $0.isFinished || !$0.items.isEmpty }) {
            $0.items.isEmpty ? nil : $0.items.removeFirst()
        }
    }

    /// No item follows those that wait.
    package func finish() { state.change { $0.isFinished = true } }
}
