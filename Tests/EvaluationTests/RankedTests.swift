import Compute
import ComputeCPU
import EchoCore
import Evaluation
import Exchange
import Foundation
import Models
import Runs
import Scoring
import Shards
import Tasks
import Testing
import TestSupport
import Training

/// What several ranks ask of a finished run together, which here are threads; `MPITests` has processes.
@Suite struct RankedTests {
    /// A fine-tuned run, and a folder for what comes of it.
    private func withRun(_ body: (_ run: String, _ folder: URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
            var options = TrainOptions(
                run: folder.appendingPathComponent("run").path, place: Place(.cpu, threads: 2))
            options.recipe.dataset = sample.path
            options.recipe.task = .icd
            (options.recipe.views, options.recipe.frames, options.recipe.epochs) = (2, 2, 1)
            _ = try train(options) { _ in }
            try body(options.run, folder)
        }
    }

    /// Calls `body` on so many ranks, of which the first alone may come back with something.
    private func first<Answer: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (any Ranks) throws -> Answer?
    ) throws -> Answer {
        let answers = try ThreadRanks.all(count) { try body($0) }.map { try $0.get() }
        #expect(answers.dropFirst().allSatisfy { $0 == nil })
        return try #require(answers[0])
    }

    @Test(arguments: [2, 3]) func `an evaluation does not depend on the number of ranks`(count: Int) throws {
        try withRun { run, _ in
            func files() throws -> [Data] {
                try ["predictions.csv", "metrics.json", "codes.csv"].map {
                    try Data(contentsOf: URL(fileURLWithPath: "\(run)/evaluation/test/\($0)"))
                }
            }
            @Sendable func judge(_ ranks: any Ranks) throws -> String? {
                var options = EvaluateOptions(place: Place(.cpu, threads: 1, ranks: ranks))
                options.scoring.bootstrap = 20
                options.draws = 2
                options.fitsThreshold = true
                return try evaluate(runs: [run], options: options)?.text
            }
            let alone = try #require(try judge(Alone())), before = try files()
            try FileManager.default.removeItem(atPath: run + "/evaluation")
            #expect(try first(count) { try judge($0) } == alone)
            #expect(try files() == before)
        }
    }

    @Test(arguments: EchoModel.Pooling.allCases) func `vectors do not depend on the number of ranks`(
        unit: EchoModel.Pooling
    ) throws {
        try withRun { run, folder in
            @Sendable func write(_ ranks: any Ranks, to name: String) throws -> String? {
                var options = EmbedOptions(place: Place(.cpu, threads: 1, ranks: ranks))
                options.unit = unit
                options.out = folder.appendingPathComponent(name).path
                return try embed(run: run, options: options)?.text
            }
            func files(_ name: String) throws -> [Data] {
                try ["safetensors", "parquet"].map {
                    try Data(contentsOf: folder.appendingPathComponent("\(name).\($0)"))
                }
            }
            _ = try #require(try write(Alone(), to: "alone"))
            _ = try first(3) { try write($0, to: "together") }
            #expect(try files("alone") == files("together"))
        }
    }

    @Test func `a study that is seen in several passes has as many vectors, and it is said`() throws {
        try withRun { run, folder in
            func table(_ unit: EchoModel.Pooling, pass: Int) throws -> (text: String, values: [Float]) {
                var options = EmbedOptions(place: Place(.cpu, threads: 1))
                (options.unit, options.views, options.viewsPerPass) = (unit, .max, pass)
                options.out = folder.appendingPathComponent("\(unit)-\(pass)").path
                let summary = try #require(try embed(run: run, options: options))
                return (summary.text, try SafetensorsFile(path: summary.safetensors).floats("embeddings"))
            }
            for unit in EchoModel.Pooling.allCases {
                let whole = try table(unit, pass: 128), parts = try table(unit, pass: 1)
                #expect(whole.values.count == parts.values.count && parts.values.allSatisfy(\.isFinite))
                #expect(!whole.text.contains("passes"))
                #expect(parts.text.contains("have more than 1 views: they were seen in several passes"))
            }
        }
    }

    @Test func `what there is nothing of all ranks find together, and the first says it`() throws {
        try withRun { run, _ in
            let ends = ThreadRanks.all(2) { ranks in
                var options = EmbedOptions(place: Place(.cpu, threads: 1, ranks: ranks))
                options.dataset = run
                _ = try embed(run: run, options: options)
            }
            let errors = ends.map { end in
                let error = #expect(throws: AgreedEnd.self) { try end.get() }
                return error?.error
            }
            #expect(errors[0] != nil && errors[1] == nil)
        }
    }
}
