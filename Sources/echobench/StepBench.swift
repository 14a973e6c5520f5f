// One of the processes that a training race runs in turns: ours, which takes a step for each line that it is sent.

import ArgumentParser
package import Compute
import EchoCore
import Engines
import Foundation
package import Models

/// The step that is timed, as both sides of a race are told it.
struct TrainingStep: Codable {
    var model: ModelConfiguration
    var studies = 1, threads: Int
    var precision = Precision.f32
    /// By name, and which of its devices.
    var engine = Engines.all[0].name, device: String?
    var checkpointsActivations = false

    var viewCounts: [Int] { Array(repeating: model.views, count: studies) }

    /// Floating-point operations in its products and attention, counted.
    var operations: Double { counted.operations }

    /// The same, with the bytes that all else reads and writes.
    var counted: (operations: Double, traffic: Double) {
        let engine = CountingEngine(precision)
        var learner = BenchLearner(self, engine: engine)
        learner.takeStep()
        return (engine.work?.operations ?? 0, engine.traffic)
    }
}

/// What one step took, as a process answers it on a line.
struct StepFigures {
    let seconds: Double
    /// The most memory that the process has had, in bytes.
    let memory: Int
    /// Of ours: seconds in matrix products and their floating-point operations.
    var productSeconds = 0.0, operations = 0.0

    init(words: [Substring]) throws {
        let numbers = words.compactMap { Double($0) }
        guard numbers.count >= 2 else { throw EchoError("a step", "stopped in the middle") }
        (seconds, memory) = (numbers[0], Int(numbers[1]))
        if numbers.count > 3 { (productSeconds, operations) = (numbers[2], numbers[3]) }
    }
}

struct StepBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step", abstract: "Takes a training step for each line of stdin, for the other races.",
        shouldDisplay: false)

    @Argument(help: "A TrainingStep as JSON.") var step: String

    func run() throws {
        let step = try JSONDecoder().decode(TrainingStep.self, from: Data(step.utf8))
        guard let kind = Engines.named(step.engine) else {
            throw EchoError("--engine \(step.engine)", "there is none")
        }
        let place = Place(kind, device: step.device, threads: step.threads)
        let engine = try place.makeEngine(step.precision)
        var learner = BenchLearner(step, engine: engine)
        learner.takeStep()
        answer("ready \(engine.kernels)")
        while readLine() != nil {
            let before = engine.work, start = ContinuousClock.now
            learner.takeStep()
            let seconds = start.duration(to: .now) / .seconds(1)
            let work = before.flatMap { before in
                engine.work.map { " \($0.seconds - before.seconds) \($0.operations - before.operations)" }
            }
            // Of a card, what is taken there.
            let memory = engine.freeMemory == nil ? peakMemory : engine.memory ?? peakMemory
            answer("\(seconds) \(memory)" + (work ?? ""))
        }
    }

    private func answer(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    /// The most memory that this process has had, in bytes.
    private var peakMemory: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}

/// A model and what it learns from: random pixels.
private struct BenchLearner {
    let model: EchoModel
    private let batch: StudyBatch, targets: [Float], optimiser: AdamW
    private var random = SeededRandom(seed: 1, "bench")

    init(_ step: TrainingStep, engine: any Engine) {
        let c = step.model
        model = EchoModel(c, engine: engine, seed: 1)
        model.checkpointsActivations = step.checkpointsActivations
        optimiser = AdamW(model)
        let count = step.viewCounts.reduce(0, +) * c.frames * c.frameSize
        var random = random
        let pixels = (0..<count).map { _ in Float(random.uniform(-1...1)) }
        batch = StudyBatch(viewCounts: step.viewCounts, pixels: pixels)
        targets = (0..<step.studies * c.outputs).map { Float($0 % 2) }
    }

    /// Forward, back and AdamW.
    mutating func takeStep() {
        let c = model.configuration, loss = model.engine.zero()
        if c.outputs == 0 {
            let mask = PretrainMask(random: c, viewCounts: batch.viewCounts, using: &random)
            _ = model.pretrainStep(batch, mask, addingTo: loss)
        } else {
            _ = model.finetuneStep(batch, targets: targets, [HeadLoss(.binaryCrossEntropy)], addingTo: loss)
        }
        _ = model.engine.sums(optimiser.step(learningRate: 1e-4, sound: [loss]))
    }
}

/// A racer: a process that takes steps, and what they took.
final class StepRacer {
    let name: String
    private let peer: Peer
    private(set) var figures: [StepFigures] = []

    /// Ours, in a process of its own so that its memory is its own.
    init(_ step: TrainingStep) throws {
        let json = String(decoding: try JSONEncoder().encode(step), as: UTF8.self)
        peer = try Peer(program: CommandLine.arguments[0], ["step", json])
        name = "echoprep (\(peer.introduction))"
    }

    /// PyTorch, by Tests/Oracles/bench_torch.py, on a card or on the processor.
    init(_ step: TrainingStep, python: String, device: String, compiled: Bool) throws {
        let c = step.model
        let sizes: [String: Any] = [
            "model": c.kind.rawValue, "image": c.image, "patch": c.patch,
            "channels": c.channels, "views": c.views, "frames": c.frames, "dim": c.dim, "depth": c.depth,
            "heads": c.heads, "latent_depth": c.latentDepth, "latent_heads": c.latentHeads,
            "decoder_dim": c.decoderDim, "decoder_depth": c.decoderDepth, "decoder_heads": c.decoderHeads,
            "norm_pix": c.normPix, "outputs": c.outputs, "kept": c.keptPatches,
        ]
        let json = String(decoding: try JSONSerialization.data(withJSONObject: sizes), as: UTF8.self)
        peer = try Peer(
            program: python,
            [
                "Tests/Oracles/bench_torch.py", json, "--threads", "\(step.threads)", "--studies",
                "\(step.studies)", "--precision", step.precision.rawValue, "--device", device,
            ] + (compiled ? ["--compile"] : []))
        name = "PyTorch \(peer.introduction)" + (compiled ? ", torch.compile" : "")
    }

    func takeStep() throws { figures.append(try StepFigures(words: peer.ask())) }

    /// Seconds of the median step.
    var seconds: Double { median(figures.map(\.seconds)) }
    /// The most memory of its process, in bytes.
    var memory: Int { figures.map(\.memory).max() ?? 0 }
    /// Of ours: how long a step takes beside its matrix products alone, and their rate in FLOP/s.
    var overhead: Double { median(figures.map { $0.seconds / $0.productSeconds }) }
    var rate: Double { median(figures.map { $0.operations / $0.productSeconds }) }
}

extension Precision: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}
extension ModelKind: ExpressibleByArgument {}
