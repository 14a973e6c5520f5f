// Fills a report from a dataset and from run folders.

import Catalog
import EchoCore
import Files
import Foundation
import Tasks
import Runs

extension Report {
    /// Adds what a dataset has to show.
    mutating func add(_ catalog: Catalog, _ options: EvaluateOptions) throws {
        dataset = try DatasetSummary(catalog)
        clips = try SampleClip.samples(
            catalog, ClipChoice(showSource: options.showSource, showIDs: options.showIDs))
    }

    /// Adds what a run's folder tells of its training.
    mutating func add(run: String) throws {
        let history = try TrainingHistory(run: run, RunConfiguration(run: run))
        histories.append(history)
        reconstructions += try Reconstruction.firstAndLast(run: run, history)
    }
}

/// The pre-training run that a run started from, if it lies in the same folder: one of its checkpoints is the file
/// whose sha256 the run remembers.
func pretrainingRun(of configuration: RunConfiguration, beside run: String) -> String? {
    guard let initial = configuration.initial else { return nil }
    let parent = URL(fileURLWithPath: run).standardizedFileURL.deletingLastPathComponent().path
    let siblings = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    return siblings.sorted().map { "\(parent)/\($0)" }.first { sibling in
        guard let found = try? RunConfiguration(run: sibling), found.task == .pretrain else { return false }
        let folder = RunFolder(sibling)
        return [folder.best, folder.last].contains { (try? sha256(mapFile($0))) == initial.sha256 }
    }
}

extension Predictions {
    /// What a run's model said.
    init(_ predictions: [Prediction], codes: [String]) {
        self.init()
        for (index, code) in codes.enumerated() {
            for prediction in predictions {
                let logit = Double(prediction.logits[index])
                append(
                    Row(
                        study: prediction.study,
                        subject: prediction.subjectID.map(String.init) ?? prediction.study,
                        label: prediction.labels[index] == 1, probability: 1 / (1 + exp(-logit)), logit: logit
                    ), to: code)
            }
        }
    }
}

extension RunScores {
    /// Names the codes as the dataset does.
    mutating func addTitles(of targets: [Target]) {
        let titles = Dictionary(uniqueKeysWithValues: targets.map { ($0.category, $0.title) })
        for index in codes.indices { codes[index].title = titles[codes[index].code] }
    }
}
