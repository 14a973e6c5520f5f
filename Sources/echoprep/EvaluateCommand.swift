// `echoprep evaluate`: how good a model is.

import ArgumentParser
import EchoCore
import Evaluation

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Says how good a model is on studies of subjects it never saw.",
        discussion: """
            Intervals are percentiles over resamplings of subjects, each with all its studies. AUROC, average \
            precision, F1 and Brier score are defined as in scikit-learn.
            """)

    @Option(help: "Score a csv of predictions (study_id, subject_id, code, label, probability) of any model.")
    var predictions: String

    @Option(help: "Count a probability of at least this as positive.")
    var threshold = 0.5

    @Option(help: "How often subjects are resampled for the intervals; 0 for none.")
    var bootstrap = 1000

    @Option(help: "The percentage that intervals cover.")
    var confidence = 95.0

    @Option(help: "Seed of the resamplings.")
    var seed: UInt64 = 1

    @Option(help: "A macro average over some of the codes, as shown=I50,I11; may be repeated.")
    var group: [String] = []

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (0...1).contains(threshold) else { throw ValidationError("--threshold is between 0 and 1") }
        guard bootstrap >= 0 else { throw ValidationError("--bootstrap is not negative") }
        guard confidence > 0, confidence < 100 else {
            throw ValidationError("--confidence is above 0 and below 100")
        }
        _ = try groups()
    }

    func run() throws {
        var options = ScoringOptions()
        options.threshold = threshold
        options.bootstrap = bootstrap
        options.confidence = confidence
        options.seed = seed
        options.groups = try groups()
        let scores = try evaluate(predictions: predictions, options: options)
        print(json ? try jsonText(scores) : scores.text)
    }

    private func groups() throws -> [(name: String, codes: [String])] {
        try group.map { text in
            let parts = text.split(separator: "=", maxSplits: 1)
            let codes = parts.last?.split(separator: ",").map(String.init) ?? []
            guard parts.count == 2, !codes.isEmpty else {
                throw ValidationError("--group is NAME=CODE,CODE,…, as shown=I50,I11")
            }
            return (String(parts[0]), codes)
        }
    }
}
