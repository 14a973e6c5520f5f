// config.json as it was written before there were recipes (program 0.1.0, fixtures/runs): read, never written.

import Compute
import Foundation
import Models
import StudyData
import Tasks

/// The configuration of an earlier run.
struct EarlierConfiguration: Decodable {
    let program: String, dataset: String
    let task: TrainTask
    let model: ModelConfiguration
    let targets: [String]
    let scale: TargetScale?
    let normalisation: Normalisation
    let learning: Learning
    let data: RunConfiguration.DataIdentity
    let initial: RunConfiguration.InitialIdentity?

    struct Learning: Decodable {
        let epochs: Int, warmupEpochs: Int, batch: Int, accumulate: Int
        let learningRate: Double, weightDecay: Double, clip: Double
        let stride: Int, padViews: Bool, augment: Bool, rotation: Double
        let frozen: Bool
        let positiveWeights: [Float]?
        let layerDecay: Double?, averageDecay: Double?
        let precision: Precision
        let seed: UInt64
    }

    /// Nil for what is no configuration of those times.
    init?(json: Data) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let found = try? decoder.decode(EarlierConfiguration.self, from: json) else { return nil }
        self = found
    }

    /// The recipe that such a run was made by.
    var recipe: Recipe {
        var recipe = Recipe()
        (recipe.dataset, recipe.task, recipe.model) = (dataset, task, model.kind)
        recipe.preset = Preset.allCases.first { preset in
            let sizes = ModelConfiguration.preset(preset, kind: model.kind)
            return (sizes.dim, sizes.depth, sizes.image) == (model.dim, model.depth, model.image)
        }
        (recipe.views, recipe.frames) = (model.views, model.frames)
        (recipe.maskRatio, recipe.latentMaskRatio) = (model.maskRatio, model.latentMaskRatio)
        (recipe.latentMasking, recipe.maskViews) = (model.latentMasking, model.maskViews)
        (recipe.latentQueries, recipe.normPix) = (model.latentQueries, model.normPix)
        // Which words gave the weights is not known; these give the same.
        if let weights = learning.positiveWeights, let first = weights.first {
            recipe.positiveWeight = weights.allSatisfy { $0 == first } ? .constant(Double(first)) : .balanced
        }
        recipe.linearHead = model.linearHead == true
        (recipe.epochs, recipe.warmupEpochs) = (learning.epochs, learning.warmupEpochs)
        (recipe.batch, recipe.accumulate) = (learning.batch, learning.accumulate)
        (recipe.learningRate, recipe.weightDecay) = (learning.learningRate, learning.weightDecay)
        (recipe.clip, recipe.stride) = (learning.clip, learning.stride)
        (recipe.padViews, recipe.augment) = (learning.padViews, learning.augment)
        (recipe.rotation, recipe.frozen) = (learning.rotation, learning.frozen)
        (recipe.layerDecay, recipe.averageDecay) = (learning.layerDecay, learning.averageDecay)
        (recipe.precision, recipe.seed) = (learning.precision, learning.seed)
        return recipe
    }
}

extension RunConfiguration {
    init(_ earlier: EarlierConfiguration) {
        self.init(
            recipe: earlier.recipe, upkeep: Upkeep(), model: earlier.model,
            heads: earlier.targets.isEmpty
                ? []
                : [
                    LearnedHead(
                        targets: earlier.targets, scale: earlier.scale,
                        positiveWeights: earlier.learning.positiveWeights)
                ],
            normalisation: earlier.normalisation, data: earlier.data, initial: earlier.initial,
            program: earlier.program)
    }
}
