// Intervals and the page: the options of `evaluate`, in the groups that help shows.

import ArgumentParser

/// How an evaluation is summed up.
struct IntervalOptions: ParsableArguments {
    @Option(help: "How often subjects are weighted anew for the intervals; 0 for none.")
    var bootstrap = 1000

    @Option(help: "The percentage that intervals cover.")
    var confidence = 95.0

    @Option(help: "Seed of the resamplings.")
    var seed: UInt64 = 1

    @Option(help: "A macro average over some of the codes, as shown=I50,I11; may be repeated.")
    var group: [String] = []
}

/// What an evaluation's page shows.
struct PageOptions: ParsableArguments {
    @Option(help: "Write a page about all that was given here; RUN/report.html leads to each run's own.")
    var report: String?

    @Flag(help: "Show the whole source pictures beside the cropped clips, with all that is written in them.")
    var showSource = false

    @Flag(help: "Name studies on the page.")
    var showIds = false
}
