// `echoprep embed`: a model's vectors, for other programs.

import ArgumentParser
import Compute
import EchoCore
import Evaluation
import Exchange
package import Models
import Runs

extension EchoModel.Pooling: ExpressibleByArgument {}

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Writes what a model knows of each study, clip or frame: one vector each.",
        discussion: """
            The vector is the mean of the model's tokens; a study's is what its head is given. Written as \
            safetensors and as Parquet, with ids.

            Examples:
              echoprep embed runs/pretrain
              echoprep embed runs/icd --per clip --split test --map
            """)

    @Argument(
        help: ArgumentHelp("The folder of a run, pre-trained or fine-tuned.", valueName: "run"),
        completion: .directory)
    var folder: String
    @Option(help: "The dataset (default: the one that the run learned from).", path: .folder)
    var dataset: String?
    @Option(help: "What gets a vector.") var per = EchoModel.Pooling.study
    @Option(help: "Only the studies of this split.") var split: Split?
    @Option(
        name: .customLong("where"), help: "Only studies for which this is true, SQL over v_study.")
    var cohort: String?
    @Option(help: "Leave out what people excluded: consensus, or a rater's name.") var decisions: String?
    @Option(
        help:
            "Clips of a study that the model looks at, or all (default: the run's); or of which views, as all,A4C."
    )
    var views: ViewChoice?
    @Option(help: "Clips that the model sees at once; a study of more is shown to it in several passes.")
    var viewsPerPass = usualViewsPerPass
    @Option(help: "The files' path without extension (default: RUN/embeddings-study).") var out: String?
    @Flag(help: "Add maps of at most 2,000 vectors to the Parquet file: principal components and t-SNE.")
    var map = false
    @OptionGroup(title: "Where it computes") var place: PlaceOptions
    @Flag(help: "Print JSON.") var json = false
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func run() throws {
        try withRanks { ranks in
            let options = try ranks.together { try self.options(ranks) }
            guard let summary = try embed(run: folder, options: options) else { return }
            try show(json ? jsonText(summary) : summary.text)
            tellPython("pandas.read_parquet(\(quoted(summary.parquet)))")
        }
    }

    private func options(_ ranks: any Ranks) throws -> EmbedOptions {
        var options = EmbedOptions(place: try place.place(ranks: ranks))
        options.dataset = dataset
        options.unit = per
        options.split = split
        options.cohort = cohort
        options.decisions = decisions
        options.views = views?.count
        options.names = views?.names ?? []
        options.viewsPerPass = viewsPerPass
        options.out = out
        options.maps = map
        return options
    }
}
