import Compute
import ComputeCPU
import ComputeReference
import EchoCore
import Testing

@Suite struct StandingTests {
    @Test(arguments: [
        ([:], 0, 1), (["OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4"], 1, 4),
        (["PMI_RANK": "2", "PMI_SIZE": "3"], 2, 3), (["RANK": "7", "WORLD_SIZE": "8"], 7, 8),
        (["SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "2"], 1, 2),
        // A batch script is one process, however many tasks it may start.
        (["SLURM_PROCID": "0", "SLURM_NTASKS": "4"], 0, 1),
        // MPI's launcher comes before Slurm, under which it runs.
        (
            [
                "SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1", "OMPI_COMM_WORLD_RANK": "3",
                "OMPI_COMM_WORLD_SIZE": "4",
            ], 3, 4
        ),
        (["RANK": "one", "WORLD_SIZE": "2"], 0, 1), (["RANK": "2", "WORLD_SIZE": "2"], 0, 1),
        (["RANK": "1"], 0, 1),
    ])
    func `a launcher's variables tell where a process stands`(
        _ environment: [String: String], rank: Int, count: Int
    ) {
        let standing = Standing(environment)
        #expect(standing.rank == rank && standing.count == count)
    }

    @Test func `one process alone needs nothing, and several are never told that they are alone`() throws {
        // Not MPI's, which would make the tests one of its processes.
        let unjoined = RanksKind("nothing") { patience throws(EchoError) in
            #expect(patience == 1800)
            return Alone()
        }
        #expect(try RanksKind.joined([:]).isAlone)
        let error = #expect(throws: EchoError.self) {
            try RanksKind.joined(["RANK": "1", "WORLD_SIZE": "2"], by: [unjoined])
        }
        #expect(error?.description.contains("one of 2 processes, of which nothing joins 1") == true)
        #expect(throws: EchoError.self) { try RanksKind.joined(["ECHOPREP_RANK_PATIENCE": "soon"]) }
    }

    @Test func `every engine lets its numbers be changed in the program's memory`() throws {
        for engine in [CPUEngine(threads: 1), ReferenceEngine()] as [any Engine] {
            let slab = engine.slab([2, 3], for: .weights)
            engine.write([1, 2], to: slab.parts[0])
            engine.write([3, 4, 5], to: slab.parts[1])
            try engine.change(slab.whole) { numbers throws(EchoError) in
                for index in 0..<numbers.count { numbers[index] *= 2 }
            }
            #expect(engine.read(slab.parts[1]) == [6, 8, 10] && engine.read(slab.whole) == [2, 4, 6, 8, 10])
        }
    }
}
