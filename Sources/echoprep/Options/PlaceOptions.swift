// Where a command computes: the options that `train`, `evaluate`, `embed` and `experiment` share.

import ArgumentParser
import Compute
import Engines

struct PlaceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "What computes: \(Engines.all.map(\.name).joined(separator: ", ")).", valueName: "engine"))
    var engine = Engines.all[0].name
    @Option(help: "Which of the engine's devices (default: its first).") var device: String?
    @Option(help: "Threads (default: all processors).") var threads: Int?

    func validate() throws {
        guard Engines.named(engine) != nil else {
            let names = Engines.all.map(\.name).joined(separator: ", ")
            throw ValidationError("--engine \(engine) is none; the engines are \(names)")
        }
    }

    /// - Parameters:
    ///   - memory: bytes that a step may take; nil for what is free
    ///   - ranks: the processes that share the work
    /// - Throws: `EchoError` where the engine or its device is not there
    func place(memory: Int? = nil, ranks: any Ranks = Alone()) throws -> Place {
        let kind = Engines.named(engine) ?? Engines.all[0]
        let place = Place(kind, device: device, threads: threads, memory: memory, ranks: ranks)
        try place.check()
        return place
    }
}
