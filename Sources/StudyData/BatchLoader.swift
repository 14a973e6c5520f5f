// Batches for training and for validation, made on worker threads ahead of their use.

import Catalog
import EchoCore
package import Models
import Synchronization

/// Some studies, ready for the model.
package struct LoadedBatch: Sendable {
    package let input: StudyBatch
    /// [studies, outputs]; empty in pre-training.
    package let targets: [Float]
    /// What the model may look at; nil in fine-tuning.
    package let mask: PretrainMask?
}

/// Loads batches of studies for one model.
package final class BatchLoader: Sendable {
    package let studies: StudyLoader
    package let model: ModelConfiguration
    /// Memory of batches that are done with: fresh pages would cost as much as the pixels that go there.
    private let spare = Mutex<[[Float]]>([])

    package init(studies: StudyLoader, model: ModelConfiguration) {
        self.studies = studies
        self.model = model
    }

    /// Workers beside an engine of so many threads; they prepare one batch each, and one waits.
    package static func workers(threads: Int) -> Int { max(1, threads / 2) }

    package func load(_ batch: [Study], _ draw: Draw) throws -> LoadedBatch {
        var pixels = spare.withLock { $0.popLast() } ?? []
        pixels.removeAll(keepingCapacity: true)
        pixels.reserveCapacity(batch.count * model.views * model.frames * model.frameSize)
        var viewCounts: [Int] = []
        var keep: [[Int32]] = []
        var keepLatent: [[Int32]] = []
        for study in batch {
            let views = try studies.load(study, draw, into: &pixels)
            viewCounts.append(views)
            guard model.outputs == 0 else { continue }
            // Each study has a mask of its own, whatever it shares a batch with.
            var random: SeededRandom
            switch draw {
            case .training(let epoch):
                random = SeededRandom(seed: studies.seed, "mask", epoch, study.stored.key)
            case .evaluation(let number):
                random = SeededRandom(seed: 0, "evaluation mask", number, study.stored.key)
            }
            let mask = PretrainMask(random: model, viewCounts: [views], using: &random)
            keep += mask.keep
            keepLatent += mask.keepLatent
        }
        return LoadedBatch(
            input: StudyBatch(viewCounts: viewCounts, pixels: pixels), targets: batch.flatMap(\.target),
            mask: model.outputs == 0 ? PretrainMask(keep: keep, keepLatent: keepLatent) : nil)
    }

    /// Takes back the memory of a batch that is done with.
    package func recycle(_ batch: LoadedBatch) { spare.withLock { $0.append(batch.input.pixels) } }

    /// Calls `body` with batches of `size` of the studies in turn, the same views whenever called.
    package func evaluate(
        _ all: [Study], batch size: Int, workers: Int, draw: Int = 0,
        _ body: (_ batch: ArraySlice<Study>, LoadedBatch) throws -> Void
    ) throws {
        let starts = Array(stride(from: 0, to: all.count, by: size))
        @Sendable func slice(_ index: Int) -> ArraySlice<Study> {
            all[starts[index]..<min(starts[index] + size, all.count)]
        }
        try produceInOrder(
            starts.count, workers: workers, window: workers + 1,
            produce: { try self.load(Array(slice($0)), .evaluation(draw: draw)) },
            consume: { index, loaded in
                try Interruption.check()
                try body(slice(index), loaded)
                recycle(loaded)
            })
    }
}
