// How the time and the memory of a step grow with threads, views and tokens.

import ArgumentParser
import Compute
import EchoCore
import Foundation
import Models

struct GrowthBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "growth",
        abstract: "Times steps of the paper's size on more threads, views and tokens, and fits their growth.",
        discussion: """
            threads and views: a pre-training step of the paper's LAMAE. tokens: a fine-tuning step of one encoder \
            block and one block of latent attention of the paper's width, all of whose tokens attend to each other. \
            queries: the same through 256 learned queries. Every step runs in a process of its own.
            """)

    enum Growth: String, ExpressibleByArgument, CaseIterable { case threads, views, tokens, queries }

    @Option(parsing: .upToNextOption, help: "What grows: threads, views, tokens, or tokens read by queries.")
    var by = Growth.allCases
    @Option(help: "f32 or bf16.") var precision = Precision.f32
    @Option(help: "Steps whose median counts, after one that is not timed; of tokens, one is taken.")
    var steps = 3
    @Option(help: "The most tokens.") var tokens = 65_536
    @Option(
        help: "An SVG file for the plot of each growth: its name and -threads, -views, -tokens or -queries.")
    var plot: String?

    func run() throws {
        for growth in by {
            let points = try series(growth).map { size, step in
                let racer = try StepRacer(step)
                for _ in 0..<(growth.isLong ? 1 : steps) { try racer.takeStep() }
                return Point(
                    size: size, seconds: racer.seconds, memory: racer.memory)
            }
            report(growth, points)
            if let plot { try draw(growth, points, to: "\(plot)-\(growth.rawValue).svg") }
        }
    }

    private struct Point {
        let size: Int
        let seconds: Double
        let memory: Int
    }

    /// The steps of a growth by their size.
    private func series(_ growth: Growth) -> [(Int, TrainingStep)] {
        let paper = ModelConfiguration.preset(.paper, kind: .lamae)
        let cores = availableProcessors()
        switch growth {
        case .threads:
            return [1, 2, 4, 8, 16].filter { $0 <= cores }
                .map { ($0, TrainingStep(model: paper, threads: $0, precision: precision)) }
        case .views:
            return [2, 4, 8, 16].map { views in
                var c = paper
                c.views = views
                return (views, TrainingStep(model: c, threads: cores, precision: precision))
            }
        case .tokens, .queries:
            return sequence(first: 2048) { $0 < tokens ? 2 * $0 : nil }.map { tokens in
                var c = ModelConfiguration.preset(.paper, kind: .lamae, outputs: 40)
                if growth == .queries { c.latentQueries = 256 }
                (c.depth, c.latentDepth, c.views) = (1, 1, tokens / (c.frames * c.patches))
                return (tokens, TrainingStep(model: c, threads: cores, precision: precision))
            }
        }
    }

    private func report(_ growth: Growth, _ points: [Point]) {
        print("| \(growth.unit) | s a step | GB |")
        print("|---|---|---|")
        for p in points {
            let memory = String(format: "%.2f", Double(p.memory) / 1e9)
            print("| \(p.size) | " + String(format: "%.3f", p.seconds) + " | \(memory) |")
        }
        let power = fittedLine(points.map { (x: log(Double($0.size)), y: log($0.seconds)) }).slope
        let memory = points.map { (x: Double($0.size), y: Double($0.memory)) }
        let line = fittedLine(memory)
        let misses = memory.map { abs(line.start + line.slope * $0.x - $0.y) / $0.y }
        print()
        print(
            String(format: "Time grows as the power %.2f of \(growth.unit); memory is ", power),
            terminator: "")
        print(
            String(format: "%.2f GB and %.3f MB each, ", line.start / 1e9, line.slope / 1e6), terminator: "")
        print(String(format: "to within %.1f %%.\n", 100 * (misses.max() ?? 0)))
    }

    private func draw(_ growth: Growth, _ points: [Point], to path: String) throws {
        let plot = GrowthPlot(
            title: "A step by \(growth.title), \(precision.rawValue)", across: growth.unit,
            curves: [
                .init(name: "seconds", points: points.map { (x: Double($0.size), y: $0.seconds) }),
                .init(
                    name: "gigabytes", points: points.map { (x: Double($0.size), y: Double($0.memory) / 1e9) }
                ),
            ])
        try Data(plot.svg.utf8).write(to: URL(fileURLWithPath: path))
    }
}

/// The straight line nearest to some points, by least squares.
private func fittedLine(_ points: [(x: Double, y: Double)]) -> (start: Double, slope: Double) {
    let count = Double(points.count)
    let (x, y) = (points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count)
    let along = points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) }
    let spread = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
    let slope = spread > 0 ? along / spread : 0
    return (y - slope * x, slope)
}

extension GrowthBench.Growth {
    /// What is counted.
    fileprivate var unit: String { self == .queries ? "tokens" : rawValue }
    fileprivate var title: String { self == .queries ? "tokens, read by 256 queries" : rawValue }
    /// Whether its greatest step takes a minute.
    fileprivate var isLong: Bool { unit == "tokens" }
}
