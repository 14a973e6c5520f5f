// What `echoprep train` is asked to do; the defaults are the paper's wherever it gives one.

public import Compute
package import EchoCore
public import Models
public import Tasks

/// All of `echoprep train`'s options.
public struct TrainOptions: Sendable {
    public var dataset: String, run: String
    public var task = TrainTask.pretrain
    public var model = ModelKind.lamae
    public var preset = Preset.tiny
    /// Nil for the preset's.
    public var views: Int?, frames: Int?
    /// Nil for the task's own.
    public var epochs: Int?
    /// Studies a step, and into how many parts, one after the other, a step is divided to save memory.
    public var batch = 16, accumulate = 1
    /// AdamW's rate after warm-up, its weight decay, and the greatest norm of a gradient.
    public var learningRate = 1e-4, weightDecay = 0.05, clip = 1.0
    /// Nil for a tenth of all epochs, at most the paper's ten.
    public var warmupEpochs: Int?
    /// Nil for the preset's.
    public var maskRatio: Double?, latentMaskRatio: Double?
    /// What latent attention sees of hidden tokens, the views that are hidden whole (a number, or below 1 a share),
    /// and the learned queries that it goes through (0 for none).
    public var latentMasking = LatentMasking.drop, maskViews = 0.0, latentQueries = 0
    public var normPix = false
    /// Decay of the exponential average of weights that the run is judged by; nil for the weights themselves.
    public var averageDecay: Double?
    /// Source frames from one sampled frame to the next.
    public var stride = 4
    /// Repeat views of a study that has fewer than the model takes.
    public var padViews = false
    /// Crop and turn training clips, and the greatest turn in degrees.
    public var augment = true, rotation = 15.0
    /// A checkpoint of ours or of timm's names to start from, and whether it must match in full.
    public var initial: String?, strictInitial = false
    /// Only the head learns; and whether that is one linear layer.
    public var frozen = false, linearHead = false
    /// How much positive studies count.
    public var positiveWeight = PositiveWeight.none
    /// By what the learning rate is multiplied from each layer to the one below; nil for 1.
    public var layerDecay: Double?
    public var precision = Precision.f32
    /// Where it computes, which is no part of what is learned.
    public var place: Place
    /// Compute blocks again on the way back instead of keeping what they made.
    public var checkpointActivations = false
    public var seed: UInt64 = 1
    /// Require a checkpoint to go on from.
    public var resume = false
    /// When a loss or a gradient that stays far above its level stops the run.
    public var divergence = DivergenceLimits()
    /// Steps from one checkpoint to the next; there is one at the end of every epoch too.
    public var checkpointEvery = 200
    /// The weights of so many last epochs are kept beside the best and the last.
    public var keepLast = 0
    /// Epochs from one picture of reconstructions to the next; 0 for none.
    public var picturesEvery = 10
    /// The step, from 1, that is written whole to `trace`, and how many are written, the others without weights.
    public var traceStep = 1, traceSteps = 1, trace: String?

    public init(dataset: String, run: String, place: Place) {
        self.dataset = dataset
        self.run = run
        self.place = place
    }

    /// The model to build; its channels are those of the dataset's clips, its outputs the targets.
    package func modelConfiguration(channels: Int, outputs: Int) throws(EchoError) -> ModelConfiguration {
        var found = ModelConfiguration.preset(preset, kind: model, outputs: outputs)
        found.channels = channels
        found.views = views ?? found.views
        found.frames = frames ?? found.frames
        found.maskRatio = maskRatio ?? found.maskRatio
        found.latentMaskRatio = latentMaskRatio ?? found.latentMaskRatio
        found.latentMasking = latentMasking
        found.maskViews = maskViews
        found.latentQueries = latentQueries
        found.normPix = normPix
        found.linearHead = linearHead ? true : nil
        if let fault = found.fault { throw EchoError("--model \(model.rawValue)", fault) }
        return found
    }

    /// Studies that are computed at once.
    package var partSize: Int { (batch + accumulate - 1) / accumulate }
    package var epochCount: Int { epochs ?? task.epochs }
    package var warmupCount: Int { warmupEpochs ?? min(10, epochCount / 10) }

    /// Throws for options that make no sense, alone or together.
    package func check() throws(EchoError) {
        func require(_ holds: Bool, _ option: String, _ problem: String) throws(EchoError) {
            if !holds { throw EchoError(option, problem) }
        }
        try require(epochCount > 0, "--epochs", "must be at least 1")
        try require(warmupCount >= 0, "--warmup-epochs", "must not be negative")
        try require(batch > 0, "--batch", "must be at least 1")
        try require(1...batch ~= accumulate, "--accumulate", "must be from 1 to --batch")
        try require(learningRate > 0 && learningRate.isFinite, "--lr", "must be positive")
        try require(weightDecay >= 0 && weightDecay.isFinite, "--weight-decay", "must not be negative")
        try require(clip > 0 && clip.isFinite, "--clip", "must be positive")
        try require(stride > 0, "--stride", "must be at least 1")
        try require(0...180 ~= rotation, "--rotation", "must be from 0 to 180 degrees")
        try require(place.threads.map { $0 > 0 } ?? true, "--threads", "must be at least 1")
        try require(place.memory.map { $0 > 0 } ?? true, "--memory", "must be above 0")
        try require(checkpointEvery > 0, "--checkpoint-every", "must be at least 1")
        try require(averageDecay.map { 0..<1 ~= $0 } ?? true, "--ema", "must be at least 0 and below 1")
        try require(divergence.steps >= 0, "--guard-steps", "must not be negative")
        try require(divergence.loss > 1, "--guard-loss", "must be above 1")
        try require(divergence.norm > 1, "--guard-norm", "must be above 1")
        try require(keepLast >= 0, "--keep-last", "must not be negative")
        try require(picturesEvery >= 0, "--pictures-every", "must not be negative")
        try require(traceStep > 0, "--trace-step", "must be at least 1")
        try require(1..<10_000 ~= traceSteps, "--trace-steps", "must be from 1 to 9,999")
        try require(
            trace == nil || accumulate == 1, "--trace", "writes an undivided step: leave out --accumulate")
        try require(!frozen || task.labels != nil, "--frozen", "is for fine-tuning: pre-training has no head")
        try require(
            !linearHead || task.labels != nil, "--linear-head", "is for fine-tuning: pre-training has no head"
        )
        try require(
            positiveWeight == .none || task.answers == .classes, "--pos-weight",
            "is for labels that are 0 or 1")
        try require(
            layerDecay.map { $0 > 0 && $0 <= 1 } ?? true, "--layer-decay", "must be above 0 and at most 1")
        try require(layerDecay == nil || task.labels != nil, "--layer-decay", "is for fine-tuning")
        try require(!strictInitial || initial != nil, "--init-strict", "needs --init")
    }
}
