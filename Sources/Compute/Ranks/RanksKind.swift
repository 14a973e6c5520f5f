// The list of what joins processes into ranks, and where this process stands among those that were started with it.

package import EchoCore
import Foundation

/// Where a launcher says that a process stands.
package struct Standing: Sendable, Equatable {
    package var rank = 0, count = 1

    /// The variables of launchers: OpenMPI's mpirun, MPICH's and Intel's mpiexec, torchrun, and Slurm's srun. (Slurm sets
    /// SLURM_NTASKS for a batch script too, which is one process.)
    private static let launchers = [
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"), ("RANK", "WORLD_SIZE"),
        ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"),
    ]

    /// What the first launcher says that says anything; alone where none does.
    package init(_ environment: [String: String]) {
        for (rank, count) in Standing.launchers {
            if let rank = environment[rank].flatMap({ Int($0) }),
                let count = environment[count].flatMap({ Int($0) }), 0..<count ~= rank
            {
                (self.rank, self.count) = (rank, count)
                return
            }
        }
    }
}

/// A way in which processes are ranks: a line in the list of those that there are.
package struct RanksKind: Sendable {
    package let name: String
    /// How many processes it joins at most.
    let most: Int
    private let join: @Sendable (_ patience: Int) throws(EchoError) -> any Ranks

    package init(
        _ name: String, most: Int = .max,
        join: @escaping @Sendable (_ patience: Int) throws(EchoError) -> any Ranks
    ) {
        self.name = name
        self.most = most
        self.join = join
    }

    /// The first that joins as many processes as there are is taken.
    package static let all: [RanksKind] = [
        RanksKind("alone", most: 1) { _ in Alone() },
        .mpi,
    ]

    /// How long a rank waits for the others, in seconds.
    private static let patience = ("ECHOPREP_RANK_PATIENCE", usual: 1800)

    /// The ranks that this process was started as one of.
    ///
    /// - Parameters:
    ///   - environment: what the launcher has set
    ///   - kinds: what may join them
    /// - Throws: `EchoError` where several were started that cannot be joined: they would all train the same run
    package static func joined(
        _ environment: [String: String] = ProcessInfo.processInfo.environment,
        by kinds: [RanksKind] = all
    ) throws(EchoError) -> any Ranks {
        let standing = Standing(environment)
        guard let kind = kinds.first(where: { $0.most >= standing.count }) else { return Alone() }
        let given = environment[patience.0].map { Int32($0).flatMap { $0 > 0 ? Int($0) : nil } }
        guard let seconds = given ?? patience.usual else {
            throw EchoError(patience.0, "is no number of seconds above 0")
        }
        let ranks = try kind.join(seconds)
        guard ranks.count == standing.count else {
            throw EchoError(
                "rank \(standing.rank)",
                "was started as one of \(standing.count) processes, of which \(kind.name) joins \(ranks.count)",
                try: "start them with the mpirun or srun of the MPI that make mpi found, or start one process"
            )
        }
        return ranks
    }
}
