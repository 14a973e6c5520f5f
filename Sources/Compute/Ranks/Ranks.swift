// The seam between processes that train one run together, each on its own studies of every step.

package import EchoCore

/// The processes that a run is spread over, as one of them sees them.
///
/// Whatever waits for all is called by all, in the same order. One thread calls at a time.
package protocol Ranks: AnyObject, Sendable {
    /// The number of this process, from 0, and how many there are.
    var rank: Int { get }
    var count: Int { get }
    /// The same among the processes of this machine.
    var local: (rank: Int, count: Int) { get }

    /// Each number becomes its sum over all ranks, the same on all, to the bit.
    func sum(_ numbers: inout MutableSpan<Float>) throws(EchoError)
    /// The sum of each number over all ranks, the same on all, to the bit.
    func sum(_ numbers: [Double]) throws(EchoError) -> [Double]
    /// Each byte becomes that of the first rank.
    func broadcast(_ bytes: inout MutableSpan<UInt8>) throws(EchoError)
    /// Leaves in order, together with all others.
    func end() throws(EchoError)
    /// Ends all others, which cannot go on without this one.
    func abandon()
}

/// A process by itself.
package final class Alone: Ranks {
    package init() {}

    package var rank: Int { 0 }
    package var count: Int { 1 }
    package var local: (rank: Int, count: Int) { (0, 1) }

    package func sum(_ numbers: inout MutableSpan<Float>) {}
    package func sum(_ numbers: [Double]) -> [Double] { numbers }
    package func broadcast(_ bytes: inout MutableSpan<UInt8>) {}
    package func end() {}
    package func abandon() {}
}

/// The end of a run that all ranks have come to together.
package struct AgreedEnd: Error {
    /// What there is to say about it; nil on all ranks but one.
    package let error: EchoError?
}

extension Ranks {
    package var isFirst: Bool { rank == 0 }
    package var isAlone: Bool { count == 1 }

    /// The part of `total` things in a row that is this rank's.
    package func share(of total: Int) -> Range<Int> {
        total * rank / count..<total * (rank + 1) / count
    }

    /// An error that all ranks have come to by the same numbers, for each to throw: the first says it.
    package func agreed(_ error: EchoError) -> any Error {
        isAlone ? error : AgreedEnd(error: isFirst ? error : nil)
    }

    /// Calls `body`, and returns once all ranks have. Where one of them threw, all do.
    ///
    /// - Throws: `Interrupted` if the user asked any of them to stop; otherwise `AgreedEnd`, or alone whatever `body` throws
    package func together<Answer: ~Copyable>(_ body: () throws -> Answer) throws -> Answer {
        if isAlone { return try body() }
        let answer: Answer?
        var failure: (any Error)?
        do {
            answer = try body()
        } catch {
            answer = nil
            failure = error
        }
        // Of each rank: 0, or 1 where it was interrupted, or 2 where it failed.
        var states = [Double](repeating: 0, count: count)
        if let failure { states[rank] = failure is Interrupted ? 1 : 2 }
        states = try sum(states)
        if let speaker = states.firstIndex(of: 2) {
            guard speaker == rank, let failure else { throw AgreedEnd(error: nil) }
            guard let error = failure as? EchoError else { throw failure }
            throw AgreedEnd(error: error)
        }
        if states.contains(1) { throw Interrupted() }
        guard let answer else { preconditionFailure("a rank without an answer has failed") }
        return answer
    }

    /// Returns once all ranks are here.
    package func meet() throws(EchoError) { _ = try sum([]) }

    /// Calls `body` on the first rank alone, while the others wait.
    ///
    /// - Returns: nil on the others
    package func first<Answer: ~Copyable>(_ body: () throws -> Answer) throws -> Answer? {
        try together { isFirst ? try body() : nil }
    }

    /// Throws `Interrupted` on all ranks if the user asked any of them to stop.
    package func checkInterruption() throws {
        let asked = try sum([Interruption.isRequested ? 1 : 0])
        if asked[0] > 0 { throw Interrupted() }
    }

    /// Throws unless all ranks give the same bytes.
    ///
    /// - Parameter place: what the bytes are, as a message calls it
    package func compare(_ bytes: [UInt8], _ place: String) throws {
        if isAlone { return }
        let length = try sum([isFirst ? Double(bytes.count) : 0])
        var theirs = isFirst ? bytes : [UInt8](repeating: 0, count: Int(length[0]))
        var span = theirs.mutableSpan
        try broadcast(&span)
        try together {
            if theirs != bytes {
                throw EchoError(
                    place, "rank \(rank) of \(count) sees another than rank 0",
                    try: "give all the same command, on a disk that all of them see")
            }
        }
    }

    /// The numbers of things in a row, so many of each, of which each rank finds those of its share.
    package func spread(
        _ counts: [Int], _ body: (_ share: Range<Int>) throws -> [Float]
    ) throws -> [Float] {
        let share = share(of: counts.count)
        let own = try together { try body(share) }
        let first = counts[..<share.lowerBound].reduce(0, +), last = first + counts[share].reduce(0, +)
        precondition(own.count == last - first, "a rank finds the numbers of its share")
        if isAlone { return own }
        var all = [Float](repeating: 0, count: counts.reduce(0, +))
        all.replaceSubrange(first..<last, with: own)
        // Numbers to which zeros are added stay what they are.
        var span = all.mutableSpan
        try sum(&span)
        return all
    }

    /// How many things of `total` all ranks have done when this one has done so many of its share.
    package func estimate(_ done: Int, of total: Int) -> Int { min(total, done * count) }

    /// Processors for this rank: those that it may use, or its share of the machine's where that is less.
    package var processors: Int {
        isAlone ? availableProcessors() : max(1, min(availableProcessors(), onlineProcessors() / local.count))
    }
}
