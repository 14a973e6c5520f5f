// Batches for training and for validation, made on worker threads ahead of their use.

import Catalog
package import Compute
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

/// Loads batches of studies for one model on one engine.
///
/// The engine lends the memory that frames wait in, and makes of them what the model sees.
package final class BatchLoader: Sendable {
    package let studies: StudyLoader
    package let model: ModelConfiguration
    package let engine: any Engine
    private let memory = Mutex(Memory())

    /// Memory of batches that are done with: fresh pages would cost as much as the pixels that go there.
    private struct Memory {
        var spare: [HostPixels] = []
        /// That of the last batch, which the engine may still read.
        var last: HostPixels?
    }

    package init(studies: StudyLoader, model: ModelConfiguration, engine: any Engine) {
        self.studies = studies
        self.model = model
        self.engine = engine
    }

    /// Workers beside an engine of so many threads; they prepare one batch each, and one waits.
    package static func workers(threads: Int) -> Int { max(1, threads / 2) }

    package func load(_ batch: [Study], _ draw: Draw) throws -> LoadedBatch {
        var views: [LoadedView] = []
        var viewCounts: [Int] = []
        var keep: [[Int32]] = []
        var keepLatent: [[Int32]] = []
        for study in batch {
            let loaded = try studies.load(study, draw)
            views += loaded
            viewCounts.append(loaded.count)
            guard model.outputs == 0 else { continue }
            // Each study has a mask of its own, whatever it shares a batch with.
            var random: SeededRandom
            switch draw {
            case .training(let epoch):
                random = SeededRandom(seed: studies.seed, "mask", epoch, study.stored.key)
            case .evaluation(let number):
                random = SeededRandom(seed: 0, "evaluation mask", number, study.stored.key)
            }
            let mask = PretrainMask(random: model, viewCounts: [loaded.count], using: &random)
            keep += mask.keep
            keepLatent += mask.keepLatent
        }
        return LoadedBatch(
            input: StudyBatch(viewCounts: viewCounts, pixels: gather(views)),
            targets: batch.flatMap(\.target),
            mask: model.outputs == 0 ? PretrainMask(keep: keep, keepLatent: keepLatent) : nil)
    }

    /// Some views of a study alone, without targets and masks: a part of one that is too large to be seen at once.
    package func load(_ study: Study, _ draw: Draw, pass: Range<Int>) throws -> LoadedBatch {
        let views = try studies.load(study, draw, pass: pass)
        return LoadedBatch(
            input: StudyBatch(viewCounts: [views.count], pixels: gather(views)), targets: [], mask: nil)
    }

    /// Brings the frames of some views together in memory of the engine's.
    private func gather(_ views: [LoadedView]) -> StudyBatch.Pixels {
        let size = views.reduce(0) { $0 + $1.frames.reduce(0) { $0 + $1.count } }
        let frames = room(for: size)
        var place = 0
        let clips = views.map { view in
            let start = place
            for frame in view.frames {
                precondition(frame.count == view.side * view.side * model.channels, "a frame fills its shape")
                frames.write(frame, at: place)
                place += frame.count
            }
            return Resampling(source: view.side, image: model.image, normalisation: studies.normalisation)
                .samples(of: view.frames.count, at: start, view: view.view)
        }
        return .stored(frames, clips)
    }

    /// Memory for so many pixels: that of an earlier batch, if it is large enough.
    private func room(for count: Int) -> HostPixels {
        let spare = memory.withLock { memory -> HostPixels? in
            if let place = memory.spare.lastIndex(where: { $0.count >= count }) {
                return memory.spare.remove(at: place)
            }
            // A larger one takes the place of one that is too small.
            _ = memory.spare.popLast()
            return nil
        }
        return spare ?? engine.staging(count)
    }

    /// Takes back the memory of a batch that is done with, once the next one is too: only then has the engine read it.
    package func recycle(_ batch: LoadedBatch) {
        guard case .stored(let frames, _) = batch.input.pixels else { return }
        memory.withLock { memory in
            if let last = memory.last { memory.spare.append(last) }
            memory.last = frames
        }
    }

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
