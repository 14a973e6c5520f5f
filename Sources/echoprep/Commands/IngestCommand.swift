// `echoprep ingest`: a folder of clips becomes a dataset.

import ArgumentParser
import Catalog
package import Crop
import EchoCore
import Ingest
package import Shards

struct IngestCommand: ConfigurableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Decodes, chooses, masks and crops the clips of a folder into a dataset.",
        discussion: """
            Every file ends as a row of the table clip in echoprep.sqlite: kept, or dropped with a reason. Stopped at \
            any moment, the same command goes on where it stopped, with the same result.

            Examples:
              echoprep ingest mimic-iv-echo --dataset dataset
              echoprep ingest mimic-iv-echo --dataset dataset --dry-run
              echoprep ingest mimic-iv-echo --dataset dataset --part 3/16 --jobs 8
            """)

    @Argument(
        help: "The folder of the source: MIMIC-IV-ECHO, or any folder of DICOM, AVI and MP4 files.",
        completion: .directory)
    var source: String

    @Option(help: "The folder of the dataset; made if it is not there.", path: .folder)
    var dataset: String

    @Option(help: "\(layoutNames.joined(separator: ", ")); found by looking if not given.")
    var layout: String?

    @Option(help: "Workers.")
    var jobs = availableProcessors()

    @Option(help: "The fold to test on, where the source's list has folds; the next one is val.")
    var testFold = 0

    @Option(help: "One of several workers, as 3/16; echoprep merge joins them.")
    var part: PartNumber?

    @Option(
        help: """
            Keep what people decided to keep on the review page, whatever it shows: consensus, or a rater's name \
            (docs/review.md).
            """)
    var decisions = Decisions.none

    @Flag(help: "Read files again that could not be read as clips, though they look as they did.")
    var retry = false

    @Option(help: "Stop where more files in a row than this cannot be opened; 0: never.")
    var unreadable = 5

    @Flag(help: "Exit with 2 if a file could not be read as a clip.")
    var strict = false

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup(title: "What is kept, and how it is stored") var storing: StoringOptions
    @OptionGroup(title: "Downloads") var staging: StagingOptions
    @OptionGroup var configuration: ConfigurationOptions
    @OptionGroup(title: "What it says") var speech: SpeechOptions

    func validate() throws {
        _ = try kinds()
    }

    func run() throws {
        var options = IngestOptions(source: source, dataset: dataset)
        options.layout = layout
        options.rules.pixels = storing.pixels
        options.crop = storing.crop
        options.rules.size = storing.size
        options.rules.keep = try kinds()
        options.rules.salvage = storing.salvage
        options.rules.maxFrames = storing.maxFrames
        options.rules.shardSize = storing.shardSize.bytes
        options.rules.compress = storing.compress
        if decisions != Decisions.none {
            options.decisions = decisions
            options.rules.decided = try Decisions.kept(decisions, dataset: dataset)
        }
        options.testFold = testFold
        options.jobs = jobs
        options.retry = retry
        options.greatestRun = unreadable
        options.part = part.map { ($0.number, $0.of) }
        if let command = staging.stage {
            var stage = try StageOptions(command: command, space: staging.space.bytes)
            stage.folder = staging.stageFolder
            stage.jobs = staging.stageJobs
            stage.tries = staging.tries
            stage.wait = staging.retryWait
            stage.patience = staging.stall
            options.stage = stage
        }
        options.commandLine = CommandLine.arguments.joined(separator: " ")
        if dryRun {
            let plan = try planIngest(options)
            try show(json ? jsonText(plan) : plan.text)
            return
        }
        let summary = try ingest(options)
        try show(json ? jsonText(summary) : summary.text)
        if part != nil {
            tell("next: echoprep merge, once all parts are done")
        } else if summary.layout == "mimic-iv-echo" {
            tellNext("link-icd", "--dataset", dataset, "--mimic-iv", "MIMIC-IV/hosp")
        } else {
            tellNext("train", "--dataset", dataset, "--run", "RUN")
        }
        if strict, summary.rejected > 0 { throw ExitCode(2) }
    }

    private func kinds() throws -> Set<ClipKind> {
        let kinds = try storing.keep.split(separator: ",").map { name in
            guard let kind = ClipKind(rawValue: String(name)) else {
                let known = ClipKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--keep knows no kind \(name); the kinds are \(known)")
            }
            return kind
        }
        return Set(kinds).union(storing.keepUncertain ? [.uncertain] : [])
    }
}

extension PixelLayout: ExpressibleByArgument {}
extension CropRule: ExpressibleByArgument {}
extension Compression: ExpressibleByArgument {}

/// A number of bytes as people write it.
struct ByteCount: ExpressibleByArgument, Measured, CustomStringConvertible {
    let bytes: Int
    var number: Double { Double(bytes) }

    init(bytes: Int) { self.bytes = bytes }

    init?(argument: String) {
        let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)]
        for (unit, factor) in units where argument.hasSuffix(unit) {
            guard let count = Int(argument.dropLast(unit.count)), count > 0, count < 1 << 32 else {
                return nil
            }
            self.init(bytes: count * factor)
            return
        }
        return nil
    }

    var description: String {
        for (unit, factor) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] where bytes % factor == 0
        {
            return "\(bytes / factor)\(unit)"
        }
        return String(bytes)
    }
}

/// One of several workers.
struct PartNumber: ExpressibleByArgument, CustomStringConvertible {
    let number: Int, of: Int

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let of = parts[1], (1...9999).contains(of),
            number >= 1,
            number <= of
        else { return nil }
        self.number = number
        self.of = of
    }

    var description: String { "\(number)/\(of)" }
}
