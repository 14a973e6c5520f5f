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
    /// What a model is judged on, with so many targets, for the title of its page.
    package let subject: @Sendable (_ targets: Int) -> String
    /// What its targets are and what is known of them; nil for a task that learns from pixels alone.
    package let labels: LabelledTask?

    package init(
        _ name: String, _ summary: String, epochs: Int, labels: LabelledTask? = nil,
        subject: @escaping @Sendable (_ targets: Int) -> String
    ) {
        self.name = name
        self.summary = summary
        self.epochs = epochs
        self.labels = labels
        self.subject = subject
    }

    /// All tasks; the first is what `train` does unless asked otherwise.
    package static let all: [TrainTask] = [
        .pretrain,
        .icd,
        .lvef,
        .globalStrain,
    ]

    /// The task of that name: one of the list, or `label:NAME` for labels of one's own; nil if there is none.
    package static func named(_ name: String) -> TrainTask? {
        all.first { $0.name == name } ?? ownLabels(name)
    }
}

/// What a head learns, from where, and what it answers.
package struct LabelledTask: Sendable {
    /// What kind of answers the model gives, and so its loss, what chooses its best epoch and how it is judged.
    package let answers: AnswerKind
    /// What the outputs stand for, in their order; empty where the dataset has none.
    package let targets: @Sendable (Catalog) throws -> [String]
    /// What is known of a split's studies, by `StoredStudy.key`: a number a target, NaN where it is not known.
    package let values: @Sendable (Catalog, _ targets: [String], Split) throws -> [String: [Float]]
    /// What a dataset lacks that cannot be learned from, as "labelled study with", and what to do about it.
    package let lack: String, remedy: String
    /// What to do where it has no targets.
    package let untargeted: String

    package init(
        _ answers: AnswerKind, lack: String, remedy: String, untargeted: String? = nil,
        targets: @escaping @Sendable (Catalog) throws -> [String],
        values: @escaping @Sendable (Catalog, _ targets: [String], Split) throws -> [String: [Float]]
    ) {
        self.answers = answers
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
