// `echoprep engines`: what can compute here, on which device, found out by computing.

import ArgumentParser
import Compute
import EchoCore
import Engines
import Foundation

struct EnginesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engines", abstract: "Shows what can compute here, checked by running it.",
        discussion: """
            Every operation that models are made of runs on every engine, device and precision that is here, and is \
            compared with plain loops in F64; the largest difference is shown as a share of what is allowed. The rate \
            is that of a product of two matrices of 1,536 × 1,536. Takes some seconds. Exit 1 if an engine computes \
            something wrong.

            Examples:
              echoprep engines
              echoprep engines --json
            """)

    @Option(help: "Threads of the processor's engines (default: all processors).") var threads: Int?
    @Flag(help: "One JSON object a line.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        var wrong: [String] = []
        try EngineCheck.all(threads: threads ?? availableProcessors()) { found throws(EchoError) in
            switch found {
            case .checked(let check):
                if !check.isRight { wrong.append("\(check.engine) on \(check.device)") }
                try show(json ? line(EngineLine(check)) : text(check))
            case .absent(let engine, let error):
                try show(json ? line(EngineLine(engine, error)) : text(engine, error))
            }
        }
        if !wrong.isEmpty {
            throw EchoError(
                "engines", "\(wrong.joined(separator: ", ")) computes something else than the reference",
                try: "another engine or device; the line above names the operation")
        }
    }

    private func text(_ check: EngineCheck) -> String {
        let memory = check.freeMemory.map { ", \(gibibytes($0)) free" } ?? ""
        let worst = String(
            format: "%.2f of the allowed difference, in %@ of %@", check.worst.share, check.worst.result,
            check.worst.trial)
        return """
            \(check.engine)  \(check.device)  \(check.precision.rawValue)  \(check.kernels)\(memory)
                products \(gigaflops(check.rate)); \(check.isRight ? "right" : "WRONG"): \(worst)
            """
    }

    private func text(_ engine: String, _ error: EchoError) -> String {
        "\(engine)  not here: \(error.problem)" + (error.remedy.map { "\n    try: \($0)" } ?? "")
    }

    private func gibibytes(_ bytes: Int) -> String {
        String(format: "%.1f GiB", Double(bytes) / Double(1 << 30))
    }

    private func gigaflops(_ rate: Double) -> String { String(format: "%.0f GFLOP/s", rate / 1e9) }

    private func line(_ value: EngineLine) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// A line of `--json`.
private struct EngineLine: Encodable {
    let engine: String
    var device: String?, precision: String?, kernels: String?
    var freeBytes: Int?
    var productsPerSecond: Double?
    /// By what is allowed, and where.
    var largestDifference: Double?, operation: String?, result: String?
    var isRight: Bool?
    var absence: String?

    init(_ check: EngineCheck) {
        engine = check.engine
        device = check.device
        precision = check.precision.rawValue
        kernels = check.kernels
        freeBytes = check.freeMemory
        productsPerSecond = check.rate
        // JSON has no infinity.
        largestDifference = min(check.worst.share, .greatestFiniteMagnitude)
        operation = check.worst.trial
        result = check.worst.result
        isRight = check.isRight
    }

    init(_ engine: String, _ error: EchoError) {
        self.engine = engine
        absence = error.problem
    }
}
