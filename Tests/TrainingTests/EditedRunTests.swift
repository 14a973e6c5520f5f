// Runs whose files somebody has edited, or of which a bit has changed: never other numbers, and never a crash.

import Catalog
import Compute
import EchoCore
import Foundation
import GRDB
import Runs
import Shards
import Tasks
import Testing
import TestSupport
import Training

@Suite struct EditedRunTests {
    /// A finished run of one epoch, to change and ask again.
    private func withRun(_ body: (URL, TrainOptions) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.recipe.epochs = 1
            _ = try train(options) { _ in }
            try body(folder.appendingPathComponent("run"), options)
        }
    }

    @Test func `every number of config.json is checked where it is read`() throws {
        try withRun { run, _ in
            let path = run.appendingPathComponent("config.json")
            let whole = try #require(
                try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any])
            for (names, value, problem) in [
                (["stride"], 0, "stride is not from 1 to 10,000"),
                (["found", "model", "channels"], -1, "found.model.channels is not from 1 to 3"),
                (["found", "model", "depth"], 1 << 31, "found.model.depth is not from 1 to 256"),
                (["found", "model", "dim"], 6, "width 6 is not a multiple of"),
                (["found", "model", "frames"], 1 << 62, "found.model.frames is not from 1 to 4,096"),
                (["found", "data", "train"], -5, "found.data.train is not from 0"),
                (["epochs"], 1e308, "epochs is not from 1 to 1,000,000"),
                (["found", "model", "outputs"], 3, "its targets are not the outputs of its model"),
                (
                    ["found", "normalisation", "deviation"], [0.1, 0.2],
                    "its normalisation is none of 1 channels"
                ),
            ] as [([String], Any, String)] {
                let text = try JSONSerialization.data(withJSONObject: replaced(whole, names[...], value))
                let error = #expect(throws: EchoError.self) { try RunConfiguration(json: text) }
                #expect(error?.problem.contains(problem) == true, "\(error?.problem ?? "none")")
            }
            #expect(throws: Never.self) { try RunConfiguration(json: Data(contentsOf: path)) }
        }
    }

    private func replaced(_ object: [String: Any], _ names: ArraySlice<String>, _ value: Any) -> [String: Any]
    {
        var object = object
        guard let name = names.first else { return object }
        object[name] =
            names.count == 1
            ? value : replaced(object[name] as? [String: Any] ?? [:], names.dropFirst(), value)
        return object
    }

    @Test func `a configuration of a larger model than the weights is noticed before memory is taken`() throws
    {
        try withRun { run, options in
            let path = run.appendingPathComponent("config.json")
            let text = try String(contentsOf: path, encoding: .utf8)
            try Data(text.replacing(/"depth" : \d+/, with: "\"depth\" : 256").utf8).write(to: path)
            let error = #expect(throws: EchoError.self) {
                try TrainedModel(run: run.path, place: options.place)
            }
            #expect(error?.problem.contains("does not hold the weights of the model") == true)
        }
    }

    @Test(arguments: ["last.state.safetensors", "best.safetensors"])
    func `one changed bit of a header is noticed, wherever it is`(file: String) throws {
        try withRun { run, options in
            let path = run.appendingPathComponent("checkpoints/\(file)")
            let whole = try Data(contentsOf: path)
            let length = Int(whole[0]) | Int(whole[1]) << 8 | Int(whole[2]) << 16
            let text = String(decoding: whole[8..<8 + length], as: UTF8.self)
            let end = text.utf8.count - (text.reversed().prefix { $0 == " " }.count)
            for place in stride(from: 8, to: 8 + end, by: 13) {
                var bytes = whole
                bytes[place] ^= 1
                try bytes.write(to: path)
                let isWhole = try? SafetensorsFile(path: path.path).matchesChecksum(isOurs: true)
                #expect(isWhole != true, "byte \(place) of \(file)")
            }
            try whole.write(to: path)
            #expect(try SafetensorsFile(path: path.path).matchesChecksum(isOurs: true))
            _ = try train(options) { _ in }
        }
    }

    @Test func `checkpoints from before headers had sums are still read`() throws {
        for name in ["lvef-done", "pretrain-done"] {
            let run = Built.repository.appendingPathComponent("fixtures/runs/\(name)/checkpoints")
            for file in ["last.state.safetensors", "best.safetensors"] {
                let path = run.appendingPathComponent(file).path
                guard FileManager.default.fileExists(atPath: path) else { continue }
                #expect(try SafetensorsFile(path: path).matchesChecksum(isOurs: true))
            }
        }
    }

    @Test func `what can hardly be meant is said, with the reason`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            (options.recipe.epochs, options.recipe.warmupEpochs) = (1, 5)
            (options.recipe.batch, options.recipe.views, options.recipe.frames) = (1000, 999, 400)
            options.recipe.learningRate = 10
            options.place.memory = 1
            var said: [String] = []
            #expect(throws: EchoError.self) { try train(options) { said.append($0) } }
            for doubt in [
                "--batch 1000: ", "--views 999: ", "--frames 400: ", "--lr 10", "--warmup-epochs 5",
            ] {
                #expect(said.contains { $0.hasPrefix("warning: \(doubt)") }, "\(said)")
            }
        }
    }

    @Test func `a class that is neither 0 nor 1 is named`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            try Catalog(datasetFolder: dataset.path, readOnly: false).write {
                try $0.execute(sql: "UPDATE label SET value = 7 WHERE target = 'I50' AND key = '3'")
            }
            let options = tinyOptions(dataset, folder.appendingPathComponent("run"), task: .icd)
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.problem.contains("neither 0 nor 1") == true)
        }
    }
}
