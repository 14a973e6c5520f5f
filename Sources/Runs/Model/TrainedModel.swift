// A run's best weights, and the loader that shows them what validation saw: under all that asks a finished run.

package import Catalog
package import Compute
import EchoCore
import Foundation
import Shards
package import Models
package import StudyData

/// The model of a run, ready to be asked about the studies of a dataset.
package struct TrainedModel {
    /// The folder of the run.
    let run: String
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
    ///   - cohort, names, decisions: the studies, the views of their clips and whose decisions hold; nil for what the run's own
    ///     were chosen by
    ///   - views: clips a study at most; nil for as many as the run took
    ///   - most: clips that it is shown at once; nil for all of these
    ///   - place: where it computes, whatever the run learned on
    /// - Throws: `EchoError`, also where the weights are not those of the configuration, or memory is short
    package init(
        run: String, dataset: String? = nil, cohort: String? = nil, names: [String]? = nil,
        decisions: String? = nil, views: Int? = nil, viewsAtOnce most: Int? = nil, place: Place
    ) throws {
        let folder = RunFolder(run)
        self.run = run
        configuration = try RunConfiguration(run: run)
        self.dataset = dataset ?? folder.resolve(configuration.dataset)
        let own = configuration.recipe.selection
        selection = Selection(
            cohort: cohort ?? own.cohort, views: names ?? own.views, decisions: decisions ?? own.decisions)
        workers = BatchLoader.workers(threads: place.threadCount)
        ranks = place.ranks
        let recipe = configuration.recipe, shape = configuration.model
        let seen = views ?? shape.views
        try TrainedModel.check(shape, folder, views: most.map { min($0, seen) } ?? seen)
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

    /// What is to be known before memory is taken for a model.
    private static func check(_ shape: ModelConfiguration, _ folder: RunFolder, views: Int) throws(EchoError)
    {
        let file = try opened(
            folder.best, as: RunFolder.place(folder.best), try: "train again, or bring a copy back")
        let patches = file.tensors["patch_embed.proj.weight"]?.shape
        let numbers = file.tensors.values.reduce(0) { $0 + $1.count }
        guard patches == [shape.dim, shape.channels, shape.patch, shape.patch],
            shape.weightsAtLeast <= numbers
        else {
            throw EchoError(
                RunFolder.place(folder.best),
                "does not hold the weights of the model that config.json describes",
                try: "bring copies of both back")
        }
        // Six numbers a token and unit of width are fewer than a pass keeps.
        let tokens = Double(views) * Double(shape.frames * shape.patches)
        let needed =
            4 * (6 * tokens * Double(shape.dim) + Double(views) * Double(shape.frames * shape.frameSize))
        guard let free = MachineMemory().available, needed > Double(free) else { return }
        throw EchoError(
            "config.json",
            String(
                format:
                    "a study of %d views of %d frames needs more than %.1f GiB of memory, and %.1f are free",
                views, shape.frames, needed / 0x1p30, Double(free) / 0x1p30),
            try: "fewer --views, or of embed fewer --views-per-pass")
    }
}
