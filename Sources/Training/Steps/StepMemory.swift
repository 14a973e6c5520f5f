// Whether a step will fit in memory, found out before the first one by counting.

import Compute
import EchoCore
import Foundation
import Models
package import Runs
import StudyData

/// The memory of a run's steps.
package struct StepMemory: Sendable, Equatable {
    /// Bytes of weights, gradients, moments and all else that does not depend on the batch.
    package let fixed: Int
    /// Bytes of a study in a part of a step.
    package let study: Int

    /// What is lost between blocks of memory: measured on steps that keep what blocks make, and on those that compute it
    /// again, with some to spare.
    private let lost: Double

    /// Bytes of a step in parts of `studies`: what was counted, and what is lost.
    package func bytes(studies: Int) -> Int {
        StepMemory.whole((Double(fixed) + Double(studies) * Double(study)) * (1 + lost))
    }

    /// Numbers of bytes that no machine has are all alike.
    private static func whole(_ bytes: Double) -> Int { Int(min(bytes, 0x1p61)) }

    /// Counts what steps of one view and of two would take.
    ///
    /// All that a step keeps grows with its tokens, so two points tell the rest.
    ///
    /// - Parameters:
    ///   - largestKept: of the engine that is to compute
    ///   - batches: loaded batches that wait or are in use at once
    package init(_ configuration: RunConfiguration, largestKept: Int, batches: Int, checkpointing: Bool) {
        let engine = CountingEngine(configuration.recipe.precision, largestKept: largestKept)
        let learner = Learner(configuration, on: engine)
        learner.model.checkpointsActivations = checkpointing
        let c = configuration.model
        func measured(views: Int) -> Int {
            learner.dryStep(configuration, studies: views)
            return engine.memory ?? 0
        }
        let one = measured(views: 1), view = measured(views: 2) - one
        // A byte a pixel of stored clips, which may be twice as wide as the model's image.
        let pixels = 4 * c.views * c.frames * c.frameSize
        fixed = one - view
        study = c.views * view + batches * pixels
        lost = checkpointing ? 0.3 : 0.1
    }

    /// More than a step can take, without measuring; most runs are far below what there is.
    package static func bound(_ configuration: RunConfiguration, studies: Int, batches: Int) -> Int {
        let c = configuration.model
        func product(_ factors: Int...) -> Double { factors.reduce(1) { $0 * Double($1) } }
        let tokens = product(studies, c.views, c.frames, c.patches)
        // Sixteen numbers a token and unit of width and block are more than are kept; blocks hold 12 · width² weights.
        let blocks = c.depth + c.latentDepth + 1, decoder = c.outputs == 0 ? c.decoderDepth + 1 : 0
        let activations = 16 * tokens * Double(blocks * c.dim + decoder * c.decoderDim)
        let weights = 14 * (product(blocks, c.dim, c.dim) + product(decoder, c.decoderDim, c.decoderDim))
        let pixels = product(studies, c.views, c.frames, c.frameSize)
        return whole(4 * (activations + 6 * weights + Double(batches + 4) * pixels) + 0x1p29)
    }
}

extension StepMemory {
    /// Whether blocks are to be computed again on the way back: as asked for, or because a step fits only so.
    ///
    /// - Throws: `EchoError` with the estimate where a step will not fit even so
    static func recomputes(
        _ options: TrainOptions, _ configuration: RunConfiguration, on engine: any Engine,
        say: (String) -> Void
    ) throws -> Bool {
        let asked = options.upkeep.checkpointActivations
        let recipe = options.recipe, studies = options.partSize
        // Those of training wait while validation loads its own.
        let batches = 2 * (BatchLoader.workers(threads: options.place.threadCount) + 1)
        // What the machine has free is for all its ranks.
        let free = engine.freeMemory ?? MachineMemory().available.map { $0 / options.place.ranks.local.count }
        guard let available = options.place.memory ?? free,
            bound(configuration, studies: studies, batches: batches) > available
        else { return asked }
        func counted(_ checkpointing: Bool) -> StepMemory {
            StepMemory(
                configuration, largestKept: engine.largestKept, batches: batches, checkpointing: checkpointing
            )
        }
        let plain = asked ? nil : counted(false).bytes(studies: studies)
        if let plain, plain <= available { return false }
        let sparing = counted(true)
        let needed = sparing.bytes(studies: studies)
        guard needed <= available else {
            throw EchoError(
                "--preset \(recipe.preset?.rawValue ?? "")",
                """
                a step needs about \(gibibytes(needed)) of memory, blocks computed again on the way back, \
                and \(gibibytes(available)) are free
                """, try: sparing.remedy(recipe, studies, available))
        }
        if let plain {
            say(
                """
                a step needs about \(gibibytes(plain)) of memory and \(gibibytes(available)) are free: blocks are \
                computed again on the way back, for \(gibibytes(needed)) and about a third more time
                """)
        }
        return true
    }

    /// What takes less memory than the step that is about to run.
    static func remedy(_ options: TrainOptions, recomputing: Bool) -> String {
        let (batch, part) = (options.recipe.batch, options.partSize)
        let smaller =
            part > 1
            ? "--accumulate \((batch + part / 2 - 1) / (part / 2))"
            : "fewer --views or --frames, or a smaller --preset"
        return recomputing ? smaller : "--checkpoint-activations, or \(smaller)"
    }

    /// A number of parts with which a step fits, if there is one.
    ///
    /// - Parameter size: studies of a part that does not fit
    private func remedy(_ recipe: Recipe, _ size: Int, _ available: Int) -> String {
        let studies = (1..<max(2, size)).last { bytes(studies: $0) <= available }
        guard let studies else { return "fewer --views or --frames, or a smaller --preset" }
        let parts = (recipe.batch + studies - 1) / studies
        return "--accumulate \(parts), for \(StepMemory.gibibytes(bytes(studies: studies)))"
    }

    private static func gibibytes(_ bytes: Int) -> String {
        String(format: "%.1f GiB", Double(bytes) / Double(1 << 30))
    }
}
