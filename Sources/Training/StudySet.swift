// The studies that a run learns from and those that choose its best epoch, with their targets.

package import Catalog
package import EchoCore
import Files
import Foundation

/// A study as a model meets it.
package struct Study: Sendable, Equatable {
    package let stored: StoredStudy
    /// One number an output of the model; empty in pre-training.
    package let target: [Float]

    fileprivate func standardised(_ scale: TargetScale?) -> Study {
        Study(stored: stored, target: target.map { scale?.standardised($0) ?? $0 })
    }
}

/// The studies of one task in one dataset.
package struct StudySet: Sendable {
    package let train: [Study], validation: [Study]
    /// What the outputs stand for: categories, or `ejectionFraction`; empty in pre-training.
    package let targets: [String]
    /// How the targets of a regression are standardised; nil for other tasks.
    package let scale: TargetScale?
    /// What was left out and why, for the user.
    package let notes: [String]

    /// Reads the studies of the splits train and val from the dataset's catalog.
    ///
    /// Pre-training takes every study with clips whose subject has a split; in a dataset without splits (link-icd was
    /// not run) it draws one by subject, or by study where subjects are unknown. Fine-tuning takes labelled studies, or
    /// those with an ejection fraction.
    package init(dataset: String, task: TrainTask) throws(EchoError) {
        let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
        switch task {
        case .pretrain:
            var (train, validation) = (try catalog.studies(in: .train), try catalog.studies(in: .val))
            var notes: [String] = []
            if train.isEmpty && validation.isEmpty {
                let all = try catalog.studies()
                train = all.filter { StudySet.drawnSplit(of: $0) == .train }
                validation = all.filter { StudySet.drawnSplit(of: $0) == .val }
                if !all.isEmpty {
                    notes.append("the dataset has no splits: drawn by subject, as link-icd does by default")
                }
            }
            self.train = train.map { Study(stored: $0, target: []) }
            self.validation = validation.map { Study(stored: $0, target: []) }
            targets = []
            scale = nil
            self.notes = notes
        case .icd:
            targets = try catalog.targets().map(\.category)
            guard !targets.isEmpty else {
                throw EchoError(
                    "--task icd", "the dataset has no targets", try: "run echoprep link-icd on it first")
            }
            train = try StudySet.labelled(in: .train, catalog)
            validation = try StudySet.labelled(in: .val, catalog)
            scale = nil
            notes = []
        case .lvef:
            targets = [StudySet.ejectionFraction]
            let measured = try StudySet.measured(in: .train, catalog)
            let scale = measured.isEmpty ? nil : TargetScale(of: measured.map { Double($0.target[0]) })
            self.scale = scale
            train = measured.map { $0.standardised(scale) }
            validation = try StudySet.measured(in: .val, catalog).map { $0.standardised(scale) }
            notes = []
        }
        guard !train.isEmpty else {
            let (kind, remedy) =
                switch task {
                case .pretrain: ("study with", "run echoprep ingest on it first")
                case .icd: ("labelled study with", "run echoprep ingest and echoprep link-icd on it first")
                case .lvef:
                    (
                        "study with an ejection fraction and",
                        "ingest EchoNet, or link-icd MIMIC-IV-ECHO with its structured-measurement.csv.gz"
                    )
                }
            throw EchoError(
                "--dataset", "has no \(kind) kept clips in the split train", try: remedy)
        }
    }

    /// The one output of `TrainTask.lvef`, as it stands in config.json and in predictions.
    package static let ejectionFraction = "EF"

    /// The studies of a split that a fine-tuned model can be judged on.
    package static func judged(in split: Split, by task: TrainTask, _ catalog: Catalog) throws(EchoError)
        -> [Study]
    {
        try task == .lvef ? measured(in: split, catalog) : labelled(in: split, catalog)
    }

    /// The studies of a split that have both clips and an ejection fraction, in the order of their files; their target is
    /// in percent.
    private static func measured(in split: Split, _ catalog: Catalog) throws(EchoError) -> [Study] {
        let fractions = try catalog.ejectionFractions(in: split)
        return try catalog.studies().compactMap { study in
            fractions[study.key].map { Study(stored: study, target: [Float($0)]) }
        }
    }

    /// The studies of a split that have both clips and labels, in the order of their files.
    private static func labelled(in split: Split, _ catalog: Catalog) throws(EchoError) -> [Study] {
        let targets = try catalog.targets().map(\.category)
        let labels = try catalog.labels(of: targets, from: LabelSource.linkICD, in: split)
        let values = Dictionary(uniqueKeysWithValues: labels.map { ($0.key, $0.values) })
        return try catalog.studies(in: split).compactMap { study in
            // link-icd knows all of a study's labels, or none.
            guard let known = values[study.key]?.compactMap(\.self), known.count == targets.count else {
                return nil
            }
            return Study(stored: study, target: known.map(Float.init))
        }
    }

    /// The mean absolute error on validation of always predicting the mean of train, in the unit of a regression's target.
    package var errorOfMean: Double? {
        guard let scale, !validation.isEmpty else { return nil }
        return scale.deviation * validation.reduce(0) { $0 + Double(abs($1.target[0])) }
            / Double(validation.count)
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
