// What is kept and how it is downloaded: the options of `ingest`, in the groups that help shows.

import ArgumentParser
import Crop
import EchoCore
import Ingest
import Shards

/// What `ingest` keeps of clips.
struct StoringOptions: ParsableArguments {
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
}

/// How `ingest` downloads what it reads.
struct StagingOptions: ParsableArguments {
    @Option(
        help: """
            A command that downloads what the source's list names and the disk has not: a file's {path}, or the {folder} of a \
            study's, to {to}.
            """)
    var stage: String?

    @Option(help: "Bytes that downloads may take until they are read, as 200GiB.")
    var space = ByteCount(bytes: 200 << 30)

    @Option(help: "Where downloads lie meanwhile. (default: .stage in the dataset)", path: .folder)
    var stageFolder: String?

    @Option(help: "Studies that are downloaded at once.")
    var stageJobs = 4

    @Option(help: "How often a download is tried.")
    var tries = 5

    @Option(help: "Seconds before a download is tried again, twice as many each time.")
    var retryWait = 5.0

    @Option(help: "Seconds without a byte after which a download is stopped.")
    var stall = 300.0
}
