// `echoprep review`: the page on which people look, decide and label, and what they decided.

import ArgumentParser
import Catalog
import EchoCore
import Foundation
import Review

extension QueueOrder: ExpressibleByArgument {}
extension ReadingOptions.ClipChoice: ExpressibleByArgument {}

struct ReviewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "review", abstract: "Look at clips, decide and label, in a browser.",
        discussion: """
            Examples:
              echoprep review dataset
              echoprep review dataset --rater anna --blind --run runs/icd
            """,
        subcommands: [
            ReviewServeCommand.self, ReviewExportCommand.self, ReviewAgreementCommand.self,
            ReviewMergeCommand.self,
        ], defaultSubcommand: ReviewServeCommand.self)
}

struct ReviewServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves the page for one rater, on this machine alone, until Ctrl-C.",
        discussion: """
            The address that is printed holds a token: only who has it can look. On a cluster, forward its port: \
            ssh -L PORT:127.0.0.1:PORT NODE. A key is a decision, on the disk when the page says "saved", in \
            DATASET/review.sqlite, which no other command writes to. The same command goes on where it was left.

            Examples:
              echoprep review dataset
              echoprep review dataset --rater anna --blind --run runs/icd
            """)

    @Argument(help: "The dataset folder.", completion: .directory) var dataset: String
    @Option(help: "Who decides.") var rater = ProcessInfo.processInfo.environment["USER"] ?? "rater"
    @Flag(help: "Decide where raters differ: this word counts above theirs.") var adjudicator = false
    @Option(help: "2 and more: the same clips read again, to see how far a rater agrees with themself.")
    var round = 1
    @Flag(help: "Hide labels, predictions and other raters until R, which is recorded; the order is drawn.")
    var blind = false
    @Option(help: "Clips of studies for which this is true (docs/queries.md#where).") var `where`: String?
    @Option(
        help:
            "The order: \(QueueOrder.allCases.map(\.rawValue).joined(separator: ", ")) (default: order; blinded: random)."
    )
    var queue: QueueOrder?
    @Option(
        help: "Which files: \(ReadingOptions.ClipChoice.allCases.map(\.rawValue).joined(separator: ", ")).")
    var clips = ReadingOptions.ClipChoice.all
    @Option(help: "Seed of drawn orders.") var seed: UInt64 = 1
    @Option(
        name: .customLong("run"), help: "A run whose predictions and attention are shown.",
        path: .folder)
    var trained: String?
    @Option(help: "A YAML file of fields, choices and keys (docs/review.md).", path: .file) var form: String?
    @Option(
        help: "Another file of decisions than DATASET/review.sqlite: one a rater, where files have no locks.")
    var file: String?
    @Option(help: "The port; a free one if not given.") var port = 0
    @Option(help: "The address to listen on.") var host = "127.0.0.1"
    @Flag(help: "Allow a --host that other machines can reach. The page is not encrypted.") var allowRemote =
        false
    @OptionGroup var place: PlaceOptions
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func validate() throws {
        guard rater.wholeMatch(of: /[^\p{Cc}]{1,60}/) != nil else {
            throw ValidationError("--rater is a name of 1 to 60 characters")
        }
        guard allowRemote || ["127.0.0.1", "localhost", "::1"].contains(host) else {
            throw ValidationError(
                "--host \(host) can be reached by others, and the page is not encrypted: add --allow-remote, or use ssh -L"
            )
        }
        // A browser asks for the page by an address that leads here, and no other name is answered.
        guard !["0.0.0.0", "::"].contains(host) else {
            throw ValidationError(
                "--host is the name or address by which others reach this machine, not \(host)")
        }
        guard !(queue?.needsRun ?? false) || trained != nil else {
            throw ValidationError("--queue \(queue?.rawValue ?? "") needs --run")
        }
    }

    func run() throws {
        var reading = ReadingOptions(rater: rater)
        reading.role = adjudicator ? .adjudicator : .rater
        reading.round = round
        reading.isBlind = blind
        reading.filter = `where`
        reading.queue = queue ?? (blind ? .random : .order)
        reading.clips = clips
        reading.seed = seed
        var options = ReviewOptions(dataset: dataset, reading: reading)
        options.form = form
        options.file = file
        options.host = host
        options.port = port
        let model = try trained.map { try ReviewModel(run: $0, dataset: dataset, place: try place.place()) }
        try serveReview(options, model: model) { url in try? show(url) }
    }
}
