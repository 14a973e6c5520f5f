// What a run costs on cards: operations counted from the model, a small model of a step, and that model held against this
// machine's own steps.

import ArgumentParser
import Compute
import EchoCore
import Foundation
import Models

struct ScaleBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Says what pre-training costs on cards, by a small model of a step.",
        discussion: """
            A step is products at one rate and all else at another, both counted. --measure takes steps on this \
            machine's processors and says what the model makes of them. The rates of a card are \
            what is given: by default those of an H200's data sheet, products at 60 % of it and memory at 90 %.
            """)

    @Option(help: "Sizes: tiny, small or paper.") var preset = Preset.paper
    @Option(help: "The kind of model.") var model = ModelKind.lamae
    @Option(help: "f32 or bf16.") var precision = Precision.bf16
    @Option(parsing: .upToNextOption, help: "Studies a step, on all cards together; a table each.")
    var batch = [16, 256]
    @Option(help: "Studies to learn from.") var studies = 6652
    @Option(help: "Epochs.") var epochs = 1600
    @Option(parsing: .upToNextOption, help: "Cards, a line each.") var cards = [1, 4, 16]
    @Option(help: "Cards of a node.") var cardsPerNode = 4
    @Option(help: "Products of a card, TFLOP/s.") var products = 593.0
    @Option(help: "All else of a card, TB/s.") var memory = 4.3
    @Option(help: "Milliseconds that the host takes to ask for a step.") var asking = 10.0
    @Option(help: "GB/s that a card sends within its node.") var within = 150.0
    @Option(help: "GB/s that a card sends between nodes.") var between = 25.0
    @Option(help: "GB/s of gradients that two ranks sum through the host's memory, by MPI.") var host = 0.65
    @Option(help: "Milliseconds of processor to load a study (echobench loader).") var loading = 0.7
    @Option(help: "Side of the stored clips.") var side = 224
    @Flag(help: "Hold the model against steps of this machine.") var measure = false
    @Option(help: "Threads that --measure computes with.") var threads = availableProcessors()

    func validate() throws {
        guard (batch + cards).allSatisfy({ $0 > 0 }) else {
            throw ValidationError("there is one card at least")
        }
    }

    private func step(_ preset: Preset, studies: Int = 1) -> TrainingStep {
        TrainingStep(
            model: .preset(preset, kind: model), studies: studies, threads: threads, precision: precision)
    }

    func run() throws {
        let step = step(preset), c = step.model, work = StepWork(step)
        let parameters = Double(EchoModel(c, engine: CountingEngine(precision), seed: 1).parameterCount)
        let pixels = Double(c.views * c.frames * side * side * c.channels)
        print(
            "\(preset.rawValue) \(model.rawValue), \(precision.rawValue): \(figure(parameters / 1e6)) M parameters"
        )
        print("  a study   \(figure(work.operations / 1e9)) GFLOP in products and attention,")
        print(
            "            \(figure(work.traffic / 1e9)) GB read and written beside them, \(figure(pixels / 1e6)) MB of pixels"
        )
        print("  a step    \(figure(work.fixedTraffic / 1e9)) GB for weights, gradients and moments")
        print(
            "  the run   \(grouped(studies)) studies × \(grouped(epochs)) epochs: "
                + "\(figure(work.operations * Double(studies * epochs) / 1e18)) EFLOP")
        print(
            "  gradients \(figure(4 * parameters / 1e6)) MB; by MPI through the host's memory "
                + "\(figure(4 * parameters / host / 1e9)) s a step")
        if measure { try hold() }
        let cluster = Cluster(
            machine: Machine(products: products * 1e12, memory: memory * 1e12, asking: asking / 1e3),
            cardsPerNode: cardsPerNode, within: within * 1e9, between: between * 1e9,
            loading: loading / 1e3)
        for batch in batch {
            print("\n\(batch) studies a step\n")
            print(
                "| cards | ms a step | of which computing | summing | MB sent a card | studies/s | seconds an epoch | "
                    + "days the run | cores that load, a card | GB/s read | limit |")
            print("|---|---|---|---|---|---|---|---|---|---|---|")
            for cards in cards where cards <= batch {
                let s = cluster.step(
                    work, studies: Double(batch), cards: cards, gradient: 4 * parameters)
                let rate = Double(batch) / s.seconds, epoch = Double(studies) / rate
                let cells = [
                    1e3 * s.seconds, 1e3 * s.computing, 1e3 * s.summing, s.sent / 1e6, rate, epoch,
                    epoch * Double(epochs) / 86_400, s.loaders, rate * pixels / 1e9,
                ].map(figure)
                print("| \(cards) | \(cells.joined(separator: " | ")) | \(s.limit) |")
            }
        }
    }

    /// Takes steps on this machine's processors, and prints what the model says of them: products at the rate that they had,
    /// which their width decides, and all else at that of a step of `paper`.
    private func hold() throws {
        print(
            "\n| here, \(threads) threads | seconds | products, GFLOP/s | all else, GB/s | predicted | off by |"
        )
        print("|---|---|---|---|---|---|")
        var memory: Double?
        for (preset, studies) in [(Preset.paper, 1), (.small, 1), (.small, 4), (.small, 8), (.tiny, 16)] {
            let step = step(preset, studies: studies), work = StepWork(step), racer = try StepRacer(step)
            for _ in 0..<3 { try racer.takeStep() }
            let machine = Machine(
                fittedTo: work, studies: Double(studies), seconds: racer.seconds,
                inProducts: racer.seconds / racer.overhead)
            memory = memory ?? machine.memory
            let predicted = Machine(products: machine.products, memory: memory ?? machine.memory, asking: 0)
                .seconds(work, studies: Double(studies))
            let cells = [
                racer.seconds, machine.products / 1e9, machine.memory / 1e9, predicted,
                100 * (predicted / racer.seconds - 1),
            ].map(figure)
            print("| \(preset.rawValue), \(studies) studies | \(cells.joined(separator: " | ")) % |")
        }
    }

    /// A number with three digits.
    private func figure(_ number: Double) -> String {
        let digits = number == 0 ? 0 : max(0, 2 - Int(log10(abs(number)).rounded(.down)))
        return String(format: "%.\(digits)f", number)
    }
}
