// How models learn and are judged: the options of `experiment`, in the groups that help shows.

import ArgumentParser
import EchoCore

/// How an experiment's models learn.
struct GridLearningOptions: ParsableArguments {
    @Option(help: "Epochs of pre-training.") var pretrainEpochs: Int?

    @Option(help: "Learning rate of pre-training.") var pretrainLr = 1e-4

    @Option(help: "Epochs of fine-tuning (default: the paper's).") var epochs: Int?

    @Option(help: "Learning rate of fine-tuning.") var lr = 1e-4

    @Option(help: "Epochs of frozen lines (default: --epochs).") var frozenEpochs: Int?

    @Option(help: "Learning rate of frozen lines (default: --lr).") var frozenLr: Double?
}

/// How they are judged.
struct GridJudgingOptions: ParsableArguments {
    @Option(help: "The split whose studies are judged.") var split = Split.test

    @Flag(help: "Each code's threshold is its best on validation instead of 0.5.") var fitThreshold = false

    @Option(help: "A macro average over some of the codes, as shown=I50,I11; may be repeated.")
    var group: [String] = []

    @Option(help: "How often subjects are resampled for the intervals; 0 for none.") var bootstrap = 1000

    @Option(help: "The percentage that intervals cover.") var confidence = 95.0

    @Option(help: "A csv of published figures (row, column, value) to stand beside ours.") var published:
        String?
}
