// What a model learns, as a value that says everything that follows from it; this list is all that there is.

package import Catalog
package import EchoCore

/// A task: a line in the list of those that there are.
package struct TrainTask: Sendable {
    /// What `--task` calls it.
    package let name: String
    /// One line for people.
    package let summary: String
    /// Epochs, unless asked otherwise.
    package let epochs: Int
    /// What it learns, each with a head of its own on one encoder; none for a task that learns from pixels alone.
    package let heads: [TaskHead]

    /// A task of one head, or without labels of none.
    ///
    /// - Parameter subject: what a model is judged on, with so many targets, for the title of its page
    package init(
        _ name: String, _ summary: String, epochs: Int, labels: LabelledTask? = nil,
        subject: @escaping @Sendable (_ targets: Int) -> String
    ) {
        self.name = name
        self.summary = summary
        self.epochs = epochs
        heads = labels.map { [TaskHead(task: name, labels: $0, subject: subject)] } ?? []
    }

    /// Several tasks in one pass: as many epochs as the longest has.
    ///
    /// Nil where one of them learns from pixels alone, or stands there twice.
    private init?(joining parts: [TrainTask]) {
        guard parts.allSatisfy({ !$0.heads.isEmpty }), Set(parts).count == parts.count else { return nil }
        name = parts.map(\.name).joined(separator: ",")
        summary = parts.map(\.summary).joined(separator: "; ")
        epochs = parts.map(\.epochs).max() ?? 0
        heads = parts.flatMap(\.heads)
    }

    /// All tasks; the first is what `train` does unless asked otherwise.
    package static let all: [TrainTask] = [
        .pretrain,
        .icd,
        .lvef,
        .globalStrain,
    ]

    /// The task of that name: one of the list, `measure:NAME` for a measurement, `label:NAME` for labels of one's own, or
    /// several with commas between them; nil if there is none.
    package static func named(_ name: String) -> TrainTask? {
        let names = name.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let parts = names.compactMap { name in
            all.first { $0.name == name } ?? measurement(name) ?? ownLabels(name)
        }
        guard parts.count == names.count else { return nil }
        return parts.count == 1 ? parts[0] : TrainTask(joining: parts)
    }
}

/// One head of a task.
package struct TaskHead: Sendable {
    /// The task that it is by itself, as "icd".
    package let task: String
    package let labels: LabelledTask
    /// What a model is judged on, with so many targets.
    package let subject: @Sendable (_ targets: Int) -> String

    /// The same as the name of a folder: with a dash for all that is no letter and no digit, wherever the name is from.
    package var folder: String {
        String(task.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "-" })
    }
    package var answers: AnswerKind { labels.answers }
}

/// What a head learns, from where, and what it answers.
package struct LabelledTask: Sendable {
    /// What kind of answers the model gives, and so its loss, what chooses its best epoch and how it is judged.
    package let answers: AnswerKind
    /// What is learned from and judged: studies, or clips one by one, as the dataset has labels of them.
    package let unit: @Sendable (Catalog) throws -> LabelSource.Unit
    /// What the outputs stand for, in their order; empty where the dataset has none.
    package let targets: @Sendable (Catalog) throws -> [String]
    /// What is known of a split's studies or clips, perhaps among others, by `StoredStudy.key`: a number a target, NaN where it is not known.
    package let values: @Sendable (Catalog, _ targets: [String], Split) throws -> [String: [Float]]
    /// What a dataset lacks that cannot be learned from, as "labelled study with", and what to do about it.
    package let lack: String, remedy: String
    /// What to do where it has no targets.
    package let untargeted: String

    package init(
        _ answers: AnswerKind,
        unit: @escaping @Sendable (Catalog) throws -> LabelSource.Unit = { _ in .study }, lack: String,
        remedy: String, untargeted: String? = nil,
        targets: @escaping @Sendable (Catalog) throws -> [String],
        values: @escaping @Sendable (Catalog, _ targets: [String], Split) throws -> [String: [Float]]
    ) {
        self.answers = answers
        self.unit = unit
        self.lack = lack
        self.remedy = remedy
        self.untargeted = untargeted ?? remedy
        self.targets = targets
        self.values = values
    }
}

extension Catalog {
    /// What a source of labels knows of a split's studies, as `LabelledTask.values` has it; a study of which it knows
    /// nothing is left out.
    package func values(
        of targets: [String], from source: String, in split: Split
    ) throws(EchoError) -> [String: [Float]] {
        let known = try labels(of: targets, from: source, in: split).filter { study in
            study.values.contains { $0 != nil }
        }
        return Dictionary(
            uniqueKeysWithValues: known.map { ($0.key, $0.values.map { $0.map(Float.init) ?? .nan }) })
    }
}

extension Catalog {
    /// The same of classes, which are 0 or 1.
    ///
    /// - Throws: `EchoError` where one of them is another number
    func classes(
        of targets: [String], from source: String, in split: Split, task: String
    ) throws(EchoError) -> [String: [Float]] {
        let values = try values(of: targets, from: source, in: split)
        for (index, target) in targets.enumerated()
        where values.values.contains(where: { !($0[index].isNaN || $0[index] == 0 || $0[index] == 1) }) {
            throw EchoError(
                "--task \(task)", "its target \(brief(target)) has values that are neither 0 nor 1",
                try: "a class is 0 or 1; a quantity is a task of its own (docs/contributing.md)")
        }
        return values
    }
}

extension TrainTask: Hashable, Codable, CustomStringConvertible {
    package static func == (a: TrainTask, b: TrainTask) -> Bool { a.name == b.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
    package var description: String { name }

    package init(from decoder: any Decoder) throws {
        let name = try decoder.singleValueContainer().decode(String.self)
        guard let task = TrainTask.named(name) else {
            throw EchoError("task", "there is no task \(name)", try: "use the echoprep that knows it")
        }
        self = task
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}
