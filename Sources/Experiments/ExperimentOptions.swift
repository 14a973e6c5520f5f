// What may be chosen about a declared experiment without changing what it declares.

package import Compute
package import EchoCore
package import Models
package import Scoring
import Tasks
package import Training

/// What `echoprep experiment` is asked to do.
package struct ExperimentOptions: Sendable {
    /// The datasets that models are judged on; each has runs of its own.
    package var datasets: [String]
    /// Where models are pre-trained; nil for each dataset on its own studies.
    package var pretrainingDataset: String?
    /// Runs and results go here.
    package var folder: String
    /// Of fine-tuning.
    package var seeds: [UInt64] = [1, 2, 3]
    /// The kinds of models and how they learn; the grid's other lines are left out.
    package var models = ModelKind.allCases, regimes = Arm.Regime.allCases
    /// How to train; dataset, run, task, model, seed and start are the grid's.
    package var pretraining: TrainOptions, fineTuning: TrainOptions, frozen: TrainOptions
    package var scoring = ScoringOptions()
    package var fitsThreshold = false
    package var split = Split.test
    /// A csv of published figures (`row`, `column`, `value`) to stand beside ours.
    package var published: String?

    package init(datasets: [String], folder: String, place: Place) {
        self.datasets = datasets
        self.folder = folder
        pretraining = TrainOptions(run: "", place: place)
        (fineTuning, frozen) = (pretraining, pretraining)
    }

    /// The processes that train and predict together.
    var ranks: any Ranks { pretraining.place.ranks }

    func check(_ experiment: Experiment) throws(EchoError) {
        if datasets.isEmpty { throw EchoError("--dataset", "is missing") }
        if datasets.count > 1 && experiment.answers == .classes {
            throw EchoError("--dataset", "more than one", try: "only table2 compares datasets")
        }
        if seeds.isEmpty || Set(seeds).count < seeds.count {
            throw EchoError("--seeds", "are not different numbers", try: "--seeds 1,2,3")
        }
        if !experiment.arms.contains(where: isWanted) {
            throw EchoError("--models, --regimes", "leave none of the experiment's lines")
        }
    }

    func isWanted(_ arm: Arm) -> Bool { models.contains(arm.model) && regimes.contains(arm.regime) }
}
