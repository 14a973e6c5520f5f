// What the linear floor says of a dataset's studies.

import Catalog
import EchoCore
import Foundation
import Models
import Training

/// Fits linear models to the mean pictures of the training split and asks them about others.
///
/// - Parameter like: the fine-tuning whose views and frames the pictures are the mean of
func fitFloor(_ dataset: String, like options: TrainOptions, on splits: [Split]) throws
    -> [(Split, Predictions)]
{
    let set = try StudySet(dataset: dataset, task: .icd)
    let shards = ShardPool(dataset: dataset)
    let channels = try StudyLoader.channels(of: set.train, in: shards)
    let shape = try options.modelConfiguration(channels: channels, outputs: set.targets.count)
    let normalisation = Normalisation(
        mean: Array(repeating: 0, count: channels), deviation: Array(repeating: 1, count: channels))
    let loader = BatchLoader(
        studies: StudyLoader(
            shards: shards,
            sampler: Sampler(
                views: shape.views, frames: shape.frames, stride: options.stride, padViews: options.padViews),
            augmentation: nil, image: shape.image, channels: channels, normalisation: normalisation, seed: 0),
        model: shape)
    let workers = max(1, options.threads ?? availableProcessors())
    func data(_ studies: [Study]) throws -> (features: [[Float]], targets: [[Float]]) {
        (try meanPictures(studies, loader, workers: workers), studies.map(\.target))
    }
    let probe = LinearProbe(
        training: try data(set.train), validation: try data(set.validation), loss: .logistic)
    let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
    return try splits.map { split in
        let studies = try StudySet.labelled(in: split, catalog)
        var predictions = Predictions()
        let answers = try data(studies).features.map { probe($0) }
        for (output, target) in set.targets.enumerated() {
            for (study, answer) in zip(studies, answers) {
                let logit = Double(answer[output])
                predictions.append(
                    .init(
                        study: study.stored.key,
                        subject: study.stored.subjectID.map(String.init) ?? study.stored.key,
                        label: study.target[output] == 1, probability: 1 / (1 + exp(-logit)), logit: logit),
                    to: target)
            }
        }
        return (split, predictions)
    }
}
