// Ranks that are threads of the test, which sum in the order of their numbers.

import Compute
import ComputeCPU
package import EchoCore

package final class ThreadRanks: Ranks {
    package let rank: Int, count: Int
    package var local: (rank: Int, count: Int) { (rank, count) }
    private let meeting: Monitor<Meeting>
    /// The number of the sum, from 0, in which this rank is lost; nil for none.
    private let loss: Int?

    private enum Numbers {
        case few([Double]), many([Float])

        var few: [Double] { if case .few(let numbers) = self { numbers } else { [] } }
        var many: [Float] { if case .many(let numbers) = self { numbers } else { [] } }
    }

    private struct Meeting {
        var round = 0
        var brought: [Int: Numbers] = [:]
        var joined = Numbers.few([])
        var isAbandoned = false
    }

    private init(_ rank: Int, of count: Int, at meeting: Monitor<Meeting>, lostIn loss: Int?) {
        (self.rank, self.count, self.meeting, self.loss) = (rank, count, meeting, loss)
    }

    /// Brings `numbers` to the meeting of all ranks, and leaves with what `join` made of those of all.
    private func meet(
        _ numbers: Numbers, _ join: ([Numbers]) -> Numbers
    ) throws(EchoError) -> Numbers {
        let (rank, count, loss) = (rank, count, loss)
        let round = meeting.change { meeting -> Int? in
            if rank == count - 1, meeting.round == loss { meeting.isAbandoned = true }
            guard !meeting.isAbandoned else { return nil }
            defer {
                meeting.brought[rank] = numbers
                if meeting.brought.count == count {
                    meeting.joined = join((0..<count).map { meeting.brought[$0]! })
                    meeting.brought = [:]
                    meeting.round += 1
                }
            }
            return meeting.round
        }
        guard let round else { throw EchoError("ranks", "one is gone") }
        let joined = meeting.change(when: { $0.isAbandoned || $0.round > round }) {
            $0.round > round ? $0.joined : nil
        }
        guard let joined else { throw EchoError("ranks", "one is gone") }
        return joined
    }

    package func sum(_ numbers: [Double]) throws(EchoError) -> [Double] {
        try meet(.few(numbers)) { all in
            .few(numbers.indices.map { index in all.reduce(0) { $0 + $1.few[index] } })
        }.few
    }

    package func sum(_ numbers: inout MutableSpan<Float>) throws(EchoError) {
        let own = numbers.withUnsafeMutableBufferPointer { Array($0) }
        let sums = try meet(.many(own)) { all in
            // The engine's sum is much faster than a test's.
            let engine = CPUEngine(threads: 1)
            let (sum, other) = (engine.allocate(own.count), engine.allocate(own.count))
            engine.fill(sum, with: 0)
            for numbers in all {
                engine.write(numbers.many, to: other)
                engine.add(other, to: sum)
            }
            return .many(engine.read(sum))
        }.many
        numbers.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: sums) }
    }

    package func broadcast(_ bytes: inout MutableSpan<UInt8>) throws(EchoError) {
        let own = (0..<bytes.count).map { Double(bytes[$0]) }
        let first = try meet(.few(own)) { $0[0] }.few
        for index in first.indices { bytes[index] = UInt8(first[index]) }
    }

    package func end() {}
    package func abandon() { meeting.change { $0.isAbandoned = true } }

    /// What `body` makes of each of so many ranks, at the same time; one that throws ends all.
    ///
    /// - Parameter loss: the sum in which the last rank is lost
    package static func all<Answer: Sendable>(
        _ count: Int, losingOneIn loss: Int? = nil, _ body: @escaping @Sendable (ThreadRanks) throws -> Answer
    ) -> [Result<Answer, any Error>] {
        let meeting = Monitor(Meeting())
        let threads = (0..<count).map { rank in
            let ranks = ThreadRanks(rank, of: count, at: meeting, lostIn: loss)
            return Background {
                do { return try body(ranks) } catch {
                    if !(error is AgreedEnd || error is Interrupted) { ranks.abandon() }
                    throw error
                }
            }
        }
        return threads.map { thread in Result { try thread.value() } }
    }
}
