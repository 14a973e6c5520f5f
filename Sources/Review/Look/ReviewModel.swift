// What a trained run says of the studies that are looked at, asked study by study.

import Catalog
package import Compute
import EchoCore
import Foundation
import Models
import Runs
import StudyData
import Tasks

/// A run of `train`, opened for one dataset.
package actor ReviewModel {
    /// The folder's last part.
    nonisolated let name: String
    private let trained: TrainedModel
    /// Studies of the dataset that it can be asked about.
    nonisolated let studyCount: Int
    private let studies: [String: StoredStudy]
    private let truths: [String: [Float]]
    private let titles: [String: String]
    private var known: [String: StudyPredictions] = [:]

    /// - Throws: `EchoError` for a run that learned no labels
    package init(run: String, dataset: String, place: Place) throws {
        name = URL(fileURLWithPath: run).lastPathComponent
        trained = try TrainedModel(run: run, dataset: dataset, place: place)
        let heads = trained.configuration.task.heads
        guard !heads.isEmpty else {
            throw EchoError(
                "--run", "the run pre-trained a model that predicts no label",
                try: "fine-tune it: echoprep train --task icd --init RUN")
        }
        let catalog = try Catalog(datasetFolder: dataset, readOnly: true)
        studies = Dictionary(try catalog.studies().map { ($0.key, $0) }) { first, _ in first }
        studyCount = studies.count
        titles = Dictionary(try catalog.targets().map { ($0.category, $0.title) }) { first, _ in first }
        var truths: [String: [Float]] = [:]
        for split in Split.allCases {
            for study in try StudySet.judged(in: split, by: trained.configuration.task, catalog) {
                truths[study.stored.key] = study.target
            }
        }
        self.truths = truths
    }

    /// What the model says of a study; nil for one without kept clips.
    func predictions(of study: String) throws -> StudyPredictions? {
        if let known = known[study] { return known }
        guard let stored = studies[study] else { return nil }
        let configuration = trained.configuration
        let asked = Study(stored: stored, target: [])
        let batch = try trained.loader.load([asked], .evaluation())
        let outputs = configuration.heads.values(of: trained.model.logits(batch.input))
        let truth = truths[study]
        var predictions: [StudyPredictions.Prediction] = []
        for (head, columns) in zip(configuration.task.heads, configuration.heads.columns) {
            for (target, column) in zip(configuration.targets[columns], columns) {
                let output = Double(outputs[column])
                let label = truth.flatMap { $0[column].isNaN ? nil : Double($0[column]) }
                let quantity = head.answers.measured
                predictions.append(
                    .init(
                        target: target, title: quantity?.title ?? titles[target] ?? target,
                        probability: quantity == nil ? 1 / (1 + exp(-output)) : nil,
                        answer: quantity.map { _ in output }, unit: quantity?.unit, label: label))
            }
        }
        let views = trained.loader.studies.views(of: asked, .evaluation())
        let shares = trained.model.viewAttention(batch.input).first?.meanShares ?? []
        let found = StudyPredictions(
            run: name, predictions: predictions,
            attention: zip(views, shares).map { .init(name: stored.clips[$0].name, share: Double($1)) })
        known[study] = found
        return found
    }

    /// How early a study is to be looked at, the least first; asks the model of all studies.
    func ranks(_ order: QueueOrder, each: (Int) -> Void) throws -> [String: Double] {
        var ranks: [String: Double] = [:]
        for (number, study) in studies.keys.sorted().enumerated() {
            try Interruption.check()
            ranks[study] = try predictions(of: study)?.rank(order)
            each(number + 1)
        }
        return ranks
    }
}

/// `GET /api/clip/N/predictions`
struct StudyPredictions: Sendable, Encodable {
    struct Prediction: Sendable, Encodable {
        let target: String, title: String
        /// Of a class.
        let probability: Double?
        /// Of a quantity, in its unit.
        let answer: Double?
        let unit: String?
        /// What the dataset says; nil where it is not known.
        let label: Double?
    }

    /// How much of the latent attention a view gets, over all views that read; they add up to 1.
    struct View: Sendable, Encodable {
        let name: String
        var place: Int?
        let share: Double
    }

    let run: String
    let predictions: [Prediction]
    /// Of the views that the model took, in their order; empty for a model without latent attention.
    var attention: [View]

    /// Of `uncertain`: how far the probabilities are from one half, on average. Of `model`: how far the worst answer is from
    /// the label, negative.
    func rank(_ order: QueueOrder) -> Double {
        let probabilities = predictions.compactMap(\.probability)
        if order == .uncertain {
            guard !probabilities.isEmpty else { return 0 }
            return probabilities.reduce(0) { $0 + abs($1 - 0.5) } / Double(probabilities.count)
        }
        let errors = predictions.compactMap { prediction in
            prediction.label.flatMap { label in
                (prediction.probability ?? prediction.answer).map { abs($0 - label) }
            }
        }
        return -(errors.max() ?? 0)
    }
}

extension ViewAttention {
    /// Of each view, what it gets on average over layers, heads and the views that read.
    fileprivate var meanShares: [Float] {
        let rows = layers * heads * views
        return (0..<views).map { read in
            stride(from: read, to: shares.count, by: views).reduce(0) { $0 + shares[$1] } / Float(rows)
        }
    }
}
