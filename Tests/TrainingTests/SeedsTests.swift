import EchoCore
import Foundation
import Runs
import Testing
import TestSupport
import Training

@Suite struct SeedsTests {
    @Test func `several seeds are runs of their own, and finished ones are only reported`() throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.recipe.epochs = 1
            let first = try train(options, seeds: [10, 2]) { _ in }
            #expect(RunFolder.runs(in: options.run) == ["seed-2", "seed-10"].map { "\(options.run)/\($0)" })
            #expect(first.map(\.run) == ["seed-10", "seed-2"].map { "\(options.run)/\($0)" })
            #expect(first[0].bestLoss != first[1].bestLoss)

            var said: [String] = []
            let again = try train(options, seeds: [10, 2, 3]) { said.append($0) }
            #expect(again.prefix(2).map(\.bestLoss) == first.map(\.bestLoss))
            #expect(RunFolder.runs(in: options.run).count == 3)

            // One of them alone is the run that it would have been.
            var single = options
            single.run += "-single"
            single.recipe.seed = 2
            #expect(try train(single) { _ in }.bestLoss == first[1].bestLoss)
            #expect(RunFolder.runs(in: single.run) == [single.run])
            let refused = #expect(throws: EchoError.self) { try train(single, seeds: [1, 2]) { _ in } }
            #expect(refused?.place == "--run")
            #expect(throws: EchoError.self) { try train(options, seeds: [1, 1]) { _ in } }
        }
    }
}
