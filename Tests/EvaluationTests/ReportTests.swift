import Catalog
import Compute
import ComputeCPU
import EchoCore
import Foundation
import GRDB
import Pictures
import Report
import Runs
import Tasks
import Testing
import TestSupport
import Training

@Suite struct ReportTests {
    /// Calls `body` with the page about a csv of predictions.
    private func withPage(_ arguments: [String] = [], dataset: Bool = true, _ body: (Page) throws -> Void)
        throws
    {
        try withTemporaryFolder { folder in
            let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
            let predictions = folder.appendingPathComponent("model.csv")
            let report = folder.appendingPathComponent("report.html")
            try SampleDataset.writePredictions(to: predictions)
            let outcome = try Built.run(
                ["evaluate", "--predictions", predictions.path, "--report", report.path]
                    + ["--bootstrap", "50", "--group", "shown=I50", "--group", "hidden=K21,T82"]
                    + (dataset ? ["--dataset", sample.path] : []) + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            try body(Page(report))
        }
    }

    @Test func `the page reaches for nothing outside of itself and runs no script`() throws {
        try withPage { page in
            #expect(page.references.isEmpty)
            #expect(!page.source.contains("http://") && !page.source.contains("https://"))
            #expect(!page.source.contains("@import") && !page.source.contains("url("))
            #expect(page.all("script").isEmpty)
            #expect(
                page.elements.allSatisfy { element in !element.attributes.keys.contains { $0.hasPrefix("on") }
                })
        }
    }

    @Test func `every figure has its numbers as a table`() throws {
        try withPage { page in
            let figures = page.all("figure").count
            #expect(figures == 9)
            #expect(
                page.all("table").count { $0.path.contains("figure") && $0.path.contains("details") }
                    == figures)
            let sections = page.all("section").compactMap { $0.attributes["id"] }
            let links = page.all("a").compactMap { $0.attributes["href"] }
            #expect(!sections.isEmpty && links == sections.map { "#\($0)" })
        }
    }

    @Test func `what a table of MIMIC holds is text on the page, never markup`() throws {
        try withPage { page in
            #expect(page.text.contains("Reflux <script>alert(\"1\")</script> & 'more'"))
            #expect(!page.source.contains("<script"))
        }
    }

    @Test func `no study is named unless the user asks`() throws {
        try withPage { page in #expect(!page.text.contains("1/1_0") && page.text.contains("Clip 1")) }
        try withPage(["--show-ids"]) { page in #expect(page.text.contains("1/1_0")) }
    }

    @Test func `sample clips are strips of frames inside the page`() throws {
        try withPage { page in
            let clips = page.all("img")
            #expect(clips.count == 6)
            #expect(
                clips.allSatisfy { $0.attributes["src"]?.hasPrefix("data:image/jpeg;base64,/9j/") == true })
        }
    }

    @Test func `a small page is as it was`() throws {
        try withPage(dataset: false) { page in
            let golden = Built.repository.appendingPathComponent("fixtures/report/small.html")
            if ProcessInfo.processInfo.environment["RECORD"] != nil {
                try FileManager.default.createDirectory(
                    at: golden.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(page.source.utf8).write(to: golden)
            }
            #expect(page.source == String(decoding: try Data(contentsOf: golden), as: UTF8.self))
        }
    }

    @Test func `two models on the same studies are compared on the same resamplings`() throws {
        try withTemporaryFolder { folder in
            let good = folder.appendingPathComponent("good.csv")
            try SampleDataset.writePredictions(to: good)
            let bad = folder.appendingPathComponent("bad.csv"),
                report = folder.appendingPathComponent("r.html")
            let lines = String(decoding: try Data(contentsOf: good), as: UTF8.self).split(separator: "\n")
            let flat = lines.dropFirst().map {
                $0.split(separator: ",").dropLast().joined(separator: ",") + ",0.5"
            }
            try Data(([String(lines[0])] + flat).joined(separator: "\n").utf8).write(to: bad)
            func compare(_ files: URL...) throws -> TestSupport.Outcome {
                try Built.run(
                    ["evaluate", "--bootstrap", "50", "--report", report.path]
                        + files.flatMap { ["--predictions", $0.path] })
            }
            #expect(try compare(good, bad).output.contains("good.csv − bad.csv"))
            let page = try Page(report)
            #expect(page.text.contains("2 runs in comparison") && page.all("figure").count == 3)
            #expect(page.references.isEmpty)

            try Data(([String(lines[0])] + flat.dropLast()).joined(separator: "\n").utf8).write(to: bad)
            #expect(try !compare(good, bad).output.contains("difference"))
        }
    }

    @Test func `a run becomes a page with curves and reconstructions, and its csv scores the same`() throws {
        try withTemporaryFolder { folder in
            let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
            func run(_ name: String) -> String { folder.appendingPathComponent(name).path }
            func options(_ name: String, _ task: TrainTask) -> TrainOptions {
                var options = TrainOptions(run: run(name), place: Place(.cpu, threads: 2))
                options.recipe.dataset = sample.path
                options.recipe.task = task
                options.recipe.views = 1
                options.recipe.frames = 1
                options.recipe.epochs = 2
                options.upkeep.picturesEvery = 1
                return options
            }
            _ = try train(options("pre", .pretrain)) { _ in }
            let wide = try Picture(width: 1200, height: 30, level: 90).png()
            try Data(wide).write(to: URL(fileURLWithPath: run("pre/pictures/epoch-0003.png")))
            for seed in 1...2 {
                var icd = options("icd-\(seed)", .icd)
                icd.recipe.seed = UInt64(seed)
                icd.recipe.initial = run("pre")
                _ = try train(icd) { _ in }
            }
            let both = try Built.run(
                "evaluate", run("icd-1"), run("icd-2"), "--bootstrap", "20", "--report", run("all.html"))
            #expect(both.status == 0, "\(both.errors)")
            #expect(both.output.contains("LAMAE, pre-trained") && both.output.contains("±"))
            var other = options("other", .icd)
            other.recipe.initial = run("pre")
            other.recipe.learningRate = 2e-4
            _ = try train(other) { _ in }
            let apart = try Built.run("evaluate", run("icd-1"), run("other"), "--bootstrap", "20")
            for name in ["icd-1", "other"] {
                #expect(apart.output.contains("LAMAE, pre-trained, as \(name)"))
            }
            let page = try Page(URL(fileURLWithPath: run("icd-1/evaluation/test/report.html")))
            #expect(page.text.contains("none of whom its weights have learned from"))
            for title in ["Pre-training", "Fine-tuning", "What pre-training fills in"] {
                #expect(page.text.contains(title))
            }
            #expect(page.references.isEmpty)
            try Catalog(datasetFolder: sample.path, readOnly: false).write {
                try $0.execute(sql: "UPDATE split SET split = 'test' WHERE subject_id = 100")
            }
            let flattered = try Built.run("evaluate", run("icd-1"), "--bootstrap", "0")
            #expect(
                flattered.errors.contains("warning: The weights of icd-1 have learned from subjects of 1 of"))
            #expect(page.all("img").contains { $0.attributes["width"] == "1200" })
            #expect(
                page.all("table").count { $0.path.contains("details") } == page.all("figure").count)

            let fitted = try Built.run("evaluate", run("icd-1"), "--bootstrap", "0", "--threshold", "fit")
            #expect(fitted.output.contains("thresholds fitted on val"))
            let once = try Built.run("evaluate", run("icd-1"), "--bootstrap", "20")
            let again = try Built.run(
                "evaluate", "--predictions", run("icd-1/evaluation/test/predictions.csv"), "--dataset",
                sample.path,
                "--bootstrap", "20")
            func numbers(_ text: String) -> [Substring] {
                text.split(separator: "\n").filter { !$0.contains("·") && !$0.contains("report:") }
            }
            #expect(numbers(once.output) == numbers(again.output))
        }
    }
}
