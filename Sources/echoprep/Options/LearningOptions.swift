// What a run is and how it learns: the options of `train`, in the groups that help shows.

import ArgumentParser
import Models
import Runs
import Training

struct ModelOptions: ParsableArguments {
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
}

struct StartOptions: ParsableArguments {
    @Option(
        name: .customLong("init"),
        help: ArgumentHelp(
            "Start from the weights of a run folder or a safetensors file.", valueName: "folder or file"),
        path: .file)
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
}

struct LearningOptions: ParsableArguments {
    @Option(help: "Epochs of warm-up (default: a tenth, at most 10).") var warmupEpochs: Int?
    @Option(help: "AdamW's weight decay; none on biases and norms.") var weightDecay = 0.05
    @Option(help: "Greatest norm of a gradient.") var clip = 1.0
    @Flag(help: "Repeat views of a study that has too few.") var padViews = false
    @Option(help: "Greatest turn in degrees.") var rotation = 15.0
    @Option(
        help: "How much a positive study counts: none (as a negative one), balanced, or a number.",
        transform: positiveWeight)
    var posWeight = PositiveWeight.none
    @Option(help: "Multiply the learning rate by this from each layer to the one below, as 0.75.")
    var layerDecay: Double?
    @Option(help: "Judge the run by an exponential average of weights with this decay, as 0.999.")
    var ema: Double?
}

struct StepMemoryOptions: ParsableArguments {
    @Flag(help: "Save memory: compute blocks again on the way back.") var checkpointActivations = false
    @Option(help: "Memory that a step may take, as 12GiB (default: what is free).") var memory: ByteCount?
}

struct UpkeepOptions: ParsableArguments {
    @Option(
        help: "Stop after so many steps in a row whose loss or gradient is far above its level; 0: never.")
    var guardSteps = DivergenceLimits().steps
    @Option(help: "How many times the level of the loss is far above.")
    var guardLoss = DivergenceLimits().loss
    @Option(help: "The same of the gradient's norm.") var guardNorm = DivergenceLimits().norm
    @Option(help: "Steps between checkpoints; the end of an epoch has one too.") var checkpointEvery = 200
    @Option(help: "Keep the weights of so many last epochs.") var keepLast = 0
    @Option(help: "Epochs between pictures of reconstructions; 0 for none.") var picturesEvery = 10
}

struct TraceOptions: ParsableArguments {
    @Option(help: "Write one step whole, as safetensors.", path: .file) var trace: String?
    @Option(help: "The step that --trace writes.") var traceStep = 1
    @Option(
        help: "Steps to write; those after the first are written without weights, as FILE-0002 and so on.")
    var traceSteps = 1
}

private let decoderNames = DecoderKind.all.map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")

/// The value of `--pos-weight`.
@Sendable private func positiveWeight(_ text: String) throws -> PositiveWeight {
    guard let weight = PositiveWeight(text) else {
        throw ValidationError("--pos-weight is none, balanced or a positive number")
    }
    return weight
}
