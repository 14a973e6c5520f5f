import Compute
import ComputeCPU
import EchoCore
import Foundation
import Models
import Runs
import Tasks
import Testing
import TestSupport
import Training

@Suite struct MemoryTests {
    private func machine(_ files: [String: String]) -> Int? {
        MachineMemory { files[$0] }.available
    }

    @Test func `free memory is the least that the machine and its control groups leave`() {
        var files = ["/proc/meminfo": "MemTotal: 2000 kB\nMemAvailable:    1000 kB\n"]
        #expect(machine([:]) == nil)
        #expect(machine(files) == 1_024_000)
        // Version 2: the job has no limit, the user's slice has one, and some of its use are files.
        files["/proc/self/cgroup"] = "0::/user/job\n"
        files["/sys/fs/cgroup/user/job/memory.max"] = "max\n"
        files["/sys/fs/cgroup/user/job/memory.current"] = "700\n"
        files["/sys/fs/cgroup/user/memory.max"] = "5000\n"
        files["/sys/fs/cgroup/user/memory.current"] = "4500\n"
        files["/sys/fs/cgroup/user/memory.stat"] = "anon 4000\ninactive_file 300\n"
        #expect(machine(files) == 800)
        // Version 1 beside it.
        files["/proc/self/cgroup"]! += "4:memory:/job\n"
        files["/sys/fs/cgroup/memory/job/memory.limit_in_bytes"] = "900\n"
        files["/sys/fs/cgroup/memory/job/memory.usage_in_bytes"] = "400\n"
        #expect(machine(files) == 500)
    }

    /// A run whose steps are large enough to be estimated.
    private func withRun(_ body: (inout TrainOptions) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let dataset = try TinyDataset(at: folder.appendingPathComponent("data"))
            var options = tinyOptions(dataset, folder.appendingPathComponent("run"))
            options.recipe.epochs = 1
            options.recipe.views = 3
            options.recipe.frames = 4
            options.recipe.batch = 9
            options.recipe.task = .icd
            try body(&options)
        }
    }

    @Test(arguments: [false, true]) func `a step takes the memory that counting promises`(again: Bool)
        throws
    {
        try withRun { options in
            options.upkeep.checkpointActivations = again
            _ = try train(options) { _ in }
            let configuration = try RunConfiguration(run: options.run)
            let promised = StepMemory(
                configuration, largestKept: CPUEngine(threads: 2).largestKept, batches: 0,
                checkpointing: again)
            let c = configuration.model
            let learner = Learner(configuration, on: CPUEngine(threads: 2))
            let engine = learner.model.engine
            learner.model.checkpointsActivations = again
            let pixels = [Float](repeating: 0, count: 9 * c.views * c.frames * c.frameSize)
            _ = learner.model.finetuneStep(
                StudyBatch(viewCounts: Array(repeating: c.views, count: 9), pixels: pixels),
                targets: Array(repeating: 0, count: 9 * c.outputs), loss: .binaryCrossEntropy)
            _ = learner.optimiser.step(learningRate: 1e-3)
            let ratio = Double(promised.bytes(studies: 9)) / Double(engine.memory!)
            #expect(0.95...1.3 ~= ratio, "\(promised) for \(engine.memory!)")
            let bound = StepMemory.bound(configuration, studies: 9, batches: 0)
            #expect(bound > engine.memory!)
        }
    }

    @Test func `a step that does not fit is computed again in parts, and refused where that is too much`()
        throws
    {
        try withRun { options in
            let whole = try train(options) { _ in }
            let configuration = try RunConfiguration(run: options.run)
            func estimate(_ again: Bool) -> Int {
                StepMemory(
                    configuration, largestKept: CPUEngine(threads: 2).largestKept, batches: 2,
                    checkpointing: again
                ).bytes(studies: 9)
            }
            options.run += "-again"
            options.place.memory = (estimate(true) + estimate(false)) / 2
            var said: [String] = []
            let sparing = try train(options) { said.append($0) }
            #expect(said.contains { $0.hasPrefix("a step needs about ") })
            #expect(sparing.bestLoss == whole.bestLoss)

            options.run += "-not"
            options.place.memory = estimate(true) * 9 / 10
            let error = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(error?.place == "--preset tiny")
            #expect(error?.remedy?.hasPrefix("--accumulate ") == true)
            options.place.memory = 1 << 20
            let hopeless = #expect(throws: EchoError.self) { try train(options) { _ in } }
            #expect(hopeless?.remedy == "fewer --views or --frames, or a smaller --preset")
            #expect(!FileManager.default.fileExists(atPath: options.run))
        }
    }
}
