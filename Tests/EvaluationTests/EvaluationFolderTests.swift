import Compute
import ComputeCPU
import Evaluation
import Foundation
import Report
import Runs
import Tasks
import Testing
import TestSupport
import Training

@Suite struct EvaluationFolderTests {
    /// A run of one epoch on a dataset.
    private func trained(on dataset: SampleDataset, _ folder: URL) throws -> URL {
        let run = folder.appendingPathComponent("run")
        var options = TrainOptions(run: run.path, place: Place(.cpu, threads: 2))
        options.recipe.dataset = dataset.path
        options.recipe.task = .icd
        options.recipe.views = 1
        options.recipe.frames = 1
        options.recipe.epochs = 1
        _ = try train(options) { _ in }
        return run
    }

    private func names(_ folder: URL) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
    }

    @Test func `no result is written over that of another split or dataset`() throws {
        try withTemporaryFolder { folder in
            let own = try SampleDataset(at: folder.appendingPathComponent("here/dataset"))
            let others = try ["there", "elsewhere"].map {
                try SampleDataset(at: folder.appendingPathComponent("\($0)/data set"))
            }
            let run = try trained(on: own, folder), results = run.appendingPathComponent("evaluation")
            let link = folder.appendingPathComponent("link").path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: own.path)
            func evaluate(_ arguments: String...) throws -> String {
                let outcome = try Built.run(["evaluate", run.path, "--bootstrap", "0"] + arguments)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let page = outcome.output.split(separator: "\n").last { $0.hasPrefix("report: ") }
                return String(try #require(page).dropFirst(8))
            }
            let files: Set = [
                "predictions.csv", "metrics.json", "codes.csv", "groups.csv", "report.html",
            ]
            let first = try evaluate()
            #expect(first == results.appendingPathComponent("test/report.html").path)
            #expect(try names(results.appendingPathComponent("test")) == files)
            // The run's own dataset by another way is the same.
            #expect(try evaluate("--dataset", link, "--draws", "2") == first)
            #expect(try names(results) == ["test"])

            var pages = [first, try evaluate("--split", "val")]
            for other in others { pages.append(try evaluate("--dataset", other.path)) }
            let folders = try names(results)
            let there = folders.map { results.appendingPathComponent("\($0)/report.html").path }
            #expect(Set(pages).count == 4 && Set(pages) == Set(there))
            #expect(folders.count { $0.hasPrefix("test-data-set-") } == 2)
            #expect(pages.allSatisfy { FileManager.default.fileExists(atPath: $0) })
            #expect(try names(run).isDisjoint(with: files.subtracting(["report.html"])))
        }
    }

    @Test func `the run's page leads to the last evaluation, without a script`() throws {
        try withTemporaryFolder { folder in
            let run = try trained(on: SampleDataset(at: folder.appendingPathComponent("dataset")), folder)
            for split in ["test", "val"] {
                let outcome = try Built.run("evaluate", run.path, "--bootstrap", "0", "--split", split)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let page = try Page(run.appendingPathComponent("report.html"))
                let target = "evaluation/\(split)/report.html"
                #expect(page.references == [target] && page.all("script").isEmpty)
                let refresh = page.all("meta").first { $0.attributes["http-equiv"] == "refresh" }
                #expect(refresh?.attributes["content"] == "0; url=\(target)")
                #expect(
                    FileManager.default.fileExists(atPath: run.appendingPathComponent(target).path))
            }
        }
    }
}
