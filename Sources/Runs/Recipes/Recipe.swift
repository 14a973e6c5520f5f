// Everything that decides a run's numbers, as one value: options are parsed into it, and a run's config.json is it.

package import Catalog
package import Compute
package import EchoCore
import Foundation
package import Models
package import Tasks

/// What a run is made by. Each part is stored under the name of the option of `echoprep train` that sets it; the defaults are
/// the paper's wherever it gives one.
package struct Recipe: Codable, Sendable, Equatable {
    /// The folder of the dataset.
    package var dataset = ""
    package var task = TrainTask.pretrain
    /// An expression over `v_study` that is true of every study (`--where`); nil for any study.
    package var cohort: String?
    /// Whose decisions on the review page hold (`--decisions`): `consensus`, or a rater; nil for nobody's.
    package var decisions: String?
    package var model = ModelKind.lamae
    /// The name of the model's sizes; nil for those of an earlier run that have none.
    package var preset: Preset? = .tiny
    /// How many clips of a study, and of which views (`--views`).
    package var viewChoice: ViewChoice?
    /// Nil for the preset's.
    package var frames: Int?
    /// Source frames from one sampled frame to the next.
    package var stride = 4
    /// Crop and turn training clips, and the greatest turn in degrees.
    package var augment = true, rotation = 15.0
    /// Repeat views of a study that has fewer than the model takes.
    package var padViews = false
    /// Studies a step, on all ranks together, and into how many parts, one after the other or on several ranks, a step is
    /// divided at least.
    package var batch = 16, accumulate = 1
    package var precision = Precision.f32
    /// Nil for the task's own.
    package var epochs: Int?
    /// AdamW's rate after warm-up, its weight decay, and the greatest norm of a gradient.
    package var learningRate = 1e-4, weightDecay = 0.05, clip = 1.0
    /// Nil for a tenth of all epochs, at most the paper's ten.
    package var warmupEpochs: Int?
    /// Nil for the preset's.
    package var maskRatio: Double?, latentMaskRatio: Double?
    /// What latent attention sees of hidden tokens, the views that are hidden whole (a number, or below 1 a share),
    /// and the learned queries that it goes through (0 for none).
    package var latentMasking = LatentMasking.drop, maskViews = 0.0, latentQueries = 0
    package var normPix = false
    /// The name of the decoder.
    package var decoder = DecoderKind.all[0].name
    /// A checkpoint of ours or of timm's names to start from.
    package var initial: String?
    /// Only the head learns; and whether that is one linear layer.
    package var frozen = false, linearHead = false
    /// How the head reads a study's tokens.
    package var probe = Probe.mean
    /// Learning rates and weight decays of heads that are trained side by side on a frozen encoder; nil for one head.
    package var probeGrid: ProbeGrid?
    /// How much positive studies count.
    package var positiveWeight = PositiveWeight.none
    /// By what the learning rate is multiplied from each layer to the one below; nil for 1.
    package var layerDecay: Double?
    /// Decay of the exponential average of weights that the run is judged by; nil for the weights themselves.
    package var averageDecay: Double?
    package var seed: UInt64 = 1

    package init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dataset, task
        case cohort = "where"
        case decisions
        case model, preset
        case viewChoice = "views"
        case frames, stride, augment, rotation
        case padViews = "pad-views"
        case batch, accumulate, precision, epochs
        case learningRate = "lr"
        case weightDecay = "weight-decay"
        case clip
        case warmupEpochs = "warmup-epochs"
        case maskRatio = "mask-ratio"
        case latentMaskRatio = "latent-mask-ratio"
        case latentMasking = "latent-masking"
        case maskViews = "mask-views"
        case latentQueries = "latent-queries"
        case normPix = "norm-pix"
        case decoder
        case initial = "init"
        case frozen
        case linearHead = "linear-head"
        case probe
        case probeGrid = "probe-grid"
        case positiveWeight = "pos-weight"
        case layerDecay = "layer-decay"
        case averageDecay = "ema"
        case seed
    }
}

/// How a run is looked after, which decides none of its numbers; stored beside the recipe, under the options' names too.
package struct Upkeep: Codable, Sendable, Equatable {
    /// Compute blocks again on the way back instead of keeping what they made.
    package var checkpointActivations = false
    /// When a loss or a gradient that stays far above its level stops the run; see `DivergenceLimits`.
    package var guardSteps = DivergenceLimits().steps
    package var guardLoss = DivergenceLimits().loss, guardNorm = DivergenceLimits().norm
    /// Steps from one checkpoint to the next; there is one at the end of every epoch too.
    package var checkpointEvery = 200
    /// The weights of so many last epochs are kept beside the best and the last.
    package var keepLast = 0
    /// Epochs from one picture of reconstructions to the next; 0 for none.
    package var picturesEvery = 10

    package init() {}

    enum CodingKeys: String, CodingKey {
        case checkpointActivations = "checkpoint-activations"
        case guardSteps = "guard-steps"
        case guardLoss = "guard-loss"
        case guardNorm = "guard-norm"
        case checkpointEvery = "checkpoint-every"
        case keepLast = "keep-last"
        case picturesEvery = "pictures-every"
    }

    package var divergence: DivergenceLimits {
        DivergenceLimits(loss: guardLoss, norm: guardNorm, steps: guardSteps)
    }
}

/// A value whose parts stand under names, all of which have a default.
package protocol NamedParts: Codable {
    init()
}

extension Recipe: NamedParts {}
extension Upkeep: NamedParts {}

extension NamedParts {
    /// The defaults, but for what `parts`, an object of JSON, says; names that it does not have are passed over.
    package init(_ parts: [String: Any]) throws {
        let defaults = try JSONSerialization.jsonObject(with: JSONEncoder().encode(Self()))
        let all = ((defaults as? [String: Any]) ?? [:]).merging(parts) { $1 }
        self = try JSONDecoder().decode(Self.self, from: JSONSerialization.data(withJSONObject: all))
    }

    /// The parts under their names, those that are nil left out.
    package func parts() throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(self))
        return (object as? [String: Any]) ?? [:]
    }
}

extension Recipe {
    /// The model to build.
    ///
    /// - Parameters:
    ///   - channels: of the dataset's clips
    ///   - heads: what each learns; none in pre-training
    ///   - sizes: of a run that is there already; nil for the preset's
    package func model(
        channels: Int, heads: [LearnedHead], sizes: ModelConfiguration? = nil
    ) throws(EchoError) -> ModelConfiguration {
        var found = sizes ?? .preset(preset ?? .tiny, kind: model)
        found.kind = model
        let outputs = heads.map(\.targets.count)
        found.outputs = outputs.reduce(0, +)
        found.headOutputs = outputs.count > 1 ? outputs : nil
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
        found.probe = probe == .mean ? nil : probe
        found.decoder = decoder == DecoderKind.all[0].name ? nil : decoder
        if let fault = found.fault { throw EchoError("--model \(model.rawValue)", fault) }
        return found
    }

    /// The same with nothing left to a default that depends on another part.
    package func resolved(_ shape: ModelConfiguration) -> Recipe {
        var recipe = self
        recipe.epochs = epochCount
        recipe.warmupEpochs = warmupCount
        recipe.views = shape.views
        recipe.frames = shape.frames
        recipe.maskRatio = shape.maskRatio
        recipe.latentMaskRatio = shape.latentMaskRatio
        // `none` and nothing given are one recipe.
        recipe.decisions = selection.decisions
        return recipe
    }

    /// Clips of a study that the model takes; nil for the preset's.
    package var views: Int? {
        get { viewChoice?.count }
        set { viewChoice = ViewChoice(count: newValue, names: viewChoice?.names ?? []) }
    }
    /// The studies and views that it keeps to.
    package var selection: Selection {
        Selection(cohort: cohort, views: viewChoice?.names ?? [], decisions: decisions)
    }

    package var epochCount: Int { epochs ?? task.epochs }
    package var warmupCount: Int { warmupEpochs ?? min(10, epochCount / 10) }
}
