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
            if !holds { throw EchoError(option, problem, isUsage: true) }
        }
        let r = recipe, u = upkeep, isSupervised = !r.task.heads.isEmpty
        let numbers: [(String, Double)] = [
            ("epochs", Double(r.epochCount)), ("warmup-epochs", Double(r.warmupCount)),
            ("batch", Double(r.batch)), ("lr", r.learningRate), ("weight-decay", r.weightDecay),
            ("clip", r.clip), ("stride", Double(r.stride)), ("rotation", r.rotation),
            ("threads", Double(place.threads ?? 1)), ("ema", r.averageDecay ?? 0),
            ("checkpoint-every", Double(u.checkpointEvery)), ("guard-steps", Double(u.guardSteps)),
            ("guard-loss", u.guardLoss), ("guard-norm", u.guardNorm), ("keep-last", Double(u.keepLast)),
            ("pictures-every", Double(u.picturesEvery)), ("trace-step", Double(traceStep)),
            ("trace-steps", Double(traceSteps)), ("layer-decay", r.layerDecay ?? 1),
            ("extend", Double(extend ?? 1)),
        ]
        for (name, number) in numbers {
            if let fault = NumberRange.of(name).fault(number) { try require(false, "--\(name)", fault) }
        }
        try require(1...r.batch ~= r.accumulate, "--accumulate", "must be from 1 to --batch")
        try require(
            r.batch >= place.ranks.count, "--batch",
            "is the studies of a step on all ranks: \(r.batch) are too few for \(place.ranks.count)")
        try require(place.memory.map { $0 > 0 } ?? true, "--memory", "must be above 0")
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
        try require(r.layerDecay == nil || isSupervised, "--layer-decay", "is for fine-tuning")
        try require(!strictInitial || r.initial != nil, "--init-strict", "needs --init")
    }
}
