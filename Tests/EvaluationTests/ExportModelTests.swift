import Catalog
import Compute
import ComputeCPU
import EchoCore
import Exchange
import Foundation
import Models
import Runs
import Scoring
import Shards
import StudyData
import Tasks
import Testing
import TestSupport

/// That PyTorch, timm and ONNX answer as `embed` and `evaluate` do is judged by Tests/Oracles/export_model.py.
@Suite struct ExportModelTests {
    private static let runs = Built.repository.appendingPathComponent("fixtures/runs")

    /// Calls `body` with a copy of a frozen run and a folder that is not there yet.
    private func withRun(_ name: String, _ body: (_ run: URL, _ out: URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let run = folder.appendingPathComponent("run")
            try FileManager.default.copyItem(at: Self.runs.appendingPathComponent(name), to: run)
            try body(run, folder.appendingPathComponent("out"))
        }
    }

    private func text(_ file: URL) throws -> String { try String(contentsOf: file, encoding: .utf8) }

    @Test(arguments: ["pretrain-done", "icd-done", "lvef-done"])
    func `a folder holds the run's weights, what they mean and the file that loads them`(name: String) throws
    {
        try withRun(name) { run, out in
            let written = try exportModel(run: run.path, to: out.path)
            let names = ["model.safetensors", "config.json", "echoprep_torch.py", "README.md"]
            #expect(written == names.map { "\(out.path)/\($0)" })
            #expect(try FileManager.default.contentsOfDirectory(atPath: out.path).sorted() == names.sorted())
            let source = Built.repository.appendingPathComponent("pytorch/echoprep_torch.py")
            #expect(try text(out.appendingPathComponent(names[2])) == text(source))

            let weights = try SafetensorsFile(path: written[0])
            let best = try SafetensorsFile(path: RunFolder(run.path).best)
            #expect(weights.names == best.names && weights.metadata["format"] == "pt")
            for tensor in best.names { #expect(try weights.bytes(tensor) == best.bytes(tensor)) }

            let before = try RunConfiguration(run: run.path)
            let after = try RunConfiguration(
                json: Data(contentsOf: out.appendingPathComponent("config.json")))
            #expect(after.model == before.model && after.normalisation == before.normalisation)
            #expect(after.heads == before.heads)
            // The dataset and the initial weights lie on this machine alone.
            #expect(after.dataset == "" && after.recipe.initial == nil)
            let config = try #require(weights.metadata["config"])
            #expect(try config == text(out.appendingPathComponent("config.json")))
        }
    }

    @Test func `a run goes on from an exported folder's weights, all of them`() throws {
        try withRun("pretrain-done") { run, out in
            _ = try exportModel(run: run.path, to: out.path)
            let shape = try RunConfiguration(run: run.path).model
            let model = EchoModel(shape, engine: CPUEngine(threads: 1), seed: 7)
            let report = try model.initialise(from: SafetensorsFile(path: out.path + "/model.safetensors"))
            #expect(report.isComplete && report.warnings.isEmpty)
        }
    }

    @Test func `the card shows what every evaluation found, with intervals`() throws {
        try withRun("icd-done") { run, out in
            var answers = Answers(.classes)
            for study in 0..<30 {
                let truth = study % 3 == 0 ? 1.0 : 0
                answers.append(
                    .init(
                        study: "\(study)", subject: "\(study / 2)", truth: truth,
                        answer: 0.3 + 0.2 * truth + Double(study % 7) / 20), to: "I50")
            }
            var options = ScoringOptions()
            options.bootstrap = 20
            let scores = try score(answers, run: "run", split: "test", options: options).scores
            let folder = run.appendingPathComponent("evaluation/test")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(jsonText(scores).utf8).write(to: folder.appendingPathComponent("metrics.json"))
            _ = try exportModel(run: run.path, to: out.path)
            let card = try text(out.appendingPathComponent("README.md"))
            let shown = try #require(scores.macro.scores[.auroc])
            #expect(card.contains("| AUROC | \(intervalText(shown)) |") && shown.lower != nil)
            #expect(card.contains("30 studies of 15 subjects of the split test"))
            #expect(card.contains("| I50 | 10 | \(intervalText(shown)) |"))

            try Data("{}".utf8).write(to: folder.appendingPathComponent("metrics.json"))
            #expect(
                throws: EchoError(
                    "evaluation/test/metrics.json", "is not what evaluate writes",
                    try: "evaluate the run again, or remove that folder")
            ) { try exportModel(run: run.path, to: out.path) }
        }
    }

    @Test func `the card shows every measure of grades`() throws {
        try withRun("lvef-done") { run, out in
            var answers = Answers(.quantity(Quantity(named: "mitral_regurg")))
            for study in 0..<30 {
                let truth = Double(study % 4)
                answers.append(
                    .init(
                        study: "\(study)", subject: "\(study / 2)", truth: truth,
                        answer: 0.5 + 0.6 * truth + Double(study % 7) / 10), to: "mitral_regurg")
            }
            var options = ScoringOptions()
            options.bootstrap = 20
            let scores = try score(answers, run: "run", split: "test", options: options).scores
            let folder = run.appendingPathComponent("evaluation/test")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(jsonText(scores).utf8).write(to: folder.appendingPathComponent("metrics.json"))
            _ = try exportModel(run: run.path, to: out.path)
            let card = try text(out.appendingPathComponent("README.md"))
            let measures = scores.kind.measures
            #expect(measures.contains { $0.name == "quadratic_kappa" })
            for measure in measures {
                let shown = intervalText(scores.targets[0].scores[measure], decimals: measure.decimals)
                #expect(card.contains("| \(measure.title) | \(shown) |"), "\(measure.title)")
            }
        }
    }

    @Test func `the card says that a run was not evaluated, or cannot be`() throws {
        for (name, words) in [("lvef-done", "was not evaluated"), ("pretrain-done", "has no answers")] {
            try withRun(name) { run, out in
                _ = try exportModel(run: run.path, to: out.path)
                #expect(try text(out.appendingPathComponent("README.md")).contains(words))
            }
        }
    }

    @Test func `timm finds positions in pos_embed, the norm before the mean, and our pixel scale`() throws {
        try withRun("icd-done") { run, out in
            var options = ModelExportOptions()
            options.format = .timm
            _ = try exportModel(run: run.path, to: out.path, options: options)
            let configuration = try RunConfiguration(run: run.path), shape = configuration.model
            let weights = try SafetensorsFile(path: out.path + "/model.safetensors")
            let top = Set(weights.names.map { String($0.prefix { $0 != "." }) })
            #expect(top == ["patch_embed", "blocks", "norm", "pos_embed"])
            let positions = try #require(weights.tensors["pos_embed"])
            #expect(positions.shape == [1, shape.patches, shape.dim])
            // Column 1 of row 0, by the formula.
            let values = try weights.floats("pos_embed")[shape.dim..<2 * shape.dim]
            let quarter = shape.dim / 4
            let expected = (0..<shape.dim).map { i -> Double in
                let angle = (i < shape.dim / 2 ? 1 : 0) * pow(10_000, -Double(i % quarter) / Double(quarter))
                return i / quarter % 2 == 0 ? sin(angle) : cos(angle)
            }
            for (value, wanted) in zip(values, expected) { #expect(abs(Double(value) - wanted) < 1e-6) }

            let config = try #require(
                try JSONSerialization.jsonObject(
                    with: Data(contentsOf: out.appendingPathComponent("config.json"))) as? [String: Any])
            let arguments = try #require(config["model_args"] as? [String: Any])
            #expect(arguments["fc_norm"] as? Bool == false && arguments["class_token"] as? Bool == false)
            #expect(
                arguments["embed_dim"] as? Int == shape.dim && arguments["img_size"] as? Int == shape.image)
            let pixels = try #require(config["pretrained_cfg"] as? [String: Any])
            #expect((pixels["mean"] as? [Double])?.map(Float.init) == configuration.normalisation.mean)
            #expect((pixels["std"] as? [Double])?.map(Float.init) == configuration.normalisation.deviation)
        }
    }

    @Test func `timm gets no model of whole clips`() throws {
        try withRun("icd-done") { run, out in
            let config = run.appendingPathComponent("config.json")
            try Data(text(config).replacing("\"lamae\"", with: "\"video-lamae\"").utf8).write(to: config)
            let outcome = try Built.run("export", "model", run.path, out.path, "--to", "timm")
            #expect(
                outcome.status == 1 && outcome.errors.contains("--to timm: timm has no model that encodes"))
            #expect(!FileManager.default.fileExists(atPath: out.path))
        }
    }

    @Test func `no run and no dataset is written over`() throws {
        try withRun("icd-done") { run, out in
            let before = try text(run.appendingPathComponent("config.json"))
            #expect(
                throws: EchoError(
                    run.path, "is the folder of a run", try: "name another folder, which may be new")
            ) { try exportModel(run: run.path, to: run.path) }
            #expect(try text(run.appendingPathComponent("config.json")) == before)
            _ = try Catalog(datasetFolder: out.path, readOnly: false)
            #expect(throws: EchoError.self) { try exportModel(run: run.path, to: out.path) }
        }
    }

    @Test(arguments: [
        ("no-such-python", "there is no Python no-such-python"), ("false", "false cannot write it"),
    ])
    func `without a Python that can, ONNX says what it takes`(python: String, problem: String) throws {
        try withRun("icd-done") { run, out in
            let outcome = try Built.run(
                "export", "model", run.path, out.path, "--to", "onnx", "--python", python)
            #expect(outcome.status == 1 && outcome.errors.contains("--to onnx: \(problem)"))
            #expect(outcome.errors.contains("pip install torch safetensors onnx onnxscript"))
        }
    }

    @Test func `damaged weights do not leave`() throws {
        try withRun("icd-done") { run, out in
            let path = RunFolder(run.path).best
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(throws: EchoError.self) { try exportModel(run: run.path, to: out.path) }
            #expect(!FileManager.default.fileExists(atPath: out.path))
        }
    }

    @Test func `the file for PyTorch reads the database that this program writes`() throws {
        let source = String(decoding: torchModule, as: UTF8.self)
        #expect(source.contains("SCHEMA = \(Catalog.schemaVersion)\n"))
    }
}
