// What a user chooses about an ingest, and which of the choices decide its bytes.

package import Crop
package import EchoCore
package import Shards

/// Everything that `echoprep ingest` is told.
package struct IngestOptions: Sendable {
    package var source: String
    package var dataset: String
    /// nil: found by looking.
    package var layout: String?
    /// Its `crop` gives way to the one below, or the layout's.
    package var rules = IngestRules()
    /// nil: the layout's.
    package var crop: CropRule?
    /// Workers.
    package var jobs = availableProcessors()
    /// One of several workers on several machines: this one's number from 1, and how many there are.
    package var part: (number: Int, of: Int)?
    /// Of a source whose list has folds for splits: the one to test on.
    package var testFold = 0
    /// Whose decisions `rules.decided` are; nil for none.
    package var decisions: String?
    /// How files that are not in the source are downloaded; nil for not at all.
    package var stage: StageOptions?
    /// For the database's record of runs.
    package var commandLine = ""

    package init(source: String, dataset: String) {
        self.source = source
        self.dataset = dataset
    }

    /// The folder that this worker writes to.
    var folder: String {
        part.map { "\(dataset)/\(partsFolder)/\($0.number)-of-\($0.of)" } ?? dataset
    }
}

/// The folder of a dataset in which parts wait for `merge`.
let partsFolder = "parts"

/// The choices that decide what is in a dataset; they stay the same over all its runs.
package struct IngestRules: Sendable, Equatable {
    package var pixels = PixelLayout.luma
    package var crop = CropRule.echoprime
    /// Rows and columns of a stored frame.
    package var size = 224
    /// The kinds that are kept beside B-mode.
    package var keep: Set<ClipKind> = []
    /// Whether the frames before a fault are kept.
    package var salvage = true
    /// The first so many frames of a clip; nil for all.
    package var maxFrames: Int?
    /// Bytes after which a shard ends with its study.
    package var shardSize = 1 << 30

    /// sha256 of files that people decided to keep, whatever kind they are of (docs/review.md).
    package var decided: Set<String> = []

    /// How shards hold frames.
    package var compress = Compression.none

    package init() {}

    /// As they stand in the database and in every shard.
    var texts: [String: String] {
        [
            "pixels": pixels.rawValue, "crop": crop.rawValue, "size": String(size),
            "keep": keep.union([.bmode]).map(\.rawValue).sorted().joined(separator: ","),
            "salvage": String(salvage),
            "max-frames": maxFrames.map { String($0) } ?? "all", "shard-size": String(shardSize),
            "compress": compress.rawValue,
        ]
    }

    /// Throws if a dataset was begun with other rules.
    func check(against begun: [String: String]) throws(EchoError) {
        for (key, value) in texts.sorted(by: { $0.key < $1.key }) {
            if let old = begun[key], old != value {
                throw EchoError(
                    "--\(key)", "is \(value), but this dataset was begun with \(old)",
                    try: "use the same options, or another --dataset")
            }
        }
    }
}
