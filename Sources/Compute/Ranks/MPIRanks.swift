// Ranks by MPI, whose shim `make mpi` compiles: opened at run time, so that nobody else needs MPI.

private import CMPI
import EchoCore
import Foundation

extension RanksKind {
    /// Processes that mpirun or srun started.
    static let mpi = RanksKind("MPI") { patience throws(EchoError) in try MPIRanks(patience: patience) }
}

/// The processes of MPI's world.
private final class MPIRanks: Ranks {
    let rank: Int, count: Int
    let local: (rank: Int, count: Int)
    private let functions: cmpi_functions

    /// - Parameter patience: seconds that a rank waits for the others
    init(patience: Int) throws(EchoError) {
        functions = try MPIRanks.open()
        var standing = cmpi_standing()
        try MPIRanks.check(functions.begin(UInt32(patience), &standing))
        rank = Int(standing.rank)
        count = Int(standing.count)
        local = (Int(standing.local_rank), Int(standing.local_count))
    }

    func sum(_ numbers: inout MutableSpan<Float>) throws(EchoError) {
        let status = numbers.withUnsafeMutableBufferPointer { functions.sum_floats($0.baseAddress, $0.count) }
        try MPIRanks.check(status)
    }

    func sum(_ numbers: [Double]) throws(EchoError) -> [Double] {
        var sums = numbers
        try MPIRanks.check(functions.sum_doubles(&sums, sums.count))
        return sums
    }

    func broadcast(_ bytes: inout MutableSpan<UInt8>) throws(EchoError) {
        let status = bytes.withUnsafeMutableBufferPointer { functions.broadcast($0.baseAddress, $0.count) }
        try MPIRanks.check(status)
    }

    func end() throws(EchoError) { try MPIRanks.check(functions.end()) }

    func abandon() { functions.abandon(1) }

    private static func check(_ status: Int32) throws(EchoError) {
        guard status == 0 else {
            throw EchoError(
                "MPI", "error \(status) between the ranks",
                try: "look at what MPI said; the same command goes on from the last checkpoint")
        }
    }

    private static let remedy = "make mpi, or start one process"

    /// The shim beside the program.
    private static func open() throws(EchoError) -> cmpi_functions {
        let path = programFile.deletingLastPathComponent().appendingPathComponent("libechoprep-mpi.so").path
        guard FileManager.default.fileExists(atPath: path) else {
            throw EchoError(
                "MPI", "several processes were started, and what joins them is not built", try: remedy)
        }
        // Its names stay its own: what MPI brings along must not take the place of our libraries.
        guard let library = dlopen(path, RTLD_NOW | RTLD_LOCAL), let symbol = dlsym(library, "echoprep_mpi")
        else {
            throw EchoError("libechoprep-mpi.so", String(cString: dlerror()), try: "make mpi again")
        }
        typealias Entry = @convention(c) () -> UnsafePointer<cmpi_functions>
        let found = unsafeBitCast(symbol, to: Entry.self)().pointee
        guard found.version == CMPI_VERSION else {
            throw EchoError("libechoprep-mpi.so", "is of another version of echoprep", try: "make mpi again")
        }
        return found
    }
}
