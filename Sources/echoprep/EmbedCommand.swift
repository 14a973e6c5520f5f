// `echoprep embed`: a model's vectors, for other programs.

import ArgumentParser
import Compute
import EchoCore
import Evaluation
import Exchange
package import Models

extension EchoModel.Pooling: ExpressibleByArgument {}

/// A number of clips, or "all".
private enum ViewCount: ExpressibleByArgument {
    case atMost(Int), all

    init?(argument: String) {
        if argument == "all" {
            self = .all
        } else if let count = Int(argument), count > 0 {
            self = .atMost(count)
        } else {
            return nil
        }
    }
}

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Writes what a model knows of each study, clip or frame: one vector each.",
        discussion: """
            The vector is the mean of the model's tokens; a study's is what its head is given. Written as \
            safetensors and as Parquet, with ids.
            """)

    @Argument(
        help: ArgumentHelp("The folder of a run, pre-trained or fine-tuned.", valueName: "run"),
        completion: .directory)
    var folder: String
    @Option(help: "The dataset (default: the one that the run learned from).", completion: .directory)
    var dataset: String?
    @Option(help: "What gets a vector.") var per = EchoModel.Pooling.study
    @Option(help: "Only the studies of this split.") var split: Split?
    @Option(
        name: .customLong("where"), help: "Only studies for which this is true, SQL over v_study.")
    var cohort: String?
    @Option(help: "Clips of a study that the model looks at, or all (default: the run's).")
    private var views: ViewCount?
    @Option(help: "The files' path without extension (default: RUN/embeddings-study).", completion: .file())
    var out: String?
    @Flag(help: "Add maps of at most 2,000 vectors to the Parquet file: principal components and t-SNE.")
    var map = false
    @OptionGroup(title: "Where it computes") var place: PlaceOptions
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        try withRanks { ranks in
            let options = try ranks.together { try self.options(ranks) }
            guard let summary = try embed(run: folder, options: options) else { return }
            try Standard.show(json ? jsonText(summary) : summary.text)
        }
    }

    private func options(_ ranks: any Ranks) throws -> EmbedOptions {
        var options = EmbedOptions(place: try place.place(ranks: ranks))
        options.dataset = dataset
        options.unit = per
        options.split = split
        options.cohort = cohort
        switch views {
        case .all: options.views = .max
        case .atMost(let count): options.views = count
        case nil: break
        }
        options.out = out
        options.maps = map
        return options
    }
}
