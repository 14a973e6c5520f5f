// `echoprep train`: pre-training and fine-tuning.

public import ArgumentParser
public import Compute
import EchoCore
import Foundation
public import Models
public import Tasks
import Training

extension TrainTask: ExpressibleByArgument {
    public init?(argument: String) {
        guard let task = TrainTask.named(argument) else { return nil }
        self = task
    }

    public var defaultValueDescription: String { name }
    public static var allValueStrings: [String] { all.map(\.name) }
}
extension LatentMasking: ExpressibleByArgument {}
extension ModelKind: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {}

extension Precision: ExpressibleByArgument {}

struct TrainCommand: ConfigurableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Pre-trains a model on a dataset's clips, or fine-tunes it on labels.",
        discussion: """
            Everything about a run is in its folder. The same command goes on where it was interrupted; a finished \
            run is reported again.
            """)

    @Option(help: "The dataset folder, as ingest and link-icd left it.") var dataset: String
    @Option(name: .customLong("run"), help: "The folder of this run.") var folder: String
    @Option(help: "What to learn.") var task = TrainTask.pretrain
    @Option(help: "The kind of model.") var model = ModelKind.lamae
    @Option(help: "Its size.") var preset = Preset.tiny
    @OptionGroup var step: StepOptions

    @Option(help: "Passes over the training studies (default: 1600, for icd 120, for lvef 60).") var epochs:
        Int?
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

    @Flag(help: "Repeat views of a study that has too few.") var padViews = false
    @Option(help: "Greatest turn in degrees.") var rotation = 15.0

    @Option(name: .customLong("init"), help: "Start from the weights of a run folder or a safetensors file.")
    var start: String?
    @Flag(help: "Refuse weights that do not match the model in full.") var initStrict = false
    @Flag(help: "Only the head learns.") var frozen = false
    @Flag(help: "The head is one linear layer instead of two; with --frozen a linear probe.")
    var linearHead = false
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

    @Flag(help: "Fail if there is nothing to go on from.") var resume = false
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
    @Option(help: "Write one step whole, as safetensors.") var trace: String?
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup var configuration: ConfigurationOptions

    func run() throws {
        func say(_ message: String) { FileHandle.standardError.write(Data((message + "\n").utf8)) }
        if let seeds {
            let summaries = try train(options, seeds: seeds, say: say)
            print(try json ? jsonText(summaries) : summaries.map(\.text).joined(separator: "\n"))
        } else {
            let summary = try train(options, say: say)
            print(try json ? jsonText(summary) : summary.text)
        }
    }

    private var options: TrainOptions {
        var options = TrainOptions(
            dataset: dataset, run: folder, place: place.place(memory: memory?.bytes))
        options.task = task
        options.model = model
        options.preset = preset
        step.apply(to: &options)
        options.epochs = epochs
        options.learningRate = lr
        options.warmupEpochs = warmupEpochs
        options.weightDecay = weightDecay
        options.clip = clip
        options.maskRatio = maskRatio
        options.latentMaskRatio = latentMaskRatio
        options.latentMasking = latentMasking
        options.maskViews = maskViews
        options.latentQueries = latentQueries
        options.normPix = normPix
        options.padViews = padViews
        options.rotation = rotation
        options.initial = start
        options.strictInitial = initStrict
        options.frozen = frozen
        options.linearHead = linearHead
        options.positiveWeight = posWeight
        options.layerDecay = layerDecay
        options.averageDecay = ema
        options.checkpointActivations = checkpointActivations
        options.seed = seed
        options.resume = resume
        options.divergence.steps = guardSteps
        options.divergence.loss = guardLoss
        options.divergence.norm = guardNorm
        options.checkpointEvery = checkpointEvery
        options.keepLast = keepLast
        options.picturesEvery = picturesEvery
        options.traceStep = traceStep
        options.traceSteps = traceSteps
        options.trace = trace
        return options
    }
}

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
