// Random inputs for an engine's operations, so that two engines can be set side by side.

package import Compute
import EchoCore

/// Random inputs, the same for every engine, and the buffers whose contents are to be compared.
package final class Workbench {
    package let engine: any Engine
    private var random: SeededRandom
    package private(set) var results: [(name: String, buffer: Buffer)] = []
    /// What operations keep for the way back, in an engine's own form.
    private(set) var kept: [(name: String, buffer: Buffer)] = []
    package private(set) var numbers: [Double] = []

    package init(_ engine: any Engine, seed: UInt64) {
        self.engine = engine
        random = SeededRandom(seed: seed, "operation")
    }

    /// Standard normal numbers, scaled.
    func input(_ count: Int, scale: Double = 1, for use: BufferUse = .values) -> Buffer {
        let buffer = engine.allocate(count, for: use)
        engine.write((0..<count).map { _ in Float(scale * random.normal()) }, to: buffer)
        return buffer
    }

    /// Other numbers of the same kind in an input.
    func refill(_ buffer: Buffer) {
        engine.write((0..<buffer.count).map { _ in Float(random.normal()) }, to: buffer)
    }

    /// Memory to be written; what is added to starts with random numbers, which must stay in the sum.
    func output(
        _ name: String, _ count: Int, added: Bool = false, for use: BufferUse = .values
    ) -> Buffer {
        let buffer = input(count, for: use)
        if !added { engine.write([Float](repeating: .nan, count: count), to: buffer) }
        results.append((name, buffer))
        return buffer
    }

    /// Memory for what an operation keeps for the way back.
    func keeping(_ name: String, _ count: Int) -> Buffer {
        let buffer = engine.allocate(count)
        kept.append((name, buffer))
        return buffer
    }

    /// Numbers for sums that are to be compared.
    func note(_ sums: Buffer) { numbers += engine.sums(sums) }

    /// A number for sums to add to.
    func sum(_ value: Float = 0.25) -> Buffer {
        let buffer = engine.allocate(1, for: .sums)
        engine.fill(buffer, with: value)
        return buffer
    }

    /// `count` different numbers below `bound`, in random order, with −1 between them if `gaps`.
    func index(_ count: Int, below bound: Int, gaps: Bool = false) -> [Int32] {
        random.sample(count, of: bound).enumerated().map { gaps && $0 % 3 == 1 ? -1 : Int32($1) }
    }

    /// Random pixels.
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(random.below(256)) } }

    /// Numbers from 0 to 1, every fourth of them 0.
    func weights(_ count: Int) -> Buffer {
        let buffer = engine.allocate(count)
        engine.write((0..<count).map { $0 % 4 == 2 ? 0 : Float(random.uniform()) }, to: buffer)
        return buffer
    }

    /// Numbers of which those that `weights` gives no weight are none.
    func unknown(_ count: Int, scale: Double = 1, width: Int = 1) -> Buffer {
        let buffer = engine.allocate(count)
        let values = (0..<count).map { place in
            (place / width) % 4 == 2 ? Float.nan : Float(scale * random.normal())
        }
        engine.write(values, to: buffer)
        return buffer
    }
}
