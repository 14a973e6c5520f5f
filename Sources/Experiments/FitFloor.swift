// What the floors say of a dataset's studies.

import Catalog
import Compute
import EchoCore
import Foundation
import Models
import Runs
import Scoring
import StudyData
import Tasks
import Training

/// The studies that floors are fitted to and asked about, for a task of one head.
struct FloorStudies {
    private let dataset: String, task: TrainTask, options: TrainOptions
    private let set: StudySet
    private let judged: [(split: Split, studies: [Study])]

    /// - Parameters:
    ///   - options: of the fine-tuning whose views and frames the pictures are the mean of
    ///   - splits: that floors are asked about
    init(_ dataset: String, _ task: TrainTask, like options: TrainOptions, on splits: [Split]) throws {
        (self.dataset, self.task, self.options) = (dataset, task, options)
        set = try StudySet(dataset: dataset, task: task, keeping: options.recipe.selection)
        let catalog = try Catalog(datasetFolder: dataset, keeping: options.recipe.selection)
        judged = try splits.map { ($0, try StudySet.judged(in: $0, by: task, catalog)) }
    }

    /// What answers depend on, as a text that is the same for the same.
    func origin() throws -> String {
        let shape = try options.recipe.model(channels: 1, heads: set.heads)
        let pictures = [
            shape.views, shape.frames, shape.image, options.recipe.stride, options.recipe.padViews ? 1 : 0,
        ]
        let digests = [set.digest] + judged.map { StudySet.digest([($0.split, $0.studies)]) }
        return ([set.heads[0].targets.joined(separator: " ")] + digests + ["\(pictures)"]).joined(
            separator: "\n")
    }

    /// Fits a floor to the training split and asks it about the others.
    func answers(of floor: Floor) throws -> [(Split, Answers)] {
        let answer = try floor == .mean ? { $0.map { _ in [0] } } : linearModel()
        return try judged.map { split, studies in
            (split, answers(try answer(studies), studies))
        }
    }

    /// A linear model on mean pictures: from studies to its outputs.
    private func linearModel() throws -> ([Study]) throws -> [[Float]] {
        let shards = ShardPool(dataset: dataset)
        let channels = try StudyLoader.channels(of: set.train, in: shards)
        let shape = try options.recipe.model(channels: channels, heads: set.heads)
        let normalisation = Normalisation(
            mean: Array(repeating: 0, count: channels), deviation: Array(repeating: 1, count: channels))
        let sampler = Sampler(
            views: shape.views, frames: shape.frames, stride: options.recipe.stride,
            padViews: options.recipe.padViews)
        let loader = BatchLoader(
            studies: StudyLoader(
                shards: shards, sampler: sampler, augmentation: nil, image: shape.image, channels: channels,
                normalisation: normalisation, seed: 0),
            model: shape, engine: try options.place.makeEngine())
        let workers = max(1, options.place.threadCount)
        func pictures(_ studies: [Study]) throws -> [[Float]] {
            try meanPictures(studies, loader, workers: workers)
        }
        let probe = LinearProbe(
            training: (try pictures(set.train), set.train.map(\.target)),
            validation: (try pictures(set.validation), set.validation.map(\.target)),
            loss: task.heads[0].answers == .classes ? .logistic : .squared)
        return { try pictures($0).map { probe($0) } }
    }

    /// - Parameter outputs: [studies][outputs]: logits, or a standardised quantity
    private func answers(_ outputs: [[Float]], _ studies: [Study]) -> Answers {
        let predictions = zip(studies, outputs).map { study, output in
            Prediction(
                of: study, logits: set.heads.values(of: output))
        }
        return Answers(predictions, task.heads[0].answers, targets: set.heads[0].targets)
    }
}
