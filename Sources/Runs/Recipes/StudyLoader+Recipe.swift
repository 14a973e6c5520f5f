// The loader that a run's recipe describes.

import Models
package import StudyData

extension StudyLoader {
    /// The loader of a run.
    package init(_ configuration: RunConfiguration, _ shards: ShardPool) {
        let model = configuration.model, recipe = configuration.recipe
        self.init(
            shards: shards,
            sampler: Sampler(
                views: model.views, frames: model.frames, stride: recipe.stride, padViews: recipe.padViews),
            augmentation: recipe.augment ? Augmentation(degrees: recipe.rotation) : nil, image: model.image,
            channels: model.channels, normalisation: configuration.normalisation, seed: recipe.seed)
    }
}
