// Which studies make up which step: a new order in every epoch, a function of the seed and the step alone.

import EchoCore

/// The order of studies over all epochs, cut into steps, and steps into parts that fit in memory.
package struct BatchPlan: Sendable {
    package let studies: Int, batch: Int, accumulate: Int
    package let seed: UInt64
    private let layout: [Part]

    /// What the model computes in one go.
    package struct Part: Sendable, Equatable {
        /// The step it belongs to, and the epoch, from 0.
        package var step: Int, epoch = 0
        /// Places in the epoch's order.
        package let places: Range<Int>
        /// Those of the whole step.
        package let stepPlaces: Range<Int>
        package let endsStep: Bool, endsEpoch: Bool
    }

    /// - Parameters:
    ///   - batch: studies a step; the last step of an epoch takes what is left
    ///   - accumulate: parts a step
    package init(studies: Int, batch: Int, accumulate: Int, seed: UInt64) {
        self.studies = studies
        self.batch = batch
        self.accumulate = accumulate
        self.seed = seed
        let size = (batch + accumulate - 1) / accumulate
        var layout: [Part] = []
        for (step, first) in stride(from: 0, to: studies, by: batch).enumerated() {
            let end = min(first + batch, studies)
            for start in stride(from: first, to: end, by: size) {
                let stop = min(start + size, end)
                layout.append(
                    Part(
                        step: step, places: start..<stop, stepPlaces: first..<end, endsStep: stop == end,
                        endsEpoch: stop == studies))
            }
        }
        self.layout = layout
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
