// A run's best weights, and the loader that shows them what validation saw: under all that asks a finished run.

package import Catalog
package import Compute
import EchoCore
package import Models
package import StudyData

/// The model of a run, ready to be asked about the studies of a dataset.
package struct TrainedModel {
    package let configuration: RunConfiguration
    /// The folder of the studies.
    package let dataset: String
    /// The studies and views that it is judged on.
    package let selection: Selection
    package let model: EchoModel
    package let loader: BatchLoader
    /// Threads that load while the model works.
    package let workers: Int
    /// The processes that predict together.
    let ranks: any Ranks

    /// Loads the best checkpoint of a run, pre-trained or fine-tuned.
    ///
    /// - Parameters:
    ///   - dataset: nil for the folder that the run learned from
    ///   - cohort, names: the studies and the views of their clips; nil for what the run's own were chosen by
    ///   - views: clips a study at most; nil for as many as the run took
    ///   - place: where it computes, whatever the run learned on
    package init(
        run: String, dataset: String? = nil, cohort: String? = nil, names: [String]? = nil, views: Int? = nil,
        place: Place
    ) throws {
        let folder = RunFolder(run)
        configuration = try RunConfiguration(run: run)
        self.dataset = dataset ?? folder.resolve(configuration.dataset)
        let own = configuration.recipe.selection
        selection = Selection(cohort: cohort ?? own.cohort, views: names ?? own.views)
        workers = BatchLoader.workers(threads: place.threadCount)
        ranks = place.ranks
        let recipe = configuration.recipe, shape = configuration.model
        model = EchoModel(shape, engine: try place.makeEngine(recipe.precision), seed: 0)
        try CheckpointStore(folder: folder, configuration: configuration).loadWeights(
            folder.best, into: model)
        let sampler = Sampler(
            views: views ?? shape.views, frames: shape.frames, stride: recipe.stride,
            padViews: views == nil && recipe.padViews)
        loader = BatchLoader(
            studies: StudyLoader(
                shards: ShardPool(dataset: self.dataset), sampler: sampler, augmentation: nil,
                image: shape.image, channels: shape.channels, normalisation: configuration.normalisation,
                seed: 0),
            model: shape, engine: model.engine)
    }
}
