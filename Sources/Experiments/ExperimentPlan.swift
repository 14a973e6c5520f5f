// The runs of an experiment, in the order in which they are done, and how far each is.

import EchoCore
import Files
import Foundation
import Models
import Runs
import Tasks
import Training

/// One run of the grid.
struct PlannedRun {
    let options: TrainOptions
    /// The line of the table that it counts for; nil for a pre-training, which all seeds share.
    let arm: Arm?

    var name: String { URL(fileURLWithPath: options.run).lastPathComponent }

    /// What there is of it.
    var state: RunProgress { RunProgress(run: options.run) }
}

/// All runs of an experiment on one dataset.
struct ExperimentPlan {
    let dataset: String
    let folder: String
    /// Seed by seed, so that after a third of the time there is a whole table of one seed.
    private(set) var runs: [PlannedRun] = []

    /// - Parameter folder: where the dataset's runs lie
    init(_ experiment: Experiment, _ options: ExperimentOptions, dataset: String, folder: String) {
        self.dataset = dataset
        self.folder = folder
        let arms = experiment.arms.filter(options.isWanted)
        var pretrained: [ModelKind: String] = [:]
        for seed in options.seeds {
            for arm in arms {
                if arm.regime != .scratch, pretrained[arm.model] == nil {
                    var pretraining = options.pretraining
                    pretraining.recipe.task = Experiment.pretraining
                    pretraining.recipe.dataset = options.pretrainingDataset ?? dataset
                    // Pre-trained elsewhere, a model serves every dataset.
                    let shared = options.pretrainingDataset == nil ? folder : options.folder + "/runs"
                    pretraining.run = "\(shared)/\(arm.model.rawValue)-pretrain"
                    pretraining.recipe.model = arm.model
                    pretrained[arm.model] = pretraining.run
                    runs.append(PlannedRun(options: pretraining, arm: nil))
                }
                var tuning = arm.regime.isFrozen ? options.frozen : options.fineTuning
                tuning.recipe.task = experiment.task
                tuning.recipe.dataset = dataset
                tuning.run = "\(folder)/\(arm.folder)\(experiment.suffix)-\(seed)"
                (tuning.recipe.model, tuning.recipe.seed) = (arm.model, seed)
                tuning.recipe.frozen = arm.regime.isFrozen
                tuning.recipe.linearHead = arm.regime == .linear
                tuning.recipe.probe = arm.regime.probe
                tuning.recipe.initial = arm.regime == .scratch ? nil : pretrained[arm.model]
                runs.append(PlannedRun(options: tuning, arm: arm))
            }
        }
    }

    /// What the dataset is called in tables.
    var name: String { URL(fileURLWithPath: dataset).standardizedFileURL.lastPathComponent }

    /// The runs of one line.
    func runs(of arm: Arm) -> [PlannedRun] { runs.filter { $0.arm == arm } }

    func floorFile(_ floor: Floor, _ task: TrainTask, _ split: Split) -> String {
        "\(folder)/\(floor.rawValue)-\(task.name)/predictions-\(split.rawValue).csv"
    }
}

/// The file at `path` is there and no older than `other`.
func isFresh(_ path: String, after other: String) -> Bool {
    func date(_ path: String) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }
    guard let mine = date(path), let theirs = date(other) else { return false }
    return mine >= theirs
}
