import Catalog
import EchoCore
import Foundation
import Runs
import StudyData
import Tasks
import Testing
import TestSupport
import Training

@Suite struct MeasurementTaskTests {
    private func task(_ name: String) throws -> TrainTask { try #require(TrainTask.named(name)) }

    @Test func `a measurement is a task by its name or its short name`() throws {
        #expect(try task("measure:mr").name == "measure:mitral_regurg")
        #expect(try task("measure:mr") == task("measure:mitral_regurg"))
        let thickness = try #require(try task("measure:septal_thickness").heads.first?.answers.measured)
        #expect(thickness.unit == "cm" && thickness.grades.isEmpty && thickness.decimals == 2)
        #expect(
            try task("measure:mr").heads[0].answers.measured?.grades.map(\.value) == [0, 1, 1.5, 2, 3, 4])
        // One that nobody has listed is a number of which no more than its name is known.
        #expect(try task("measure:la_diam").heads[0].answers.measured?.unit == nil)
        #expect(TrainTask.named("measure:") == nil && TrainTask.named("measured") == nil)
    }

    @Test func `a measurement with a unit is learned in it, the unknown left out`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            try dataset.measure()
            let run = folder.appendingPathComponent("run")
            var said: [String] = []
            let options = tinyOptions(dataset, run, task: try task("measure:ivs"))
            let summary = try train(options) { said.append($0) }
            #expect(summary.text.contains("mean absolute error") && summary.text.contains(" cm"))
            #expect(said.contains { $0.contains("of septal_thickness on val") })
            let configuration = try RunConfiguration(run: run.path)
            #expect(configuration.targets == ["septal_thickness"] && configuration.heads[0].scale != nil)
            #expect(try StudySet(dataset: dataset.path, task: options.recipe.task).train.count == 8)
            let judged = try Built.run("evaluate", run.path, "--bootstrap", "20", "--threads", "2", "--json")
            let found = try JSONSerialization.jsonObject(with: Data(judged.output.utf8)) as? [String: Any]
            let scores = try #require((found?["measurements"] as? [[String: Any]])?.first, "\(judged.errors)")
            #expect(scores["quantity"] as? String == "septal_thickness" && scores["confusion"] == nil)
            #expect((scores["mae"] as? [String: Double])?["lower"] != nil)
        }
    }

    @Test func `a scale is learned by its values and judged by its grades`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            try dataset.measure()
            let run = folder.appendingPathComponent("run")
            _ = try train(tinyOptions(dataset, run, task: try task("measure:mr"))) { _ in }
            let judged = try Built.run(
                "evaluate", run.path, "--bootstrap", "0", "--threads", "2", "--split", "train", "--json")
            let found = try JSONSerialization.jsonObject(with: Data(judged.output.utf8)) as? [String: Any]
            let scores = try #require((found?["measurements"] as? [[String: Any]])?.first, "\(judged.errors)")
            #expect((scores["confusion"] as? [[Int]])?.joined().reduce(0, +) == 9)
            // Nobody is above moderate: those areas are not defined, and nothing stands there.
            #expect(scores["auroc_from_2"] != nil && scores["auroc_from_4"] == nil)
            let files = try FileManager.default.contentsOfDirectory(atPath: run.path + "/evaluation/train")
            #expect(files.contains("confusion.csv") && files.contains("errors.csv"))
        }
    }

    @Test func `a number and a grade that pictures show are learned from them, at once`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            try dataset.measure()
            var options = tinyOptions(
                dataset, folder.appendingPathComponent("run"), task: try task("measure:ivs,measure:mr"))
            options.recipe.epochs = 40
            options.recipe.augment = false
            _ = try train(options) { _ in }
            let predictions = try TrainedModel(run: options.run, place: here).predict(.train)
            for output in 0..<2 {
                let known = predictions.filter { !$0.labels[output].isNaN }
                let errors = RegressionErrors(
                    truths: known.map { Double($0.labels[output]) },
                    predictions: known.map { Double($0.logits[output]) })
                #expect(errors.r2 ?? 0 > 0.5, "output \(output): \(errors)")
            }
        }
    }

    @Test(arguments: [("measure:tapse", "tapse"), ("icd,measure:tapse", "tapse")])
    func `a measurement that the dataset does not have says where to look`(task name: String, fault: String)
        throws
    {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder)
            try dataset.measure()
            let error = #expect(throws: EchoError.self) {
                try StudySet(dataset: dataset.path, task: task(name))
            }
            #expect(
                error?.place == "--task measure:\(fault)" && error?.remedy?.contains("label list") == true)
        }
    }
}
