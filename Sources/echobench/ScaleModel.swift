// A small model of what a step costs, on this machine and on cards that nobody here has.

/// What a step does: so much whatever its studies, and so much a study.
struct StepWork {
    /// Floating-point operations of products and attention a study.
    let operations: Double
    /// Bytes that all else reads and writes, a step and a study.
    let fixedTraffic: Double, traffic: Double

    /// Counted on steps of one study and of two.
    init(_ step: TrainingStep) {
        var step = step
        step.studies = 1
        let one = step.counted
        step.studies = 2
        let two = step.counted
        operations = two.operations - one.operations
        traffic = two.traffic - one.traffic
        fixedTraffic = one.traffic - traffic
    }
}

/// What computes: a rate of products, and a rate of all else, one after the other.
struct Machine {
    /// Floating-point operations, and bytes, a second.
    var products: Double, memory: Double
    /// Seconds that the host takes to ask for a step, while the step before is computed.
    var asking = 0.0

    /// Seconds of a step of so many studies.
    func seconds(_ work: StepWork, studies: Double) -> Double {
        studies * work.operations / products + (work.fixedTraffic + studies * work.traffic) / memory
    }

    /// The machine on which a step of so many studies took so long, of which products took `inProducts`.
    init(fittedTo work: StepWork, studies: Double, seconds: Double, inProducts: Double) {
        products = studies * work.operations / inProducts
        memory = (work.fixedTraffic + studies * work.traffic) / max(seconds - inProducts, 1e-9)
    }

    init(products: Double, memory: Double, asking: Double) {
        self.products = products
        self.memory = memory
        self.asking = asking
    }
}

/// Cards in nodes, and what joins them.
struct Cluster {
    var machine: Machine
    var cardsPerNode: Int
    /// Bytes a second that a card sends while all sum, within a node and between nodes.
    var within: Double, between: Double
    /// Seconds of processor that a study takes to load.
    var loading: Double

    /// What a step of so many studies on so many cards takes.
    struct Step {
        let cards: Int
        /// Seconds that a card computes, that the sum of gradients takes, and of the whole step.
        let computing: Double, summing: Double, seconds: Double
        /// Bytes that each card sends, and processors that load for it.
        let sent: Double, loaders: Double
        let limit: String
    }

    /// - Parameter gradient: bytes of all gradients
    func step(_ work: StepWork, studies: Double, cards: Int, gradient: Double) -> Step {
        let own = studies / Double(cards), computing = machine.seconds(work, studies: own)
        // Each number goes around the ring of all cards twice, less once.
        let sent = 2 * gradient * Double(cards - 1) / Double(cards)
        let summing = sent / (cards > cardsPerNode ? between : within)
        // It begins when the way back has ended.
        let seconds = max(machine.asking, computing + summing)
        let limit =
            seconds == machine.asking ? "asking for it" : summing > computing ? "the sum" : "the card"
        return Step(
            cards: cards, computing: computing, summing: summing, seconds: seconds, sent: sent,
            loaders: own / seconds * loading, limit: limit)
    }
}
