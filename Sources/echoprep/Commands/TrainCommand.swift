// `echoprep train`: pre-training and fine-tuning.

import ArgumentParser
package import Compute
import EchoCore
import Foundation
package import Models
package import Runs
package import Tasks
import Training

extension TrainTask: ExpressibleByArgument {
    package init?(argument: String) {
        guard let task = TrainTask.named(argument) else { return nil }
        self = task
    }

    package var defaultValueDescription: String { name }
    package static var allValueStrings: [String] { all.map(\.name) }
}
extension LatentMasking: ExpressibleByArgument {}
extension Probe: ExpressibleByArgument {}
extension ProbeGrid: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
    package var defaultValueDescription: String { description }
}
extension ModelKind: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}

extension Precision: ExpressibleByArgument {}

struct TrainCommand: ConfigurableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Pre-trains a model on a dataset's clips, or fine-tunes it on labels.",
        discussion: """
            Everything about a run is in its folder. The same command goes on where it was interrupted; a finished \
            run is reported again. mpirun or srun start it as several processes that share every step.

            Examples:
              echoprep train --dataset dataset --run runs/pre --epochs 100
              echoprep train --dataset dataset --run runs/icd --task icd --init runs/pre
              echoprep train --run runs/icd --resume
            """)

    @Option(help: "The dataset folder, as ingest and link-icd left it.", path: .folder) var dataset: String
    @Option(name: .customLong("run"), help: "The folder of this run.", path: .folder) var folder: String
    @Option(
        help:
            "What to learn: also measure:NAME, label:NAME, and several with commas, as icd,lvef,measure:mr.")
    var task = TrainTask.pretrain
    @Option(
        name: .customLong("where"),
        help:
            "Learn only from studies for which this is true, SQL over v_study, as \"age >= 18 AND ef < 40\".")
    var cohort: String?
    @Option(
        help:
            "Leave out what people excluded, and learn from what they answered: consensus, or a rater's name."
    )
    var decisions: String?
    @Option(help: "The kind of model.") var model = ModelKind.lamae
    @Option(help: "Its size.") var preset = Preset.tiny
    @Option(
        help: "Passes over the training studies (default: 1600, for icd 120, for lvef and measurements 60).")
    var epochs: Int?
    @Option(help: "Learning rate after warm-up.") var lr = 1e-4
    @Option(help: "Seed of all randomness.") var seed: UInt64 = 1
    @Option(
        help: ArgumentHelp(
            "Train once for each of these seeds, as 1,2,3, in RUN/seed-1 and so on.", valueName: "numbers"),
        transform: numbers)
    var seeds: [UInt64]?
    @Flag(
        help:
            "Go on with the run in the folder, by what it was made by; fail if there is nothing to go on from."
    )
    var resume = false
    @Option(help: "Prolong a run to so many epochs, by the schedule of the longer run from here on.")
    var extend: Int?

    @OptionGroup(title: "What it starts from, and its head") var start: StartOptions
    @OptionGroup(title: "What a step sees") var step: StepOptions
    @OptionGroup(title: "The model") var parts: ModelOptions
    @OptionGroup(title: "How it learns") var learning: LearningOptions
    @OptionGroup(title: "Where it computes") var place: PlaceOptions
    @OptionGroup(title: "Where it computes") var stepMemory: StepMemoryOptions
    @OptionGroup(title: "What is watched and kept") var upkeep: UpkeepOptions
    @OptionGroup(title: "A step looked into") var tracing: TraceOptions
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var configuration: ConfigurationOptions
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    /// A run that goes on does so by its own options.
    static func continued(
        _ value: (String) -> String?, isGiven: (String) -> Bool
    ) throws(EchoError) -> ConfigurationFile? {
        guard isGiven("resume") || isGiven("extend"), !isGiven("seeds"), let run = value("run") else {
            return nil
        }
        guard var found = try RunFolder(run).configuration() else {
            let option = isGiven("resume") ? "--resume" : "--extend"
            throw EchoError(
                "\(option) --run \(run)", "there is no run in the folder",
                try: "leave out \(option) to begin one")
        }
        found.recipe.dataset = RunFolder(run).resolve(found.recipe.dataset)
        do {
            return try ConfigurationFile(RunFolder(run).config, text: Array(found.options()))
        } catch let error as EchoError {
            throw error
        } catch {
            throw EchoError("config.json", "cannot be read")
        }
    }

    func run() throws {
        func say(_ message: String) { tell(message) }
        try withRanks { ranks in
            let options = try ranks.together { try self.options(ranks) }
            let summaries =
                try seeds.map { try train(options, seeds: $0, say: say) } ?? [train(options, say: say)]
            guard ranks.isFirst else { return }
            if json {
                try show(seeds == nil ? jsonText(summaries[0]) : jsonText(summaries))
            } else {
                try show(summaries.map(\.text).joined(separator: "\n"))
            }
            if task.name == TrainTask.pretrain.name {
                tellNext("train", "--dataset", dataset, "--run", "RUN", "--task", "icd", "--init", folder)
            } else {
                tellNext("evaluate", folder)
            }
        }
    }

    private func options(_ ranks: any Ranks) throws -> TrainOptions {
        let given = try EffectiveOptions(self).object()
        var options = TrainOptions(
            try Recipe(given), run: folder,
            place: try place.place(memory: stepMemory.memory?.bytes, ranks: ranks))
        options.upkeep = try Upkeep(given)
        options.resume = resume
        options.extend = extend
        options.strictInitial = start.initStrict
        options.traceStep = tracing.traceStep
        options.traceSteps = tracing.traceSteps
        options.trace = tracing.trace
        return options
    }
}

/// Numbers with commas between them.
@Sendable private func numbers(_ text: String) throws -> [UInt64] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map {
        guard let number = UInt64($0) else { throw ValidationError("--seeds are numbers, as 1,2,3") }
        return number
    }
}
