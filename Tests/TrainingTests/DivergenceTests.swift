import ComputeCPU
import EchoCore
import Foundation
import Models
import Runs
import Testing
import TestSupport
import Training

@Suite struct DivergenceTests {
    private func guarded(_ steps: Int = 3, unlearned: Double = 1) -> DivergenceGuard {
        var limits = DivergenceLimits()
        limits.steps = steps
        return DivergenceGuard(limits, level: .init(), unlearned: unlearned)
    }

    /// The number of the step, from 1, that is one too many.
    private func end(_ watch: DivergenceGuard, _ losses: [Double], norms: [Double]? = nil) -> Int? {
        var watch = watch
        let steps = zip(losses, norms ?? losses.map { _ in 1 })
        return steps.enumerated().first { watch.fault(loss: $1.0, norm: $1.1) != nil }.map { $0.offset + 1 }
    }

    private let calm = [Double](repeating: 0.5, count: 20)

    @Test func `a loss that jumps and stays ends a run, one that comes back does not`() {
        #expect(end(guarded(), calm + [9, 9, 9]) == 23)
        #expect(end(guarded(), calm + [9, 9, 0.5, 9, 9, 0.5] + calm) == nil)
        #expect(end(guarded(), calm + [1.9, 1.9, 1.9, 1.9]) == nil)
        #expect(end(guarded(0), calm + [9, 9, 9, 9, 9]) == nil)
    }

    /// As a run had them with a rate of 3: level by level back to nothing learned.
    private let tooHigh = [
        1.18, 5e3, 833, 9e4, 7e3, 1e5, 1e4, 7e3, 8e4, 6e4, 766, 7e4, 6e4, 1e4, 9e3, 4e3, 2e3, 2e3, 1e3, 855,
        762, 297,
    ]

    @Test func `a rate that is too high ends a run whose loss leaps at the second step`() {
        #expect(end(guarded(20), tooHigh) == 21)
        // Of small losses the first, by chance one of nothing, is no level.
        #expect(end(guarded(20), [1e-6] + [Double](repeating: 1.5, count: 100)) == nil)
        // Nor is that of a step which has no labels of eight of nine heads.
        let several = [8.7, 0.7] + [Double](repeating: 8.7, count: 100)
        #expect(end(guarded(20, unlearned: 9), several) == nil)
        // A loss that is large from the beginning, as with weights of rare codes, is its own level.
        #expect(end(guarded(20), [Double](repeating: 40, count: 100)) == nil)
    }

    @Test func `a gradient that explodes ends a run`() {
        let losses = [Double](repeating: 0.5, count: 30)
        #expect(end(guarded(), losses, norms: calm + [Double](repeating: 51, count: 10)) == 23)
        #expect(end(guarded(), losses, norms: calm + [Double](repeating: 49, count: 10)) == nil)
    }

    @Test(arguments: [UInt64(1), 2, 3]) func `a healthy run's noise is no divergence`(seed: UInt64) {
        // A loss that falls tenfold, spread by a factor of e either way, as small batches make it.
        var random = SeededRandom(seed: seed, "noise")
        let losses = (0..<5000).map { exp(random.normal()) * (0.1 + exp(-Double($0) / 500)) }
        #expect(end(guarded(20), losses, norms: losses.map { $0 * exp(2 * random.normal()) }) == nil)
    }

    /// A run of four epochs that is done.
    private func calmOptions(in folder: URL) throws -> TrainOptions {
        let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
        var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
        options.recipe.epochs = 4
        options.recipe.warmupEpochs = 0
        _ = try train(options) { _ in }
        return options
    }

    /// Makes it the same run with more epochs, and a bias that is far off.
    private func disturb(_ options: inout TrainOptions, epochs: Int) throws -> (CheckpointStore, Learner) {
        options.recipe.epochs = epochs
        let run = RunFolder(options.run)
        var configuration = try RunConfiguration(run: options.run)
        configuration.recipe.epochs = epochs
        try configuration.json().write(to: URL(fileURLWithPath: run.config))
        let store = CheckpointStore(folder: run, configuration: configuration)
        let learner = Learner(configuration, on: CPUEngine(threads: 2))
        let state = try store.restore(learner)
        #expect(state.level?.steps == 12)
        learner.model.write(
            "decoder_pred.bias", learner.model.read("decoder_pred.bias").map { $0 + 30 })
        try store.save(learner, state)
        return (store, learner)
    }

    @Test func `a run whose last steps are in doubt is complete all the same`() throws {
        try withTemporaryFolder { folder in
            var options = try calmOptions(in: folder)
            // An epoch more, whose three steps are far above the level.
            let (store, learner) = try disturb(&options, epochs: 5)
            _ = try train(options) { _ in }
            #expect(try store.restore(learner).step == 15)
            #expect(RunProgress(run: options.run) == .done(epochs: 5))
        }
    }

    @Test func `a run that diverges stops with the checkpoint from before`() throws {
        try withTemporaryFolder { folder in
            var options = try calmOptions(in: folder)
            let (store, _) = try disturb(&options, epochs: 8)
            let before = try Data(contentsOf: URL(fileURLWithPath: store.folder.state))

            options.upkeep.guardSteps = 5
            options.upkeep.checkpointEvery = 1
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.place == "step 17")
            #expect(error?.problem.hasPrefix("the loss has been above 4 times its level of ") == true)
            #expect(error?.problem.hasSuffix("; the last checkpoint is from before") == true)
            #expect(try Data(contentsOf: URL(fileURLWithPath: store.folder.state)) == before)

            // Whoever insists may go on.
            options.upkeep.guardSteps = 0
            #expect(try train(options) { _ in }.steps == 24)
        }
    }
}
