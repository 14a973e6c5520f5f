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
            """)

    @Argument(
        help: "The folder of the source: MIMIC-IV-ECHO, or any folder of DICOM, AVI and MP4 files.",
        completion: .directory)
    var source: String

    @Option(help: "The folder of the dataset; made if it is not there.", completion: .directory)
    var dataset: String

    @Option(help: "\(layoutNames.joined(separator: ", ")); found by looking if not given.")
    var layout: String?

    @Option(help: "What is stored of a pixel: luma, echoprime (B, G, R as EchoPrime's) or rgb.")
    var pixels = PixelLayout.luma

    @Option(
        help: """
            The part of the picture: echoprime (the centre), sector (all of the sector) or none. (default: echoprime, \
            for EchoNet's layouts none)
            """)
    var crop: CropRule?

    @Option(help: "Rows and columns of a stored frame.")
    var size = 224

    @Option(help: "Kinds kept beside bmode, as doppler,still,spectral,m-mode,3-d,uncertain.")
    var keep: String = ""

    @Flag(help: "Keep clips whose tags and pixels disagree.")
    var keepUncertain = false

    @Flag(inversion: .prefixedNo, help: "Keep the complete frames before a fault.")
    var salvage = true

    @Option(help: "The first so many frames of a clip.")
    var maxFrames: Int?

    @Option(help: "Bytes of a shard, as 1GiB or 64MiB; a study is never split.")
    var shardSize = ByteCount(bytes: 1 << 30)

    @Option(help: "How frames are stored: none (mapped, fastest), or png (half the disk).")
    var compress = Compression.none

    @Option(help: "Workers.")
    var jobs = availableProcessors()

    @Option(help: "The fold to test on, where the source's list has folds; the next one is val.")
    var testFold = 0

    @Option(help: "One of several workers, as 3/16; echoprep merge joins them.")
    var part: PartNumber?

    @Option(
        help: """
            A command that downloads what the source's list names and the disk has not: a file's {path}, or the {folder} of a \
            study's, to {to}.
            """)
    var stage: String?

    @Option(help: "Bytes that downloads may take until they are read, as 200GiB.")
    var space = ByteCount(bytes: 200 << 30)

    @Option(help: "Where downloads lie meanwhile. (default: .stage in the dataset)")
    var stageFolder: String?

    @Option(help: "Studies that are downloaded at once.")
    var stageJobs = 4

    @Option(help: "How often a download is tried.")
    var tries = 5

    @Option(help: "Seconds before a download is tried again, twice as many each time.")
    var retryWait = 5.0

    @Option(help: "Seconds without a byte after which a download is stopped.")
    var stall = 300.0

    @Option(
        help: """
            Keep what people decided to keep on the review page, whatever it shows: consensus, or a rater's name \
            (docs/review.md).
            """)
    var decisions = Decisions.none

    @Flag(help: "Exit with 2 if a file could not be read as a clip.")
    var strict = false

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var configuration: ConfigurationOptions

    func validate() throws {
        _ = try kinds()
    }

    func run() throws {
        var options = IngestOptions(source: source, dataset: dataset)
        options.layout = layout
        options.rules.pixels = pixels
        options.crop = crop
        options.rules.size = size
        options.rules.keep = try kinds()
        options.rules.salvage = salvage
        options.rules.maxFrames = maxFrames
        options.rules.shardSize = shardSize.bytes
        options.rules.compress = compress
        if decisions != Decisions.none {
            options.decisions = decisions
            options.rules.decided = try Decisions.kept(decisions, dataset: dataset)
        }
        options.testFold = testFold
        options.jobs = jobs
        options.part = part.map { ($0.number, $0.of) }
        if let stage {
            var staging = try StageOptions(command: stage, space: space.bytes)
            staging.folder = stageFolder
            staging.jobs = stageJobs
            staging.tries = tries
            staging.wait = retryWait
            staging.patience = stall
            options.stage = staging
        }
        options.commandLine = CommandLine.arguments.joined(separator: " ")
        if dryRun {
            let plan = try planIngest(options)
            show(try json ? jsonText(plan) : plan.text)
            return
        }
        let summary = try ingest(options)
        show(try json ? jsonText(summary) : summary.text)
        if strict, summary.rejected > 0 { throw ExitCode(2) }
    }

    private func kinds() throws -> Set<ClipKind> {
        let kinds = try keep.split(separator: ",").map { name in
            guard let kind = ClipKind(rawValue: String(name)) else {
                let known = ClipKind.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--keep knows no kind \(name); the kinds are \(known)")
            }
            return kind
        }
        return Set(kinds).union(keepUncertain ? [.uncertain] : [])
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
