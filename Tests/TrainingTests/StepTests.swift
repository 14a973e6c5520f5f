import Compute
import ComputeCPU
import EchoCore
import Foundation
import Models
import Runs
import StudyData
import Tasks
import Testing
import TestSupport
import Training

/// What a step asks of an engine, and what it lends a loader.
@Suite struct StepTests {
    @Test(arguments: [nil, 0.9]) func `no step waits: its loss arrives while the next one is computed`(
        average: Double?
    ) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let engine = WatchedEngine(CPUEngine(threads: 2))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.place = Place(EngineKind("watched", "") { _, _ in engine }, threads: 2)
            options.recipe.epochs = 1
            options.recipe.averageDecay = average
            options.upkeep.picturesEvery = 0
            let summary = try train(options) { _ in }
            #expect(summary.steps == 3)
            let asked = engine.asked
            let first = try #require(asked.firstIndex(of: .step))
            let last = try #require(asked.lastIndex(of: .step))
            #expect(
                asked[first...last] == [.step, .sending, .step, .sending, .arriving, .step])
            // The history is whole all the same, and a checkpoint waits for what it says.
            let lines = try metrics(folder.appendingPathComponent("run")).filter { $0.split == .train }
            #expect(lines.map(\.step) == [1, 2, 3] && lines.allSatisfy { $0.loss > 0 })
        }
    }

    @Test(arguments: [1, 1000]) func `a step that is none names itself, whenever its loss is read`(every: Int)
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.recipe.epochs = 1
            options.upkeep.checkpointEvery = every
            let error = #expect(throws: EchoError.self) {
                // The second step's numbers are none on their way to the host.
                var sent = 0
                let engine = WatchedEngine(CPUEngine(threads: 2)) { numbers in
                    sent += 1
                    return sent == 2 ? [.nan, .nan] : numbers
                }
                options.place = Place(EngineKind("watched", "") { _, _ in engine }, threads: 2)
                _ = try train(options) { _ in }
            }
            #expect(error?.place == "step 2")
            let lines = try metrics(folder.appendingPathComponent("run"))
            #expect(lines.map(\.step) == [1])
        }
    }

    @Test
    func `frames wait as the shards hold them, in memory that the engine may read until the next batch`()
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            let model = try options.recipe.model(channels: 1, heads: [])
            let engine = CPUEngine(threads: 1), shards = ShardPool(dataset: dataset.path)
            let studies = StudyLoader(
                shards: shards, sampler: Sampler(views: 2, frames: 2, stride: 1),
                augmentation: Augmentation(),
                image: model.image, channels: 1, normalisation: Normalisation(mean: [0.5], deviation: [0.2]),
                seed: 1)
            let loader = BatchLoader(studies: studies, model: model, engine: engine)
            let set = try StudySet(dataset: dataset.path, task: .pretrain)
            func load(_ study: Int) throws -> (batch: LoadedBatch, frames: HostPixels, clips: [ClipSamples]) {
                let batch = try loader.load([set.train[study]], .training(epoch: 0))
                guard case .stored(let frames, let clips) = batch.input.pixels else {
                    throw EchoError("a batch", "is not of stored frames")
                }
                return (batch, frames, clips)
            }
            let (one, frames, clips) = try load(0)
            let views = try studies.load(set.train[0], .training(epoch: 0))
            #expect(one.input.viewCounts == [views.count] && clips.count == views.count)
            for (clip, view) in zip(clips, views) {
                #expect(
                    Array(frames.host[clip.start..<clip.start + clip.bytes])
                        == view.frames.flatMap(Array.init))
            }
            loader.recycle(one)
            let two = try load(1)
            #expect(two.frames !== frames)
            loader.recycle(two.batch)
            #expect(try load(0).frames === frames)
        }
    }
}
