import EchoCore
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

    @Test(arguments: [UInt64(1), 2, 3]) func `named streams of a seed differ and repeat`(seed: UInt64) {
        var a = SeededRandom(seed: seed, "augment", 3), b = SeededRandom(seed: seed, "augment", 3)
        var c = SeededRandom(seed: seed, "augment", 4)
        let first = (0..<4).map { _ in a.next() }
        #expect(first == (0..<4).map { _ in b.next() })
        #expect(first != (0..<4).map { _ in c.next() })
    }
}
