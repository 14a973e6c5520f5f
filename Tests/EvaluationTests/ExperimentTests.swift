import Compute
import ComputeCPU
import EchoCore
import Evaluation
import Experiments
import Foundation
import Models
import Report
import Runs
import Scoring
import Synchronization
import Tasks
import Testing
import TestSupport
import Training

@Suite struct ExperimentTests {
    private func declared(_ name: String) throws -> Experiment {
        try #require(Experiment.all.first { $0.name == name })
    }

    /// One model, small enough for a test.
    private func options(_ dataset: String, _ folder: URL, seeds: [UInt64] = [1, 2]) -> ExperimentOptions {
        var options = ExperimentOptions(
            datasets: [dataset], folder: folder.appendingPathComponent("out").path,
            place: Place(.cpu, threads: 2))
        options.seeds = seeds
        options.models = [.lamae, .mae]
        func small(_ options: inout TrainOptions) {
            options.recipe.views = 1
            options.recipe.frames = 1
            options.recipe.epochs = 1
        }
        small(&options.pretraining)
        small(&options.fineTuning)
        small(&options.frozen)
        options.scoring.bootstrap = 20
        return options
    }

    private func done(_ experiment: Experiment, _ options: ExperimentOptions) throws -> ExperimentResult {
        try #require(try runExperiment(experiment, options) { _ in })
    }

    @Test func `two at once share a folder, each with its own seeds`() throws {
        try withTemporaryFolder { folder in
            let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
            let table1 = try declared("table1")
            let whole = options(sample.path, folder)
            let errors = Mutex([String]())
            DispatchQueue.concurrentPerform(iterations: whole.seeds.count) { index in
                var part = whole
                part.seeds = [whole.seeds[index]]
                do {
                    _ = try done(table1, part)
                } catch {
                    errors.withLock { $0.append("\(error)") }
                }
            }
            #expect(errors.withLock { $0 } == [])
            #expect(try planExperiment(table1, whole).allSatisfy { $0.state == "done, 1 epochs" })
            #expect(
                try done(table1, whole).table.rows.map(\.runs) == [2, 2, 2, 2, 2, 2, 1])
        }
    }

    @Test func `several ranks do an experiment as one does it alone`() throws {
        try withTemporaryFolder { folder in
            let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
            let table1 = try declared("table1")
            let answers = try [1, 2].map { count -> [Answers] in
                var options = options(
                    sample.path, folder.appendingPathComponent("on-\(count)"), seeds: [1])
                options.models = [.lamae]
                options.regimes = [.full, .frozen]
                let ends = ThreadRanks.all(count) { [options] ranks in
                    var own = options
                    let place = Place(.cpu, threads: 1, ranks: ranks)
                    (own.pretraining.place, own.fineTuning.place, own.frozen.place) = (place, place, place)
                    return try runExperiment(table1, own) { _ in }?.table.rows.map(\.runs)
                }
                let rows = try ends.map { try $0.get() }
                #expect(rows[0] == [1, 1, 1] && rows.dropFirst().allSatisfy { $0 == nil })
                return try ["full", "frozen"].map {
                    try Answers(csv: "\(options.folder)/runs/lamae-\($0)-1/experiment-test.csv")
                }
            }
            for (one, several) in zip(answers[0], answers[1]) {
                #expect(one.targets == several.targets && !one.targets.isEmpty)
                for target in one.targets {
                    let both = zip(one[target], several[target])
                    #expect(both.allSatisfy { $0.study == $1.study && abs($0.answer - $1.answer) <= 1e-4 })
                }
            }
        }
    }

    @Test func `an experiment that was stopped goes on, trains nothing twice and sets the same table`() throws
    {
        try withTemporaryFolder { folder in
            let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
            let table1 = try declared("table1")
            var options = options(sample.path, folder)
            #expect(try planExperiment(table1, options).allSatisfy { $0.state == "missing" })
            options.regimes = [.scratch]
            #expect(
                try planExperiment(table1, options).map { URL(fileURLWithPath: $0.run).lastPathComponent }
                    == ["mae-scratch-1", "lamae-scratch-1", "mae-scratch-2", "lamae-scratch-2"])
            options.regimes = Arm.Regime.allCases
            options.seeds = [1]
            let part = try done(table1, options)
            #expect(part.table.rows.allSatisfy { $0.runs == 1 })

            options.seeds = [1, 2]
            let steps = try planExperiment(table1, options)
            #expect(
                steps.count { $0.state == "done, 1 epochs" } == 8
                    && steps.count { $0.state == "missing" } == 6)
            func written(_ name: String) throws -> Date {
                let path = "\(options.folder)/runs/\(name)/checkpoints/last.safetensors"
                let found = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
                return try #require(found as? Date)
            }
            let before = try written("lamae-full-1")
            let whole = try done(table1, options)
            #expect(try written("lamae-full-1") == before)
            #expect(whole.table.rows.map(\.runs) == [2, 2, 2, 2, 2, 2, 1])
            #expect(try done(table1, options).table == whole.table)
            #expect(whole.files.allSatisfy { FileManager.default.fileExists(atPath: $0) })
            #expect(whole.text.contains("LAMAE − MAE") && whole.text.contains("raw pixels, linear"))

            // A floor that was fitted to other studies is fitted anew.
            let floor = URL(fileURLWithPath: options.folder + "/runs/pixels-icd")
            try Data("other studies".utf8).write(to: floor.appendingPathComponent("origin.txt"))
            try Data().write(to: floor.appendingPathComponent("predictions-test.csv"))
            #expect(try done(table1, options).table == whole.table)

            let heads = try done(try declared("heads"), options)
            #expect(heads.table.rows.map(\.block).contains("linear head"))
            for (run, isLinear) in [("lamae-linear-1", true), ("lamae-full-1", nil)] {
                let configuration = try RunConfiguration(run: "\(options.folder)/runs/\(run)")
                #expect(configuration.model.linearHead == isLinear)
            }
            #expect(heads.text.contains("LAMAE, linear head − MAE, linear head"))
            #expect(heads.text.contains("LAMAE − LAMAE, linear head"))

            let figure = try done(try declared("figure2"), options)
            #expect(figure.table.rows.map(\.block) == SampleDataset.codes.map(\.0))
            let page = try Page(URL(fileURLWithPath: options.folder + "/table1.html"))
            #expect(page.references.isEmpty && page.text.contains("Results"))
            options.fineTuning.recipe.epochs = 2
            let error = #expect(throws: EchoError.self) { try done(table1, options) }
            #expect(error?.description.contains("epochs: 1 there, 2 here") == true)
        }
    }

    @Test func `published figures stand beside ours, in every form`() throws {
        try withTemporaryFolder { folder in
            let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"))
            let published = folder.appendingPathComponent("published.csv")
            try Data("row,column,value\nfine-tuned in full: LAMAE,AUROC,0.75\n".utf8).write(to: published)
            var options = options(sample.path, folder, seeds: [1])
            options.published = published.path
            let found = try done(try declared("table1"), options)
            #expect(found.text.contains("published") && found.text.contains("0.750"))
            // The paper's own figures stand there without being asked for, and others take their place.
            #expect(!found.text.contains("0.740 ± 0.020"))
            #expect(found.text.contains("0.720 ± 0.020") && found.text.contains("0.200 ± 0.010"))
            let mae = try #require(found.table.rows.first { $0.name == "frozen: MAE" })
            #expect(mae.cells[1]?.published == 0.18 && mae.cells[1]?.publishedDeviation == 0.01)
            let latex = try String(contentsOfFile: options.folder + "/table1.tex", encoding: .utf8)
            #expect(
                latex.contains("& published &") && latex.contains("\\textbf{")
                    && latex.contains("\\underline{"))
            try Data("row,column,value\nLAMEA,AUROC,0.75\n".utf8).write(to: published)
            let error = #expect(throws: EchoError.self) {
                try done(try declared("table1"), options)
            }
            #expect(error?.description.contains("line 2: names no line and column") == true)
        }
    }

    @Test func `shuffled labels predict nothing, and a test split that was learned from is found out`() throws
    {
        try withTemporaryFolder { folder in
            // Nobody chooses the epoch, so the last one's weights are judged: those that know most by heart.
            let sample = try SampleDataset(at: folder.appendingPathComponent("dataset"), studies: 60) {
                $0 < 110 ? "train" : "test"
            }
            var options = options(sample.path, folder, seeds: [1])
            options.models = [.lamae]
            options.fineTuning.recipe.epochs = 25
            options.fineTuning.recipe.learningRate = 1e-3
            options.fineTuning.recipe.augment = false
            options.scoring.bootstrap = 200
            let leak = try declared("leak")
            let honest = try done(leak, options)
            #expect(honest.passed, "\(honest.text)")
            // The planted leak: what was learned from is judged.
            options.split = .train
            let leaky = try done(leak, options)
            #expect(!leaky.passed && leaky.text.contains("OUTSIDE"), "\(leaky.text)")
        }
    }
}
