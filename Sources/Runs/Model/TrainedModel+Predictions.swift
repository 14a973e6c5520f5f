// What a trained model says about the studies of a split; evaluation is built on it.

package import Catalog
import Compute
package import EchoCore
import Models
package import StudyData
import Tasks

/// One study's outputs, or one clip's.
package struct Prediction: Sendable, Equatable {
    /// The study as text, or the clip by its name; and the study that it is or is of.
    package let study: String, owner: String
    /// The study's and its subject's numbers where the layout has them.
    package let studyID: Int64?, subjectID: Int64?
    /// Before the logistic function, in the order of the run's targets; of a quantity in its unit.
    package let logits: [Float]
    /// 0 or 1 each, of the same order, and of a quantity in its unit; NaN where it is not known.
    package let labels: [Float]

    package init(of study: Study, logits: [Float]) {
        self.study = study.stored.key
        owner = study.stored.study
        studyID = study.stored.studyID
        subjectID = study.stored.subjectID
        self.logits = logits
        labels = study.target
    }

    /// Whose it is: what is not independent of each other has the same, the subject, or its study where that is not known.
    package var subject: String { subjectID.map(String.init) ?? owner }
    package var unit: LabelSource.Unit { study == owner ? .study : .clip }
}

extension TrainedModel {
    /// What the outputs stand for; empty for a pre-training run.
    package var targets: [String] { configuration.targets }

    /// Predicts the studies of a split whose truth is known, in the order of their files; each rank its share of them, for all.
    ///
    /// - Parameter draws: sets of views a study; logits are their mean. The first is the one that validation used.
    /// - Throws: `EchoError`, also for a run that pre-trained
    package func predict(_ split: Split, draws: Int = 1, progress: EchoCore.Progress? = nil) throws
        -> [Prediction]
    {
        precondition(draws > 0, "at least one draw")
        let studies = try ranks.together {
            try self.studies(in: split, Catalog(datasetFolder: dataset, keeping: selection))
        }
        let outputs = targets.count
        let sums = try ranks.spread(studies.map { _ in outputs }) { share in
            let own = Array(studies[share])
            var sums = [Float](repeating: 0, count: own.count * outputs)
            for draw in 0..<draws {
                var at = 0
                try loader.evaluate(own, batch: 1, workers: workers, draw: draw) { _, batch in
                    for logit in model.logits(batch.input) {
                        sums[at] += logit
                        at += 1
                    }
                    let done = (draw * own.count + at / outputs) / draws
                    progress?.update(ranks.estimate(done, of: studies.count))
                }
            }
            return sums
        }
        return studies.enumerated().map { index, study in
            let own = sums[index * outputs..<(index + 1) * outputs].map { $0 / Float(draws) }
            return Prediction(of: study, logits: configuration.heads.values(of: own))
        }
    }

    /// The studies of a split whose truth is known.
    private func studies(in split: Split, _ catalog: Catalog) throws -> [Study] {
        guard !configuration.task.heads.isEmpty else {
            throw EchoError(
                run, "is a pre-training, whose model predicts no label",
                try: "fine-tune it: echoprep train --task icd --init RUN")
        }
        guard
            try configuration.task.heads.map({ try $0.labels.targets(catalog) })
                == configuration.heads.map(\.targets)
        else {
            throw EchoError(
                "--run", "the dataset's targets are not those that the run learned",
                try: "use the dataset of the run, or train again")
        }
        return try StudySet.judged(in: split, by: configuration.task, catalog)
    }
}
