// The race of one optimisation step against PyTorch, in turns on the same cores.

import ArgumentParser
import Compute
import EchoCore
import Foundation
import Models
import Tasks

struct TrainBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Times a step (forward, back, AdamW) of a model on random pixels, beside PyTorch's.",
        discussion: """
            With --peer PYTHON, Tests/Oracles/bench_torch.py runs the same step with that interpreter: ours, its, \
            ours, its, and so on, on as many threads; with --compile, a third process does it with torch.compile. \
            Every racer is a process of its own, whose peak of memory is shown. --model, --task and --precision \
            take several values; the race is then run for each combination.
            """)

    @Option(help: "Sizes: tiny, small or paper.") var preset = Preset.tiny
    @Option(parsing: .upToNextOption, help: "Some of the four models.") var model = [ModelKind.lamae]
    @Option(
        parsing: .upToNextOption, help: "pretrain, or icd: 40 logits and nothing masked.",
        transform: {
            guard let task = TrainTask.named($0) else { throw ValidationError("there is no task \($0)") }
            return task
        })
    var task = [TrainTask.pretrain]
    @Option(parsing: .upToNextOption, help: "f32 or bf16.") var precision = [Precision.f32]
    @Option(help: "Views a study (default: the preset's).") var views: Int?
    @Option(help: "Studies a step.") var studies = 1
    @Option(help: "Threads.") var threads = availableProcessors()
    @Option(help: "Steps of each whose median counts, after one that is not timed.") var steps = 5
    @Option(
        parsing: .upToNextOption,
        help: "Ours, each in turn: engines, as torch, or torch:cuda:1 with a device.")
    var engine = ["cpu"]
    @Flag(help: "Ours computes blocks again on the way back instead of keeping them.")
    var checkpointActivations = false
    @Option(help: "A Python with PyTorch.") var peer: String?
    @Option(help: "Where PyTorch computes: cpu or cuda.") var peerDevice = "cpu"
    @Flag(help: "PyTorch runs with torch.compile too.") var compile = false

    func run() throws {
        print("Steps of \(studies) studies, \(threads) threads, median of \(steps) in turns.\n")
        print(
            "| model | task | precision | by | s a step | studies/s | TFLOP/s | GB | ours is | in memory | of products alone |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        for task in task {
            for model in model {
                for precision in precision { try race(model, task, precision) }
            }
        }
    }

    private func race(_ kind: ModelKind, _ task: TrainTask, _ precision: Precision) throws {
        var c = ModelConfiguration.preset(preset, kind: kind, outputs: task.heads.isEmpty ? 0 : 40)
        c.views = views ?? c.views
        var step = TrainingStep(
            model: c, studies: studies, threads: threads, precision: precision,
            checkpointsActivations: checkpointActivations)
        let ours = try engine.map { words in
            let parts = words.split(separator: ":", maxSplits: 1).map(String.init)
            step.engine = parts[0]
            step.device = parts.count > 1 ? parts[1] : nil
            return try StepRacer(step)
        }
        let theirs = try peer.map { python in
            try (compile ? [false, true] : [false]).map {
                try StepRacer(step, python: python, device: peerDevice, compiled: $0)
            }
        }
        for _ in 0..<steps {
            for racer in ours + (theirs ?? []) { try racer.takeStep() }
        }
        let operations = step.operations
        let name = "| \(kind.rawValue) \(preset.rawValue) | \(task.name) | \(precision.rawValue) |"
        for racer in ours {
            let share = String(format: "%.2f× at %.0f GFLOP/s", racer.overhead, racer.rate / 1e9)
            print("\(name) \(figures(racer, operations)) | | | \(racer.rate > 0 ? share : "") |")
        }
        for racer in theirs ?? [] {
            let faster = ours.map { String(format: "%.2f", racer.seconds / $0.seconds) }
            let memory = ours.map { String(format: "%.2f", Double($0.memory) / Double(racer.memory)) }
            let times = faster.joined(separator: ", ") + "× as fast"
            print("\(name) \(figures(racer, operations)) | \(times) | \(memory.joined(separator: ", ")) | |")
        }
    }

    private func figures(_ racer: StepRacer, _ operations: Double) -> String {
        "\(racer.name) | "
            + String(
                format: "%.3f | %.2f | %.3g | %.2f", racer.seconds, Double(studies) / racer.seconds,
                operations / racer.seconds / 1e12, Double(racer.memory) / 1e9)
    }
}
