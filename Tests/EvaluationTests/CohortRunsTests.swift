import Catalog
import Compute
import ComputeCPU
import EchoCore
import Exchange
import Foundation
import Runs
import Tasks
import Testing
import TestSupport
import Training

/// `--where` in every command that chooses studies.
@Suite struct CohortRunsTests {
    /// A run of one epoch on the studies of a sample that an expression is true of.
    private static func options(_ dataset: String, _ run: URL, where cohort: String?) -> TrainOptions {
        var options = TrainOptions(run: run.path, place: Place(.cpu, threads: 2))
        options.recipe.dataset = dataset
        options.recipe.task = .icd
        options.recipe.cohort = cohort
        options.recipe.views = 1
        options.recipe.frames = 1
        options.recipe.epochs = 1
        return options
    }

    private func withRun(_ body: (_ dataset: String, _ run: URL, _ said: [String]) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let dataset = try SampleDataset(at: folder.appendingPathComponent("data")).path
            let run = folder.appendingPathComponent("run")
            var said: [String] = []
            _ = try train(Self.options(dataset, run, where: "study_id NOT IN (3, 15)")) { said.append($0) }
            try body(dataset, run, said)
        }
    }

    @Test func `a run says which studies it learned from, keeps it, and is no run of others`() throws {
        try withRun { dataset, run, said in
            #expect(said.contains("where study_id NOT IN (3, 15): 18 of 20 studies with clips"))
            let studies = try String(contentsOf: run.appendingPathComponent("studies.csv"), encoding: .utf8)
            #expect(!studies.contains("\n3,") && studies.contains("\n4,"))
            let config = try String(contentsOf: run.appendingPathComponent("config.json"), encoding: .utf8)
            #expect(config.contains("\"where\" : \"study_id NOT IN (3, 15)\""))
            #expect(try RunConfiguration(run: run.path).recipe.cohort == "study_id NOT IN (3, 15)")
            let error = #expect(throws: EchoError.self) {
                try train(Self.options(dataset, run, where: nil)) { _ in }
            }
            #expect(error?.problem.contains("where: study_id NOT IN (3, 15) there, nothing here") == true)
            #expect(
                try train(Self.options(dataset, run, where: "study_id NOT IN (3, 15)")) { _ in }.epochs == 1)
        }
    }

    @Test func `an evaluation keeps to the run's studies, or to others in a folder of their own`() throws {
        try withRun { _, run, _ in
            func judged(_ arguments: String...) throws -> TestSupport.Outcome {
                try Built.run(["evaluate", run.path, "--bootstrap", "0", "--threads", "2"] + arguments)
            }
            func studies(_ folder: String) throws -> Set<String> {
                let file = run.appendingPathComponent("evaluation/\(folder)/predictions.csv")
                let rows = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst()
                return Set(rows.map { String($0.prefix { $0 != "," }) })
            }
            let own = try judged()
            #expect(own.status == 0 && own.errors.contains("18 of 20 studies with clips"), "\(own.errors)")
            #expect(own.output.contains("where study_id NOT IN (3, 15)"))
            #expect(try studies("test") == ["14", "16", "17", "18", "19"])
            let page = try Page(run.appendingPathComponent("evaluation/test/report.html"))
            #expect(page.text.contains("with clips, where study_id NOT IN (3, 15)"))
            let json = try String(
                contentsOf: run.appendingPathComponent("evaluation/test/metrics.json"), encoding: .utf8)
            #expect(
                json.contains("\"expression\" : \"study_id NOT IN (3, 15)\"")
                    && json.contains("\"chosen\" : 18"))

            #expect(try judged("--where", "study_id > 16").status == 0)
            let folders = try FileManager.default.contentsOfDirectory(
                atPath: run.appendingPathComponent("evaluation").path)
            let other = try #require(folders.first { $0.hasPrefix("test-where-") })
            #expect(folders.count == 2)
            #expect(try studies(other) == ["17", "18", "19"])

            for wrong in ["study_id >", "nobody = 3", "1; DROP TABLE clip"] {
                let outcome = try judged("--where", wrong)
                #expect(
                    outcome.status == 1 && outcome.errors.hasPrefix("echoprep: --where: "),
                    "\(outcome.errors)")
            }
            #expect(try judged("--where", "study_id = 4").errors.contains("no study with clips and a truth"))
        }
    }

    @Test func `vectors and labels leave for the studies of a cohort alone`() throws {
        try withRun { dataset, run, _ in
            let all = try Built.run("embed", run.path, "--threads", "2")
            #expect(all.output.hasPrefix("20 vectors"), "\(all.errors)")
            let some = try Built.run("embed", run.path, "--threads", "2", "--where", "study_id <= 4")
            #expect(some.output.hasPrefix("where study_id <= 4: 4 of 20 studies with clips\n4 vectors"))
            let none = try Built.run("embed", run.path, "--threads", "2", "--where", "study_id < 0")
            #expect(none.status == 1 && none.errors.contains("for which --where is true"))

            try Catalog(datasetFolder: dataset, readOnly: false).write { try Catalog.createLabelMatrix($0) }
            let file = run.appendingPathComponent("labels.csv").path
            let exported = try Built.run(
                "export", "labels", file, "--dataset", dataset, "--where", "study_id BETWEEN 5 AND 7")
            #expect(exported.status == 0 && exported.errors.contains("3 of 20"), "\(exported.errors)")
            let rows = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            #expect(rows.dropFirst().map { String($0.prefix { $0 != "," }) } == ["5", "6", "7"])
            let meds = try exportLabels(
                dataset: dataset, keeping: Selection(cohort: "study_id BETWEEN 5 AND 7"),
                to: run.path + "/meds", format: .meds)
            #expect(meds.told[0].contains("3 of 20") && meds.paths.count == 6)
        }
    }
}
