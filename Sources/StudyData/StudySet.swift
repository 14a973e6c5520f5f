// The studies that a run learns from and those that choose its best epoch, with their targets.

package import Catalog
package import EchoCore
import Files
import Foundation
package import Tasks

/// A study as a model meets it.
package struct Study: Sendable, Equatable {
    package let stored: StoredStudy
    /// One number an output of the model, NaN where it is not known; empty in pre-training.
    package let target: [Float]

    package init(stored: StoredStudy, target: [Float]) {
        self.stored = stored
        self.target = target
    }

    fileprivate func standardised(_ scale: TargetScale?) -> Study {
        Study(stored: stored, target: target.map { scale?.standardised($0) ?? $0 })
    }
}

/// The studies of one task in one dataset.
package struct StudySet: Sendable {
    package let train: [Study], validation: [Study]
    /// What the outputs stand for, as categories; empty in pre-training.
    package let targets: [String]
    /// How the targets of a regression are standardised; nil for other tasks.
    package let scale: TargetScale?
    /// What was left out and why, for the user.
    package let notes: [String]

    /// Reads the studies of the splits train and val from the dataset's catalog: those of which the task knows something,
    /// or for a task without labels all.
    package init(dataset: String, task: TrainTask) throws {
        let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
        if let labels = task.labels {
            targets = try labels.targets(catalog)
            guard !targets.isEmpty else {
                throw EchoError("--task \(task.name)", "the dataset has no targets", try: labels.untargeted)
            }
            let known = try StudySet.labelled(in: .train, by: labels, targets, catalog)
            let scale = labels.answers.scale(of: known.flatMap(\.target))
            self.scale = scale
            train = known.map { $0.standardised(scale) }
            validation = try StudySet.labelled(in: .val, by: labels, targets, catalog)
                .map { $0.standardised(scale) }
            notes = []
        } else {
            (train, validation, notes) = try StudySet.all(catalog)
            (targets, scale) = ([], nil)
        }
        guard !train.isEmpty else {
            throw EchoError(
                "--dataset", "has no \(task.labels?.lack ?? "study with") kept clips in the split train",
                try: task.labels?.remedy ?? "run echoprep ingest on it first")
        }
    }

    /// Every study with clips whose subject has a split; in a dataset without splits (link-icd was not run) they are drawn
    /// by subject, or by study where subjects are unknown.
    private static func all(_ catalog: Catalog) throws -> (train: [Study], val: [Study], notes: [String]) {
        var (train, validation) = (try catalog.studies(in: .train), try catalog.studies(in: .val))
        var notes: [String] = []
        if train.isEmpty && validation.isEmpty {
            let all = try catalog.studies()
            train = all.filter { drawnSplit(of: $0) == .train }
            validation = all.filter { drawnSplit(of: $0) == .val }
            if !all.isEmpty {
                notes.append("the dataset has no splits: drawn by subject, as link-icd does by default")
            }
        }
        func unlabelled(_ studies: [StoredStudy]) -> [Study] { studies.map { Study(stored: $0, target: []) } }
        return (unlabelled(train), unlabelled(validation), notes)
    }

    /// The studies of a split that a fine-tuned model can be judged on, with their targets in the task's own unit.
    package static func judged(in split: Split, by task: TrainTask, _ catalog: Catalog) throws -> [Study] {
        guard let labels = task.labels else { return [] }
        return try labelled(in: split, by: labels, labels.targets(catalog), catalog)
    }

    /// The studies of a split that have both clips and a known target, in the order of their files.
    private static func labelled(
        in split: Split, by labels: LabelledTask, _ targets: [String], _ catalog: Catalog
    ) throws -> [Study] {
        let values = try labels.values(catalog, targets, split)
        return try catalog.studies(in: split).compactMap { study in
            values[study.key].map { Study(stored: study, target: $0) }
        }
    }

    /// The mean absolute error on validation of always predicting the mean of train, in the unit of a regression's target.
    package var errorOfMean: Double? {
        let known = validation.flatMap(\.target).filter { !$0.isNaN }
        guard let scale, !known.isEmpty else { return nil }
        return scale.deviation * known.reduce(0) { $0 + Double(abs($1)) } / Double(known.count)
    }

    /// The split of a subject where the dataset has none: the one that link-icd will draw unless told otherwise.
    package static func drawnSplit(of study: StoredStudy) -> Split {
        study.subjectID.map { SplitRule.usual.split(of: Int($0)) }
            ?? SplitRule.usual.split(ofStudy: study.key)
    }

    /// sha256 over everything of the studies that a run's numbers depend on, pixels aside.
    package var digest: String { StudySet.digest([(.train, train), (.val, validation)]) }

    package static func digest(_ parts: [(split: Split, studies: [Study])]) -> String {
        let hash = SHA256()
        for (split, studies) in parts {
            for study in studies {
                var line = "\(split.rawValue) \(study.stored.key)"
                for clip in study.stored.clips { line += " \(clip.name):\(clip.frames)" }
                for value in study.target { line += " \(value)" }
                hash.update(Array((line + "\n").utf8))
            }
        }
        return hash.hex()
    }
}
