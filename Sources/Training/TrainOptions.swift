// What `echoprep train` is asked to do: a recipe, where to keep the run and where to compute it.

package import Compute
package import EchoCore
import Models
package import Runs
import StudyData
import Tasks

/// All of `echoprep train`'s options.
package struct TrainOptions: Sendable {
    package var recipe: Recipe
    package var upkeep = Upkeep()
    /// The folder of the run.
    package var run: String
    /// Where it computes, which is no part of what is learned.
    package var place: Place
    /// Require a checkpoint to go on from.
    package var resume = false
    /// Epochs to prolong a run to; nil for as many as it has.
    package var extend: Int?
    /// Whether the weights to start from must match the model in full.
    package var strictInitial = false
    /// The step, from 1, that is written whole to `trace`, and how many are written, the others without weights.
    package var traceStep = 1, traceSteps = 1, trace: String?

    package init(_ recipe: Recipe = Recipe(), run: String, place: Place) {
        self.recipe = recipe
        self.run = run
        self.place = place
    }

    /// Studies that a rank computes at once.
    var partSize: Int {
        BatchPlan.partSize(
            batch: recipe.batch, accumulate: recipe.accumulate, ranks: place.ranks.count)
    }

    /// Throws for options that make no sense, alone or together.
    package func check() throws(EchoError) {
        func require(_ holds: Bool, _ option: String, _ problem: String) throws(EchoError) {
            if !holds { throw EchoError(option, problem) }
        }
        let r = recipe, u = upkeep, isSupervised = !r.task.heads.isEmpty
        try require(r.epochCount > 0, "--epochs", "must be at least 1")
        try require(r.warmupCount >= 0, "--warmup-epochs", "must not be negative")
        try require(r.batch > 0, "--batch", "must be at least 1")
        try require(1...r.batch ~= r.accumulate, "--accumulate", "must be from 1 to --batch")
        try require(
            r.batch >= place.ranks.count, "--batch",
            "is the studies of a step on all ranks: \(r.batch) are too few for \(place.ranks.count)")
        try require(r.learningRate > 0 && r.learningRate.isFinite, "--lr", "must be positive")
        try require(
            r.weightDecay >= 0 && r.weightDecay.isFinite, "--weight-decay", "must not be negative")
        try require(r.clip > 0 && r.clip.isFinite, "--clip", "must be positive")
        try require(r.stride > 0, "--stride", "must be at least 1")
        try require(0...180 ~= r.rotation, "--rotation", "must be from 0 to 180 degrees")
        try require(place.threads.map { $0 > 0 } ?? true, "--threads", "must be at least 1")
        try require(place.memory.map { $0 > 0 } ?? true, "--memory", "must be above 0")
        try require(u.checkpointEvery > 0, "--checkpoint-every", "must be at least 1")
        try require(r.averageDecay.map { 0..<1 ~= $0 } ?? true, "--ema", "must be at least 0 and below 1")
        try require(u.guardSteps >= 0, "--guard-steps", "must not be negative")
        try require(u.guardLoss > 1, "--guard-loss", "must be above 1")
        try require(u.guardNorm > 1, "--guard-norm", "must be above 1")
        try require(u.keepLast >= 0, "--keep-last", "must not be negative")
        try require(u.picturesEvery >= 0, "--pictures-every", "must not be negative")
        try require(traceStep > 0, "--trace-step", "must be at least 1")
        try require(1..<10_000 ~= traceSteps, "--trace-steps", "must be from 1 to 9,999")
        try require(
            trace == nil || r.accumulate == 1, "--trace", "writes an undivided step: leave out --accumulate")
        try require(
            trace == nil || place.ranks.isAlone, "--trace", "writes an undivided step: start one process")
        try require(!r.frozen || isSupervised, "--frozen", "is for fine-tuning: pre-training has no head")
        try require(
            !r.linearHead || isSupervised, "--linear-head", "is for fine-tuning: pre-training has no head")
        try require(
            r.probe == .mean || isSupervised, "--probe", "is for fine-tuning: pre-training has no head")
        if r.probeGrid != nil {
            let grid = "--probe-grid"
            try require(r.frozen, grid, "is for heads on a frozen encoder: give --frozen")
            try require(r.task.heads.count == 1, grid, "is for one task")
            try require(place.ranks.isAlone, grid, "is for one process")
            try require(r.accumulate == 1, grid, "computes each step undivided: leave out --accumulate")
            try require(
                r.averageDecay == nil && r.layerDecay == nil, grid, "knows no --ema and no --layer-decay")
            try require(trace == nil && extend == nil, grid, "is neither traced nor prolonged")
        }
        try require(
            r.positiveWeight == .none || r.task.heads.contains { $0.answers == .classes }, "--pos-weight",
            "is for labels that are 0 or 1")
        try require(
            r.layerDecay.map { $0 > 0 && $0 <= 1 } ?? true, "--layer-decay",
            "must be above 0 and at most 1")
        try require(r.layerDecay == nil || isSupervised, "--layer-decay", "is for fine-tuning")
        try require(!strictInitial || r.initial != nil, "--init-strict", "needs --init")
        try require(extend.map { $0 > 0 } ?? true, "--extend", "must be at least 1")
    }
}
