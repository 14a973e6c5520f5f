import Compute
import EchoCore
import Engines
import Foundation
import Testing
import TestSupport

/// Sums over ranks by a library of NCCL's interface, which stands in for NCCL where there is no card: what ours calls, in
/// which order and with what. A card's own has not been seen.
@Suite(
    .enabled(if: EngineKind.here.contains { $0.name == "torch" } && StandIn.collective != nil), .serialized)
struct CollectiveTests {
    @Test(arguments: [2, 3]) func `devices that NCCL joins sum without the host, in F32 and in F64`(
        count: Int
    )
        throws
    {
        let library = try #require(StandIn.collective)
        setenv("ECHOPREP_NCCL", library, 1)
        defer { unsetenv("ECHOPREP_NCCL") }
        let torch = try #require(Engines.named("torch"))
        let sums = try ThreadRanks.all(count) { ranks in
            let engine = try Place(torch, device: "cpu", threads: 1).makeEngine()
            let (few, many) = (engine.allocate(1, for: .sums), engine.allocate(1000, for: .weights))
            engine.write([0.1 + Float(ranks.rank)], to: few)
            engine.write((0..<1000).map { Float($0 * (ranks.rank + 1)) }, to: many)
            for _ in 0..<2 {
                try engine.sum(many, areSums: false, over: ranks)
                try engine.sum(few, areSums: true, over: ranks)
            }
            return (engine.sums(few), engine.read(many))
        }.map { try $0.get() }
        let all = (0..<count).reduce(0) { $0 + Double(Float(0.1) + Float($1)) }
        let factor = Float(count * count * (count + 1) / 2)
        for (few, many) in sums {
            #expect(abs(few[0] - Double(count) * all) < 1e-12)
            #expect(many == (0..<1000).map { factor * Float($0) })
        }
    }

    @Test func `what NCCL says is said`() throws {
        let library = try #require(StandIn.collective)
        setenv("ECHOPREP_NCCL", library, 1)
        defer { unsetenv("ECHOPREP_NCCL") }
        let torch = try #require(Engines.named("torch"))
        // More than it joins.
        let ends = ThreadRanks.all(9) { ranks in
            let engine = try Place(torch, device: "cpu", threads: 1).makeEngine()
            try engine.sum(engine.allocate(1, for: .weights), areSums: false, over: ranks)
        }
        for end in ends {
            let error = #expect(throws: EchoError.self) { try end.get() }
            #expect(error?.problem == "NCCL: no more than eight" || error?.problem == "one is gone")
        }
    }
}
