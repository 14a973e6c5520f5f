// Times the optimisation step of a model on the engine that trains it.

public import ArgumentParser
import Compute
import EchoCore
public import Models

struct TrainBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "Times a step (forward, back, AdamW) of a model on random pixels.")

    @Option(help: "Sizes: tiny, small or paper.") var preset = Preset.tiny
    @Option(help: "One of the four models.") var model = ModelKind.lamae
    @Option(help: "pretrain or icd (40 logits, nothing masked).") var task = "pretrain"
    @Flag(help: "Only the head learns (icd).") var frozen = false
    @Option(help: "Studies a step.") var studies = 1
    @Option(help: "Threads.") var threads = availableProcessors()
    @Option(help: "Steps whose median is printed, after one that is not timed.") var steps = 5

    func run() throws {
        let outputs = task == "icd" ? 40 : 0
        let c = ModelConfiguration.preset(preset, kind: model, outputs: outputs)
        let engine = CPUEngine(threads: threads)
        let model = EchoModel(c, engine: engine, seed: 1)
        let optimiser = AdamW(model)
        var random = SeededRandom(seed: 1, "bench")
        let viewCounts = Array(repeating: c.views, count: studies)
        let pixels = (0..<studies * c.views * c.frames * c.frameSize).map { _ in Float(random.uniform(-1...1))
        }
        let batch = StudyBatch(viewCounts: viewCounts, pixels: pixels)
        let targets = (0..<studies * outputs).map { Float($0 % 2) }
        var seconds: [Double] = []
        for step in 0...steps {
            let mask = PretrainMask(random: c, viewCounts: viewCounts, using: &random)
            let start = ContinuousClock.now
            if outputs == 0 {
                _ = model.pretrainStep(batch, mask)
            } else {
                _ = model.finetuneStep(batch, targets: targets, loss: .binaryCrossEntropy, frozen: frozen)
            }
            _ = optimiser.step(learningRate: 1e-4)
            if step > 0 { seconds.append(start.duration(to: .now) / .seconds(1)) }
        }
        let median = seconds.sorted()[seconds.count / 2]
        print(
            "\(c.kind.rawValue) \(preset.rawValue) \(task)\(frozen ? " frozen" : ""): \(studies) studies,",
            "\(threads) threads, \(engine.productKernels): \(milliseconds(median)) ms a step,",
            "\(milliseconds(median / Double(studies))) ms a study")
    }

    private func milliseconds(_ seconds: Double) -> Double { (seconds * 10_000).rounded() / 10 }
}

extension Preset: ExpressibleByArgument {}
extension ModelKind: ExpressibleByArgument {}
