import Catalog
import EchoCore
import Foundation
import Models
import Runs
import StudyData
import Tasks
import Testing
import TestSupport
import Training

@Suite struct EjectionFractionTests {
    /// A dataset whose list gives every second study an ejection fraction, and all of them a split.
    static func dataset(at folder: URL) throws -> TinyDataset {
        let dataset = try TinyDataset(at: folder, labelled: false)
        let catalog = try Catalog(datasetFolder: folder.path, readOnly: false)
        try catalog.replace(
            (1..<15).map { study in
                ListedStudy(
                    key: "\(study)", ejectionFraction: study % 4 == 0 ? nil : 20 + 3.25 * Double(study),
                    listSplit: nil, split: TinyDataset.split(study))
            })
        return dataset
    }

    @Test func `a run learns standardised ejection fractions and predicts percent`() throws {
        try withTemporaryFolder { folder in
            let dataset = try EjectionFractionTests.dataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run")
            var said: [String] = []
            let summary = try train(tinyOptions(dataset, run, task: .lvef)) { said.append($0) }

            let configuration = try RunConfiguration(run: run.path)
            let known = [1, 2, 3, 5, 6, 7, 9].map { 20 + 3.25 * Double($0) }
            let mean = known.reduce(0, +) / 7
            let variance = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 7
            #expect(configuration.targets == ["EF"] && configuration.model.outputs == 1)
            let scale = try #require(configuration.heads.first?.scale)
            #expect(abs(scale.mean - mean) < 1e-9 && abs(scale.deviation - variance.squareRoot()) < 1e-9)
            // Of val, 10 and 11 are known.
            let mistaken = (abs(52.5 - mean) + abs(55.75 - mean)) / 2
            #expect(
                said.contains(
                    String(format: "predicting the mean of train errs by %.2f %% of EF on val", mistaken)))

            let lines = try metrics(run).filter { $0.split == .val }
            #expect(lines.count == 3 && lines.allSatisfy { $0.auroc == nil && $0.rmse! >= $0.mae! })
            #expect(summary.bestLoss == lines.compactMap(\.mae).min())
            let predictions = try TrainedModel(run: run.path, place: here).predict(.val)
            #expect(predictions.map(\.study) == ["10", "11"])
            #expect(predictions.map(\.labels) == [[52.5], [55.75]])
            let errors = RegressionErrors(
                truths: [52.5, 55.75], predictions: predictions.map { Double($0.logits[0]) })
            #expect(abs(errors.mae - summary.bestLoss!) < 1e-3)
            #expect(try TrainedModel(run: run.path, place: here).predict(.test).map(\.study) == ["13", "14"])
        }
    }

    @Test func `a frozen model learns an ejection fraction with its head alone`() throws {
        try withTemporaryFolder { folder in
            let dataset = try EjectionFractionTests.dataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("before"))
            options.recipe.epochs = 1
            _ = try train(options) { _ in }
            var frozen = tinyOptions(dataset, folder.appendingPathComponent("after"), task: .lvef)
            frozen.recipe.initial = options.run
            frozen.recipe.frozen = true
            #expect(try train(frozen) { _ in }.bestLoss != nil)
        }
    }

    @Test func `pre-training keeps to the list's splits`() throws {
        try withTemporaryFolder { folder in
            let dataset = try EjectionFractionTests.dataset(at: folder)
            let set = try StudySet(dataset: dataset.path, task: .pretrain)
            #expect(set.train.map(\.stored.key) == (1...9).map(String.init))
            #expect(set.validation.map(\.stored.key) == ["10", "11", "12"])
        }
    }

    @Test func `without an ejection fraction there is nothing to learn`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder)
            let error = #expect(throws: EchoError.self) { try StudySet(dataset: dataset.path, task: .lvef) }
            #expect(
                error?.problem == "has no study with an ejection fraction and kept clips in the split train")
        }
    }

    @Test func `a scale of equal values leaves them whole`() {
        let scale = TargetScale(of: [40, 40])
        #expect(scale == TargetScale(of: [40]) && scale.standardised(40) == 0 && scale.value(of: 2) == 42)
    }

    @Test func `the errors of a regression are those of its definition`() {
        let errors = RegressionErrors(truths: [50, 60, 40], predictions: [52, 57, 46])
        #expect(errors.mae == 11.0 / 3)
        #expect(errors.rmse == (49.0 / 3).squareRoot())
        #expect(errors.r2 == 1 - 49.0 / 200)
        #expect(RegressionErrors(truths: [5, 5], predictions: [4, 6]).r2 == nil)
    }
}
