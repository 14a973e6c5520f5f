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
            """)

    @Option(help: "The dataset folder, as ingest and link-icd left it.", completion: .directory) var dataset:
        String
    @Option(name: .customLong("run"), help: "The folder of this run.", completion: .directory) var folder:
        String
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
    @OptionGroup var step: StepOptions

    @Option(
        help: "Passes over the training studies (default: 1600, for icd 120, for lvef and measurements 60).")
    var epochs: Int?
    @Option(help: "Learning rate after warm-up.") var lr = 1e-4
    @Option(help: "Epochs of warm-up (default: a tenth, at most 10).") var warmupEpochs: Int?
    @Option(help: "AdamW's weight decay; none on biases and norms.") var weightDecay = 0.05
    @Option(help: "Greatest norm of a gradient.") var clip = 1.0
    @Option(help: "Share of patches hidden from the encoder (default: the preset's).") var maskRatio: Double?
    @Option(help: "Share of tokens hidden from latent attention (default: the preset's).")
    var latentMaskRatio: Double?
    @Option(
        help: "What latent attention sees of them: drop (nothing, the paper's) or token (a learned token).")
    var latentMasking = LatentMasking.drop
    @Option(help: "Views hidden whole from latent attention: a number, or below 1 a share; needs token.")
    var maskViews = 0.0
    @Option(
        help: "Learned queries that latent attention goes through, for linear cost; 0: all tokens to all.")
    var latentQueries = 0
    @Flag(help: "Reconstruct patches normalised one by one.") var normPix = false
    @Option(help: ArgumentHelp("How pixels are reconstructed: \(decoderNames).", valueName: "decoder"))
    var decoder = DecoderKind.all[0].name

    @Flag(help: "Repeat views of a study that has too few.") var padViews = false
    @Option(help: "Greatest turn in degrees.") var rotation = 15.0

    @Option(
        name: .customLong("init"), help: "Start from the weights of a run folder or a safetensors file.",
        completion: .file())
    var start: String?
    @Flag(help: "Refuse weights that do not match the model in full.") var initStrict = false
    @Flag(help: "Only the head learns.") var frozen = false
    @Flag(help: "The head is one linear layer instead of two; with --frozen a linear probe.")
    var linearHead = false
    @Option(
        help:
            "What the head reads of a study: mean (its mean token) or attentive (a learned query attends to all tokens, then one linear layer)."
    )
    var probe = Probe.mean
    @Option(
        help:
            "With --frozen: heads of several learning rates and weight decays at once, as 1e-4,1e-3/0.01,0.1; the best stays."
    )
    var probeGrid: ProbeGrid?
    @Option(
        help: "How much a positive study counts: none (as a negative one), balanced, or a number.",
        transform: positiveWeight)
    var posWeight = PositiveWeight.none
    @Option(help: "Multiply the learning rate by this from each layer to the one below, as 0.75.")
    var layerDecay: Double?
    @Option(help: "Judge the run by an exponential average of weights with this decay, as 0.999.")
    var ema: Double?

    @OptionGroup(title: "Where it computes") var place: PlaceOptions
    @Flag(help: "Save memory: compute blocks again on the way back.") var checkpointActivations = false
    @Option(help: "Memory that a step may take, as 12GiB (default: what is free).") var memory: ByteCount?
    @Option(help: "Seed of all randomness.") var seed: UInt64 = 1
    @Option(
        help: "Train once for each of these seeds, as 1,2,3, in RUN/seed-1 and so on.", transform: numbers)
    var seeds: [UInt64]?

    @Flag(
        help:
            "Go on with the run in the folder, by what it was made by; fail if there is nothing to go on from."
    )
    var resume = false
    @Option(help: "Prolong a run to so many epochs, by the schedule of the longer run from here on.")
    var extend: Int?
    @Option(
        help: "Stop after so many steps in a row whose loss or gradient is far above its level; 0: never.")
    var guardSteps = DivergenceLimits().steps
    @Option(help: "How many times the level of the loss is far above.") var guardLoss = DivergenceLimits()
        .loss
    @Option(help: "The same of the gradient's norm.") var guardNorm = DivergenceLimits().norm
    @Option(help: "Steps between checkpoints; the end of an epoch has one too.") var checkpointEvery = 200
    @Option(help: "Keep the weights of so many last epochs.") var keepLast = 0
    @Option(help: "Epochs between pictures of reconstructions; 0 for none.") var picturesEvery = 10
    @Option(help: "The step that --trace writes.") var traceStep = 1
    @Option(
        help: "Steps to write; those after the first are written without weights, as FILE-0002 and so on.")
    var traceSteps = 1
    @Option(help: "Write one step whole, as safetensors.", completion: .file()) var trace: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var configuration: ConfigurationOptions

    /// A run that goes on does so by its own options.
    static func continued(
        _ value: (String) -> String?, isGiven: (String) -> Bool
    ) throws(EchoError) -> ConfigurationFile? {
        guard isGiven("resume") || isGiven("extend"), !isGiven("seeds"), let run = value("run"),
            var found = try RunFolder(run).configuration()
        else { return nil }
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
        }
    }

    private func options(_ ranks: any Ranks) throws -> TrainOptions {
        let given = try EffectiveOptions(self).object()
        var options = TrainOptions(
            try Recipe(given), run: folder, place: try place.place(memory: memory?.bytes, ranks: ranks))
        options.upkeep = try Upkeep(given)
        options.resume = resume
        options.extend = extend
        options.strictInitial = initStrict
        options.traceStep = traceStep
        options.traceSteps = traceSteps
        options.trace = trace
        return options
    }
}

private let decoderNames = DecoderKind.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")

/// The value of `--pos-weight`.
@Sendable private func positiveWeight(_ text: String) throws -> PositiveWeight {
    guard let weight = PositiveWeight(text) else {
        throw ValidationError("--pos-weight is none, balanced or a positive number")
    }
    return weight
}

/// Numbers with commas between them.
@Sendable private func numbers(_ text: String) throws -> [UInt64] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map {
        guard let number = UInt64($0) else { throw ValidationError("--seeds are numbers, as 1,2,3") }
        return number
    }
}
