// What was looked at a moment ago and may be asked for again.

import EchoCore
import Synchronization

/// The last few values that were made, for any number of threads.
final class RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let values = Mutex<[(key: Key, value: Value)]>([])
    private let most: Int

    init(_ most: Int) { self.most = most }

    func value(_ key: Key, _ make: () throws(EchoError) -> Value) throws(EchoError) -> Value {
        let known = values.withLock { values -> Value? in
            guard let place = values.firstIndex(where: { $0.key == key }) else { return nil }
            let found = values.remove(at: place)
            values.append(found)
            return found.value
        }
        if let known { return known }
        let value = try make()
        values.withLock { values in
            values.removeAll { $0.key == key }
            values.append((key, value))
            if values.count > most { values.removeFirst() }
        }
        return value
    }
}
