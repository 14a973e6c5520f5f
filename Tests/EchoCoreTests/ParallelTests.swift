import EchoCore
import Synchronization
import Testing

@Suite struct ParallelTests {
    @Test(arguments: [1, 2, 7]) func `items are consumed in order whatever the number of workers`(
        workers: Int
    ) throws {
        var seen: [Int] = []
        try produceInOrder(
            100, workers: workers, window: 5, produce: { $0 * $0 }, consume: { seen.append($0 + $1) })
        #expect(seen == (0..<100).map { $0 + $0 * $0 })
    }

    @Test func `the first error in order ends the work`() throws {
        struct Fault: Error, Equatable { let index: Int }
        var consumed = 0
        #expect(throws: Fault(index: 7)) {
            try produceInOrder(
                100, workers: 4, window: 8, produce: { if $0 % 10 == 7 { throw Fault(index: $0) } },
                consume: { index, _ in consumed = index })
        }
        #expect(consumed == 6)
    }

    @Test func `a map keeps the order of its places and takes each once`() {
        let calls = Mutex([Int](repeating: 0, count: 1000))
        let squares = parallelMap(1000) { place in
            calls.withLock { $0[place] += 1 }
            return place * place
        }
        #expect(squares == (0..<1000).map { $0 * $0 })
        #expect(calls.withLock { $0.allSatisfy { $0 == 1 } })
    }

    @Test func `a conveyor keeps the order, holds few and ends for both sides`() throws {
        let conveyor = Conveyor<Int>(capacity: 3), ahead = Atomic(0), most = Atomic(0)
        let putting = Background {
            defer { conveyor.finish() }
            for item in 0..<500 {
                conveyor.put(item)
                most.max(ahead.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
            }
        }
        var taken: [Int] = []
        while let item = conveyor.take() {
            ahead.subtract(1, ordering: .relaxed)
            taken.append(item)
        }
        #expect(taken == Array(0..<500))
        // One more may have been taken and not yet counted.
        #expect(most.load(ordering: .relaxed) <= 4)
        try putting.value()
        // Nobody takes any more: what is put then is dropped, and nobody waits.
        for item in 0..<10 { conveyor.put(item) }
        #expect(conveyor.take() == nil)
    }

    @Test func `what another thread threw is thrown to who asks`() {
        struct Fault: Error {}
        let work = Background { throw Fault() }
        work.wait()
        #expect(throws: Fault.self) { try work.value() }
    }

    @Test(arguments: [UInt64(1), 2, 3]) func `named streams of a seed differ and repeat`(seed: UInt64) {
        var a = SeededRandom(seed: seed, "augment", 3), b = SeededRandom(seed: seed, "augment", 3)
        var c = SeededRandom(seed: seed, "augment", 4)
        let first = (0..<4).map { _ in a.next() }
        #expect(first == (0..<4).map { _ in b.next() })
        #expect(first != (0..<4).map { _ in c.next() })
    }
}
