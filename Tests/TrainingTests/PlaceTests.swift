import Catalog
import Compute
import EchoCore
import Foundation
import Models
import Runs
import Shards
import Tasks
import Testing
import TestSupport
import Training

/// Run folders that the program of commit 65363c9 wrote, beside the datasets that they learned from.
struct EarlierRuns {
    let folder: URL

    init(at folder: URL) throws {
        self.folder = folder
        _ = try TinyDataset(at: folder.appendingPathComponent("data"))
        _ = try EjectionFractionTests.dataset(at: folder.appendingPathComponent("listed"))
        let runs = folder.appendingPathComponent("runs")
        try FileManager.default.createDirectory(at: runs, withIntermediateDirectories: true)
        for task in ["pretrain", "icd", "lvef"] {
            for state in ["done", "stopped"] {
                try FileManager.default.copyItem(
                    at: EarlierRuns.fixtures.appendingPathComponent("\(task)-\(state)"),
                    to: runs.appendingPathComponent("\(task)-\(state)"))
            }
        }
    }

    func run(_ name: String) -> URL { folder.appendingPathComponent("runs/\(name)") }

    static let fixtures = Built.repository.appendingPathComponent("fixtures/runs")
}

@Suite struct PlaceTests {
    /// The fields of a csv file, line by line.
    private func rows(_ file: URL) throws -> [[Substring]] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
    }

    @Test(arguments: ["icd", "lvef"], EngineKind.here)
    func `an earlier run answers as it did, wherever it is asked`(task: String, engine: EngineKind) throws {
        try withTemporaryFolder { folder in
            let earlier = try EarlierRuns(at: folder), run = earlier.run("\(task)-done")
            let answers = try TrainedModel(run: run.path, place: Place(engine, threads: 2)).predict(.test)
            let expected = try rows(run.appendingPathComponent("predictions-test.csv"))
            let studies = answers.map(\.study)
            #expect(Set(studies) == Set(expected.map { String($0[0]) }) && !studies.isEmpty)
            let targets = try RunConfiguration(run: run.path).targets
            for row in expected {
                let answer = try #require(answers.first { $0.study == row[0] })
                let target = try #require(targets.firstIndex(of: String(row[2])))
                let value = try #require(Double(row[4]))
                #expect(abs(Double(answer.logits[target]) - value) <= 1e-5 * max(1, abs(value)))
            }
        }
    }

    @Test(arguments: ["pretrain", "icd", "lvef"], EngineKind.here)
    func `an earlier run's vectors are what they were`(task: String, engine: EngineKind) throws {
        try withTemporaryFolder { folder in
            let earlier = try EarlierRuns(at: folder), run = earlier.run("\(task)-done")
            let file = try SafetensorsFile(
                path: run.appendingPathComponent("embeddings-study.safetensors").path)
            let expected = try file.floats("embeddings")
            let trained = try TrainedModel(run: run.path, place: Place(engine, threads: 2))
            let studies = try Catalog(datasetFolder: trained.dataset, readOnly: true).studies()
            var found: [Float] = []
            try trained.embed(studies, per: .study) { found += $0.flatMap(\.vector) }
            #expect(found.count == expected.count)
            for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-5 * max(1, abs(b))) }
        }
    }

    @Test(arguments: EngineKind.pairs)
    func `what one engine trained, another evaluates`(trained: EngineKind, asked: EngineKind) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"), task: .icd)
            options.place = Place(trained, threads: 2)
            (options.recipe.views, options.recipe.frames, options.recipe.epochs) = (1, 1, 1)
            _ = try train(options) { _ in }
            let answers = try [trained, asked].map {
                try TrainedModel(run: options.run, place: Place($0, threads: 2)).predict(.test)
            }
            for (one, other) in zip(answers[0], answers[1]) {
                #expect(one.study == other.study)
                for (a, b) in zip(one.logits, other.logits) { #expect(abs(a - b) <= 1e-5 * max(1, abs(a))) }
            }
            // And goes on with it.
            options.place = Place(asked, threads: 2)
            options.resume = true
            _ = try train(options) { _ in }
        }
    }
}
