import Catalog
import EchoCore
import Foundation
import GRDB
import Models
import Runs
import StudyData
import Tasks
import Testing
import TestSupport
import Training

/// Tasks of clips one by one, and clips of some views alone.
@Suite struct ClipTaskTests {
    private static let views = ["A4C", "PLAX", "PSAX"]

    /// The view of each clip is its place in its study; of clip 2/2_0 none is known, and one is named that nobody has.
    private func importViews(_ dataset: TinyDataset, _ folder: URL, name: String = "views") throws {
        var rows = ["clip,view,probability"]
        for study in 1..<15 {
            for clip in 0..<1 + study % 3 where study != 2 || clip > 0 {
                rows.append("\(study)/\(study)_\(clip),\(Self.views[clip]),0.\(study % 9 + 1)")
            }
        }
        let file = folder.appendingPathComponent("views.csv")
        try (rows + ["9/9,A4C,1"]).joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
        let imported = try Built.run(
            "label", "import", file.path, "--dataset", dataset.path, "--name", name, "--unit", "clip")
        #expect(imported.status == 0, "\(imported.errors)")
    }

    @Test func `a sample is a clip, split by its subject, and its view is one of several`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            try importViews(dataset, folder)
            // `label:view` is the question whoever answers, `label:views` one source's labels.
            for name in ["label:view", "label:views"] {
                let set = try StudySet(dataset: dataset.path, task: try #require(TrainTask.named(name)))
                #expect(set.unit == .clip)
                #expect(set.heads.map(\.targets) == [["view=A4C", "view=PLAX", "view=PSAX"]])
                let all = set.train + set.validation
                #expect(all.allSatisfy { $0.stored.clips.map(\.name) == [$0.stored.key] })
                #expect(set.train.count == 17 && set.validation.count == 6)
                #expect(!all.contains { $0.stored.key == "2/2_0" })
                for clip in all {
                    let place = Int(clip.stored.key.suffix(1)) ?? 0
                    #expect(clip.target == (0..<3).map { $0 == place ? 1 : 0 })
                    #expect(clip.stored.study == clip.stored.key.split(separator: "/").first.map(String.init))
                }
            }
            let both = try #require(TrainTask.named("icd,label:view"))
            let error = try #require(throws: EchoError.self) {
                try StudySet(dataset: dataset.path, task: both)
            }
            #expect("\(error)".contains("label:view learns from clips one by one, the others from studies"))
            let none = try #require(throws: EchoError.self) {
                try StudySet(dataset: dataset.path, task: try #require(TrainTask.named("label:quality")))
            }
            #expect("\(none)".contains("--task label:quality: the dataset has no targets"))
        }
    }

    @Test func `clips are learned and judged by their names, and the run goes on and is embedded`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            try importViews(dataset, folder)
            let run = folder.appendingPathComponent("run")
            let task = try #require(TrainTask.named("label:view"))
            var said: [String] = []
            _ = try train(tinyOptions(dataset, run, task: task)) { said.append($0) }
            #expect(said.joined().contains("17 clips to learn from, 6 to choose by"))
            // Studies that are behind the weights, each once.
            let learned = try String(contentsOfFile: run.path + "/studies.csv", encoding: .utf8)
            #expect(learned.split(separator: "\n").count == 1 + 12)

            let answers = try TrainedModel(run: run.path, place: here).predict(.test)
            #expect(answers.map(\.study) == ["13/13_0", "13/13_1", "14/14_0", "14/14_1", "14/14_2"])
            #expect(answers.map(\.subject) == ["113", "113", "114", "114", "114"])
            let judged = try Built.run("evaluate", run.path, "--bootstrap", "20", "--threads", "2")
            #expect(judged.status == 0, "\(judged.errors)")
            #expect(judged.output.contains("5 clips of 2 subjects") && judged.output.contains("\naccuracy "))
            let results = run.path + "/evaluation/test"
            let csv = try String(contentsOfFile: results + "/predictions.csv", encoding: .utf8)
            #expect(csv.hasPrefix("clip,subject_id,code,label,logit,probability\n13/13_0,113,view=A4C,1,"))
            let confusion = try String(contentsOfFile: results + "/confusion.csv", encoding: .utf8)
            #expect(confusion.hasPrefix("true,answered,clips\nA4C,A4C,"))
            // The file alone says the same.
            let file = try Built.run(
                "evaluate", "--predictions", results + "/predictions.csv", "--bootstrap", "20")
            #expect(
                judged.output.split(separator: "\n").first { $0.hasPrefix("accuracy") }
                    == file.output.split(separator: "\n").first { $0.hasPrefix("accuracy") })

            let embedded = try Built.run("embed", run.path, "--split", "val", "--threads", "2", "--json")
            #expect(embedded.status == 0, "\(embedded.errors)")
            #expect(embedded.output.contains("\"vectors\" : 6"), "\(embedded.output)")
        }
    }

    @Test func `clips of some views alone are learned, judged, embedded and exported`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let icd = try #require(TrainTask.named("icd"))
            let missing = try #require(throws: EchoError.self) {
                try StudySet(dataset: dataset.path, task: icd, keeping: Selection(views: ["PLAX"]))
            }
            #expect("\(missing)".contains("the dataset has no views of its clips"))
            try importViews(dataset, folder)
            let unknown = try #require(throws: EchoError.self) {
                try StudySet(dataset: dataset.path, task: icd, keeping: Selection(views: ["PLAX", "A9C"]))
            }
            #expect("\(unknown)".contains("--views A9C") && "\(unknown)".contains("A4C, PLAX, PSAX"))

            let set = try StudySet(
                dataset: dataset.path, task: icd, keeping: Selection(views: ["PLAX", "PSAX"]))
            #expect(set.notes == ["views PLAX, PSAX: 15 of 29 clips; of 1 other the view is not known"])
            #expect(set.train.map(\.stored.key) == ["1", "2", "4", "5", "7", "8"])
            #expect(set.train[1].stored.clips.map(\.name) == ["2/2_1", "2/2_2"])

            let run = folder.path + "/run"
            func program(_ arguments: String...) throws -> TestSupport.Outcome {
                let outcome = try Built.run(arguments)
                #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
                return outcome
            }
            let trained = try program(
                "train", "--dataset", dataset.path, "--run", run, "--task", "icd", "--model", "mae",
                "--views",
                "1,PLAX", "--frames", "1", "--epochs", "1", "--batch", "4", "--threads", "2")
            #expect(trained.errors.contains("views PLAX: "), "\(trained.errors)")
            let configuration = try RunConfiguration(run: run)
            #expect(configuration.recipe.viewChoice == ViewChoice("1,PLAX") && configuration.model.views == 1)
            let own = try program("evaluate", run, "--bootstrap", "0", "--threads", "2")
            #expect(own.output.contains("2 studies") && own.output.contains("views PLAX"))
            let other = try program("evaluate", run, "--views", "PSAX", "--bootstrap", "0", "--threads", "2")
            #expect(other.output.contains("1 studies") && other.output.contains("evaluation/test-views-"))
            let all = try program("evaluate", run, "--views", "all", "--bootstrap", "0", "--threads", "2")
            #expect(all.output.contains("2 studies") && !all.output.contains("views PLAX"))
            let embedded = try program(
                "embed", run, "--views", "all,PSAX", "--per", "clip", "--threads", "2", "--json",
                "--out", folder.path + "/clips")
            #expect(embedded.output.contains("\"vectors\" : 5"), "\(embedded.output)")
            let exported = try program(
                "export", "clips", dataset.path, folder.path + "/out", "--format", "npy", "--views", "PLAX",
                "--where", "study_id > 3")
            #expect(exported.output.contains("8 clips of 8 studies"), "\(exported.output)")
            for arguments in [
                ["evaluate", run, "--views", "2"],
                ["train", "--dataset", dataset.path, "--run", run, "--views", "all"],
                ["export", "clips", dataset.path, folder.path + "/o", "--format", "npy", "--views", "3"],
            ] { #expect(try Built.run(arguments).status == 64) }
        }
    }

    @Test(arguments: ["4", "A4C,PLAX", "4,A4C", "all", "all,A4C"])
    func `what is said of views is read back as it was said`(text: String) throws {
        let choice = try #require(ViewChoice(text))
        #expect(choice.description == text)
        var recipe = Recipe()
        recipe.viewChoice = choice
        let parts = try recipe.parts()
        #expect(try Recipe(parts) == recipe)
        #expect((parts["views"] as? Int == 4) == (text == "4"))
    }

    @Test(arguments: ["0", "-1", "4,5", "A4C,A4C", "", "A4C,", "all,3"])
    func `what says nothing of views is refused`(text: String) {
        #expect(ViewChoice(text) == nil)
    }
}
