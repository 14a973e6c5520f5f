// The race of one optimisation step against PyTorch, in turns on the same cores.

public import ArgumentParser
public import Compute
import EchoCore
import Foundation
public import Models

struct TrainBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Times a step (forward, back, AdamW) of a model on random pixels, beside PyTorch's.",
        discussion: """
            With --peer PYTHON, Tests/Oracles/bench_torch.py runs the same step with that interpreter: ours, its, \
            ours, its, and so on, on as many threads. Without it only ours is timed.
            """)

    enum Task: String, ExpressibleByArgument, CaseIterable { case pretrain, icd }

    @Option(help: "Sizes: tiny, small or paper.") var preset = Preset.tiny
    @Option(help: "One of the four models.") var model = ModelKind.lamae
    @Option(help: "pretrain, or icd: 40 logits and nothing masked.") var task = Task.pretrain
    @Option(help: "Views a study (default: the preset's).") var views: Int?
    @Option(help: "Studies a step.") var studies = 1
    @Option(help: "Threads.") var threads = availableProcessors()
    @Option(help: "f32 or bf16.") var precision = Precision.f32
    @Option(help: "Steps of each whose median counts, after one that is not timed.") var steps = 5
    @Flag(help: "Compute blocks again on the way back instead of keeping them.") var checkpointActivations =
        false
    @Option(help: "A Python with PyTorch.") var peer: String?
    @Flag(help: "The peer uses torch.compile.") var compile = false

    func run() throws {
        var c = ModelConfiguration.preset(preset, kind: model, outputs: task == .icd ? 40 : 0)
        c.views = views ?? c.views
        let engine = CPUEngine(threads: threads, precision: precision)
        var ours = Step(c, studies: studies, engine: engine)
        ours.model.checkpointsActivations = checkpointActivations
        let theirs = try peer.map { try TorchPeer(python: $0, c, task: task.rawValue, bench: self) }
        _ = ours.time()
        let before = CPUEngine.products
        var times: [Double] = [], peerTimes: [Double] = []
        for _ in 0..<steps {
            times.append(ours.time())
            if let theirs { peerTimes.append(try theirs.time()) }
        }
        let products = (
            operations: (CPUEngine.products.operations - before.operations) / Double(steps),
            seconds: (CPUEngine.products.seconds - before.seconds) / Double(steps * threads)
        )
        let name = "\(c.kind.rawValue) \(preset.rawValue) \(task.rawValue), \(c.views) views"
        print("\(name), \(studies) studies a step, \(threads) threads, median of \(steps)")
        let median = self.median(times), memory = Step.peakMemory
        let buffers = "\(engine.memory >> 20) MiB of it buffers"
        print("  echoprep, \(engine.productKernels): \(figures(median, memory)), \(buffers)")
        print(
            String(
                format: "  of that %.1f ms in products alone: %.3f TFLOP at %.0f GFLOP/s",
                products.seconds * 1000, products.operations / 1e12,
                products.operations / products.seconds / 1e9))
        if let theirs {
            let other = self.median(peerTimes)
            print("  \(theirs.name): \(figures(other, theirs.peakMemory))")
            let rate = String(format: "%.2f", other / median)
            let share = String(format: "%.2f", Double(memory) / Double(theirs.peakMemory))
            print("  echoprep is \(rate) times as fast, in \(share) of the memory")
        }
    }

    private func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

    private func figures(_ seconds: Double, _ bytes: Int) -> String {
        String(
            format: "%.1f ms a step, %.2f GB at its peak", seconds * 1000, Double(bytes) / 1e9)
    }
}

/// Our step, on random pixels.
private struct Step {
    let model: EchoModel
    private let batch: StudyBatch, targets: [Float], optimiser: AdamW
    private var random: SeededRandom

    init(_ c: ModelConfiguration, studies: Int, engine: any Engine) {
        model = EchoModel(c, engine: engine, seed: 1)
        optimiser = AdamW(model)
        var random = SeededRandom(seed: 1, "bench")
        let count = studies * c.views * c.frames * c.frameSize
        let pixels = (0..<count).map { _ in Float(random.uniform(-1...1)) }
        batch = StudyBatch(viewCounts: Array(repeating: c.views, count: studies), pixels: pixels)
        targets = (0..<studies * c.outputs).map { Float($0 % 2) }
        self.random = random
    }

    /// Seconds of one step.
    mutating func time() -> Double {
        let c = model.configuration
        let start = ContinuousClock.now
        if c.outputs == 0 {
            let mask = PretrainMask(random: c, viewCounts: batch.viewCounts, using: &random)
            _ = model.pretrainStep(batch, mask)
        } else {
            _ = model.finetuneStep(batch, targets: targets, loss: .binaryCrossEntropy)
        }
        _ = optimiser.step(learningRate: 1e-4)
        return start.duration(to: .now) / .seconds(1)
    }

    /// The most memory that this process has had, in bytes.
    static var peakMemory: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}

/// PyTorch's step, in a process of its own.
private final class TorchPeer {
    let name: String
    private(set) var peakMemory = 0
    private let peer: Peer

    init(python: String, _ c: ModelConfiguration, task: String, bench: TrainBench) throws {
        name = "PyTorch" + (bench.compile ? " with torch.compile" : "")
        let sizes: [String: Any] = [
            "model": c.kind.rawValue, "task": task, "image": c.image, "patch": c.patch,
            "channels": c.channels,
            "views": c.views, "frames": c.frames, "dim": c.dim, "depth": c.depth, "heads": c.heads,
            "latent_depth": c.latentDepth, "latent_heads": c.latentHeads, "decoder_dim": c.decoderDim,
            "decoder_depth": c.decoderDepth, "decoder_heads": c.decoderHeads, "norm_pix": c.normPix,
            "outputs": c.outputs, "kept": c.keptPatches,
        ]
        let json = String(decoding: try JSONSerialization.data(withJSONObject: sizes), as: UTF8.self)
        peer = try Peer(
            python: python,
            [
                "Tests/Oracles/bench_torch.py", json, "--threads", "\(bench.threads)", "--studies",
                "\(bench.studies)", "--precision", bench.precision.rawValue,
            ] + (bench.compile ? ["--compile"] : []))
    }

    func time() throws -> Double {
        let words = try peer.ask()
        guard words.count == 2, let seconds = Double(words[0]), let bytes = Int(words[1]) else {
            throw EchoError("--peer", "PyTorch stopped in the middle of a step")
        }
        peakMemory = bytes
        return seconds
    }
}

extension Precision: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}
extension ModelKind: ExpressibleByArgument {}
