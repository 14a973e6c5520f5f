import Catalog
import EchoCore
import Foundation
import Models
import Runs
import Shards
import Tasks
import Testing
import TestSupport
import Training

/// `--probe-grid`: heads of several learning rates and weight decays on features that are computed once.
@Suite struct ProbeGridTests {
    private func options(
        _ dataset: TinyDataset, _ run: URL, _ grid: String?, _ change: (inout Recipe) -> Void
    )
        -> TrainOptions
    {
        var options = tinyOptions(dataset, run, task: .icd)
        options.recipe.frozen = true
        options.recipe.epochs = 4
        options.recipe.probeGrid = grid.flatMap { ProbeGrid($0) }
        change(&options.recipe)
        return options
    }

    /// Best epoch and criterion of each head, by learning rate and weight decay.
    private func criteria(_ run: URL) throws -> [String: [Double]] {
        let text = try String(contentsOf: run.appendingPathComponent("probe-grid.csv"), encoding: .utf8)
        var found: [String: [Double]] = [:]
        for row in text.split(separator: "\n").dropFirst() {
            let fields = row.split(separator: ",").map(String.init)
            found["\(fields[0])/\(fields[1])"] = fields[2...].compactMap(Double.init)
        }
        return found
    }

    /// The ways that heads read a study.
    enum Reading: String, CaseIterable, Sendable {
        case attentive, linear, hidden

        func set(_ recipe: inout Recipe) {
            recipe.probe = self == .attentive ? .attentive : .mean
            recipe.linearHead = self == .linear
        }
    }

    @Test(arguments: Reading.allCases)
    func `heads side by side become what each becomes alone, and the best stays`(
        reading: Reading
    ) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("grid")
            let summary = try train(options(dataset, run, "0.001,0.03/0,0.5", reading.set)) { _ in }
            let found = try criteria(run)
            #expect(found.count == 4 && Set(found.values).count == 4)
            for (point, result) in found {
                let alone = folder.appendingPathComponent("alone-\(point.replacing("/", with: "-"))")
                _ = try train(options(dataset, alone, point, reading.set)) { _ in }
                #expect(try criteria(alone)[point] == result)
            }
            let best = try #require(found.min { $0.value[1] < $1.value[1] })
            #expect(summary.probe.map { "\($0.learningRate)/\($0.weightDecay)" } == best.key)
            #expect(summary.bestLoss == best.value[1])
            // The run's weights are those of the best alone, and so are its answers.
            let alone = folder.appendingPathComponent("alone-\(best.key.replacing("/", with: "-"))")
            let answers = try [run, alone].map { try TrainedModel(run: $0.path, place: here).predict(.test) }
            #expect(answers[0] == answers[1] && answers[0].count == 2)
            let judged = try Built.run("evaluate", run.path, "--bootstrap", "0", "--threads", "2")
            #expect(judged.status == 0, "\(judged.errors)")
        }
    }

    @Test func `features are computed once, and a finished run is only reported`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            let run = folder.appendingPathComponent("run"), features = run.path + "/features.safetensors"
            func learn(_ grid: String = "0.001,0.01") throws -> (TrainSummary, [String]) {
                var said: [String] = []
                let summary = try train(options(dataset, run, grid, Reading.attentive.set)) {
                    said.append($0)
                }
                return (summary, said)
            }
            let (first, said) = try learn()
            #expect(said.contains { $0.hasPrefix("features of 12 studies") })
            let file = try SafetensorsFile(path: features)
            #expect(file.names.count == 12 && file.tensors["2"]?.shape == [2 * 2 * 64, 96])
            let (second, again) = try learn()
            #expect(second.probe == first.probe && second.bestLoss == first.bestLoss)
            #expect(!again.contains { $0.hasPrefix("features") })
            // Heads that were interrupted begin again on what is there.
            try FileManager.default.removeItem(atPath: run.path + "/checkpoints")
            let changed =
                try FileManager.default.attributesOfItem(atPath: features)[.modificationDate] as? Date
            let (third, _) = try learn()
            #expect(third.bestLoss == first.bestLoss)
            #expect(
                try FileManager.default.attributesOfItem(atPath: features)[.modificationDate] as? Date
                    == changed)
            let error = try #require(throws: EchoError.self) { try learn("0.001") }
            #expect("\(error)".contains("probe-grid"))
        }
    }

    @Test(arguments: ["", "0.1/", "0/0.1", "1e-3/-1", "1e-3,1e-3", "x", "1e-3/0.1/0.2"])
    func `what is no grid is refused`(text: String) { #expect(ProbeGrid(text) == nil) }

    @Test func `a grid is for heads of one task on a frozen encoder`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            for change: (inout Recipe) -> Void in [
                { $0.frozen = false }, { $0.averageDecay = 0.9 }, { $0.accumulate = 2 },
            ] {
                let error = try #require(throws: EchoError.self) {
                    try train(options(dataset, folder.appendingPathComponent("run"), "0.1", change)) { _ in }
                }
                #expect(error.place == "--probe-grid")
            }
            #expect(ProbeGrid("1e-4,1e-3/0.01")?.description == "0.0001,0.001/0.01")
            #expect(ProbeGrid("1e-3")?.points.map(\.weightDecay) == [0.05])
        }
    }
}
