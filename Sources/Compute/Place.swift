// Where a run computes, which is never part of what it is: what one engine trained, any other goes on with.

package import EchoCore

/// A kind of engine: a line in the list of those that there are.
package struct EngineKind: Sendable {
    /// What `--engine` calls it.
    package let name: String
    /// One line for people.
    package let summary: String
    /// Why it cannot compute here; nil if it can.
    package let absence: @Sendable () -> EchoError?
    /// The devices that it has here, as "cuda:1" and "cpu"; the first is what computes unless asked otherwise.
    package let devices: @Sendable () -> [String]
    private let makeEngine: @Sendable (Place, Precision) throws(EchoError) -> any Engine

    package init(
        _ name: String, _ summary: String, absence: @escaping @Sendable () -> EchoError? = { nil },
        devices: @escaping @Sendable () -> [String] = { ["cpu"] },
        make: @escaping @Sendable (Place, Precision) throws(EchoError) -> any Engine
    ) {
        self.name = name
        self.summary = summary
        self.absence = absence
        self.devices = devices
        makeEngine = make
    }

    fileprivate func make(_ place: Place, _ precision: Precision) throws(EchoError) -> any Engine {
        try place.check()
        return try makeEngine(place, precision)
    }
}

/// Where something is computed: on which engine, with what it may take of the machine.
package struct Place: Sendable {
    package var engine: EngineKind
    /// Which of an engine's devices, as "cuda:1"; nil for the first.
    package var device: String?
    /// Threads of the engine, and by them those that load for it; nil for all processors, or a rank's share.
    package var threads: Int?
    /// Bytes of memory that a step may take; nil for what is free.
    package var memory: Int?
    /// The processes that a run is spread over.
    package var ranks: any Ranks

    package init(
        _ engine: EngineKind, device: String? = nil, threads: Int? = nil, memory: Int? = nil,
        ranks: any Ranks = Alone()
    ) {
        self.engine = engine
        self.device = device
        self.threads = threads
        self.memory = memory
        self.ranks = ranks
    }

    /// The device's whole name: "cuda" is the first card. Unless asked otherwise each rank of a machine takes a card.
    package var deviceName: String {
        guard let device else {
            let devices = engine.devices(), cards = devices.filter { $0 != "cpu" }
            return cards.isEmpty ? devices.first ?? "cpu" : cards[ranks.local.rank % cards.count]
        }
        return device == "cuda" ? "cuda:0" : device
    }

    /// How many threads that is.
    package var threadCount: Int { threads ?? ranks.processors }

    /// Whether the engine and its device are there.
    ///
    /// - Throws: `EchoError` with what to do where they are not
    package func check() throws(EchoError) {
        if let absence = engine.absence() { throw absence }
        let devices = engine.devices()
        guard devices.contains(deviceName) else {
            let here = devices.joined(separator: ", ")
            throw EchoError(
                "--device \(deviceName)", "the engine \(engine.name) has no such device here",
                try: "--device \(here)")
        }
    }

    /// A new engine here.
    ///
    /// - Throws: `EchoError` where the engine is not there, or does not compute in that precision
    package func makeEngine(_ precision: Precision = .f32) throws(EchoError) -> any Engine {
        try engine.make(self, precision)
    }
}
