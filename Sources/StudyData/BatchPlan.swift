// Which studies make up which step: a new order in every epoch, a function of the seed and the step alone.

import EchoCore

/// The order of studies over all epochs, cut into steps, and steps into parts that fit in memory.
///
/// The parts of a step are spread over ranks: each rank has a plan of its own parts, of which there is at least one in every
/// step, though an epoch's last may be empty.
package struct BatchPlan: Sendable {
    package let studies: Int, batch: Int
    package let seed: UInt64
    /// Studies of a part.
    package let partSize: Int
    private let layout: [Part]

    /// What the model computes in one go.
    package struct Part: Sendable, Equatable {
        /// The step it belongs to, and the epoch, from 0.
        package var step: Int, epoch = 0
        /// Places in the epoch's order.
        package let places: Range<Int>
        /// Those of the whole step.
        package let stepPlaces: Range<Int>
        package let beginsStep: Bool, endsStep: Bool, endsEpoch: Bool
    }

    /// - Parameters:
    ///   - batch: studies a step; the last step of an epoch takes what is left
    ///   - accumulate: parts a step at least, on all ranks together
    ///   - rank: whose parts these are, of so many ranks
    package init(studies: Int, batch: Int, accumulate: Int, seed: UInt64, rank: Int = 0, of ranks: Int = 1) {
        self.studies = studies
        self.batch = batch
        self.seed = seed
        partSize = BatchPlan.partSize(batch: batch, accumulate: accumulate, ranks: ranks)
        var layout: [Part] = []
        for (step, first) in stride(from: 0, to: studies, by: batch).enumerated() {
            let end = min(first + batch, studies), count = end - first
            let own = first + count * rank / ranks..<first + count * (rank + 1) / ranks
            var start = own.lowerBound
            repeat {
                let stop = min(start + partSize, own.upperBound)
                layout.append(
                    Part(
                        step: step, places: start..<stop, stepPlaces: first..<end,
                        beginsStep: start == own.lowerBound, endsStep: stop == own.upperBound,
                        endsEpoch: stop == own.upperBound && end == studies))
                start = stop
            } while start < own.upperBound
        }
        self.layout = layout
    }

    /// Studies of a part, where each of so many ranks has as many parts a step.
    package static func partSize(batch: Int, accumulate: Int, ranks: Int) -> Int {
        let share = (batch + ranks - 1) / ranks, parts = (accumulate + ranks - 1) / ranks
        return (share + parts - 1) / parts
    }

    package var stepsPerEpoch: Int { (studies + batch - 1) / batch }
    package var partsPerEpoch: Int { layout.count }

    /// Part number `index` of the run.
    package func part(_ index: Int) -> Part {
        var part = layout[index % layout.count]
        part.epoch = index / layout.count
        part.step += part.epoch * stepsPerEpoch
        return part
    }

    /// The number of the first part of a step.
    package func firstPart(ofStep step: Int) -> Int {
        let (epoch, rest) = step.quotientAndRemainder(dividingBy: stepsPerEpoch)
        return epoch * layout.count + layout.prefix { $0.step < rest }.count
    }

    /// The studies of a part, by their place in the training set.
    package func studies(of part: Part) -> [Int] { studies(at: part.places, epoch: part.epoch) }

    /// The studies of the whole step that a part belongs to.
    package func studiesOfStep(of part: Part) -> [Int] { studies(at: part.stepPlaces, epoch: part.epoch) }

    private func studies(at places: Range<Int>, epoch: Int) -> [Int] {
        var random = SeededRandom(seed: seed, "order", epoch)
        return Array(random.sample(studies, of: studies)[places])
    }
}
