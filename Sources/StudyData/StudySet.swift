// The studies, or clips one by one, that a run learns from and those that choose its best epoch, with their targets.

package import Catalog
package import EchoCore
import Files
import Foundation
package import Tasks

/// A study as a model meets it, or a clip alone.
package struct Study: Sendable, Equatable {
    package let stored: StoredStudy
    /// One number an output of the model, NaN where it is not known; empty in pre-training.
    package let target: [Float]

    package init(stored: StoredStudy, target: [Float]) {
        self.stored = stored
        self.target = target
    }

    fileprivate func standardised(by heads: [LearnedHead]) -> Study {
        Study(stored: stored, target: heads.standardised(target))
    }
}

/// The studies of one task in one dataset.
package struct StudySet: Sendable {
    package let train: [Study], validation: [Study]
    /// What each head learns, its weights of positive studies aside; none in pre-training.
    package let heads: [LearnedHead]
    /// What people decided about its clips; nil where that does not count.
    package let decisions: Decisions?
    /// What was chosen or left out and why, for the user.
    package let notes: [String]
    /// What the studies are: studies, or clips one by one.
    package let unit: LabelSource.Unit

    /// Reads the studies of the splits train and val from the dataset's catalog: those of which the task knows something,
    /// or for a task without labels all.
    ///
    /// - Parameter selection: the studies and views to keep to
    package init(dataset: String, task: TrainTask, keeping selection: Selection = Selection()) throws {
        let catalog = try Catalog(datasetFolder: dataset, keeping: selection)
        let chosen = try catalog.told()
        decisions = catalog.decisions
        unit = try StudySet.unit(of: task, in: catalog)
        if task.heads.isEmpty {
            let all = try StudySet.all(catalog)
            (train, validation, notes) = (all.train, all.val, chosen + all.notes)
            heads = []
        } else {
            var heads = try StudySet.targets(of: task, in: catalog)
            let known = try StudySet.labelled(in: .train, by: task, heads.map(\.targets), catalog)
            for (index, columns) in heads.columns.enumerated() {
                heads[index].scale = task.heads[index].answers.scale(of: known.flatMap { $0.target[columns] })
            }
            self.heads = heads
            train = known.map { $0.standardised(by: heads) }
            validation = try StudySet.labelled(in: .val, by: task, heads.map(\.targets), catalog)
                .map { $0.standardised(by: heads) }
            notes = chosen
        }
        let head = task.heads.first?.labels
        guard !train.isEmpty else {
            throw EchoError(
                "--dataset",
                "has no \(head?.lack ?? "study with") kept clips in the split train\(chosen.isEmpty ? "" : ", \(chosen.joined(separator: ", "))")",
                try: !chosen.isEmpty
                    ? "choose less narrowly" : head?.remedy ?? "run echoprep ingest on it first")
        }
        for (head, columns) in zip(task.heads, heads.columns)
        where task.heads.count > 1 && !train.contains(where: { !$0.target[columns].allSatisfy(\.isNaN) }) {
            throw EchoError(
                "--dataset", "has no \(head.labels.lack) kept clips in the split train",
                try: head.labels.remedy)
        }
    }

    /// What each head of a task learns in a dataset.
    ///
    /// - Throws: `EchoError` where the dataset has nothing for one of them
    package static func targets(of task: TrainTask, in catalog: Catalog) throws -> [LearnedHead] {
        try task.heads.map { head in
            let targets = try head.labels.targets(catalog)
            guard !targets.isEmpty else {
                throw EchoError(
                    "--task \(head.task)", "the dataset has no targets", try: head.labels.untargeted)
            }
            return LearnedHead(targets: targets)
        }
    }

    /// Whether a task learns from studies or from clips one by one.
    ///
    /// - Throws: `EchoError` where its heads do not agree
    package static func unit(of task: TrainTask, in catalog: Catalog) throws -> LabelSource.Unit {
        let units = try task.heads.map { try $0.labels.unit(catalog) }
        guard Set(units).count < 2 else {
            let clips = zip(task.heads, units).first { $1 == .clip }?.0.task ?? task.name
            throw EchoError(
                "--task \(task.name)", "\(clips) learns from clips one by one, the others from studies",
                try: "train a run for each")
        }
        return units.first ?? .study
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

    /// The studies of a split that a fine-tuned model can be judged on, with their targets in the task's own units.
    package static func judged(in split: Split, by task: TrainTask, _ catalog: Catalog) throws -> [Study] {
        try labelled(in: split, by: task, task.heads.map { try $0.labels.targets(catalog) }, catalog)
    }

    /// The studies of a split, or its clips one by one, that have both clips and a target that is known to a head, in the
    /// order of their files; what is not known to another is NaN.
    private static func labelled(
        in split: Split, by task: TrainTask, _ targets: [[String]], _ catalog: Catalog
    ) throws -> [Study] {
        let known = try zip(task.heads, targets).map { try $0.labels.values(catalog, $1, split) }
        let isOfClips = try unit(of: task, in: catalog) == .clip
        let studies = try catalog.studies(in: split).flatMap { isOfClips ? $0.clipByClip : [$0] }
        return studies.compactMap { study in
            let values = known.map { $0[study.key] }
            guard values.contains(where: { $0 != nil }) else { return nil }
            return Study(
                stored: study,
                target: zip(values, targets).flatMap { $0 ?? Array(repeating: .nan, count: $1.count) })
        }
    }

    /// The mean absolute error on validation of always predicting the mean of train, of each head in the unit of its
    /// quantity; nil of others.
    package var errorsOfMeans: [Double?] {
        zip(heads, heads.columns).map { head, columns in
            let known = validation.flatMap { $0.target[columns] }.filter { !$0.isNaN }
            guard let scale = head.scale, !known.isEmpty else { return nil }
            return scale.deviation * known.reduce(0) { $0 + Double(abs($1)) } / Double(known.count)
        }
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
