// Everything that the page shows, gathered before any of it is drawn.

import Catalog
import EchoCore

/// The content of a report. What is nil or empty has no place on the page.
struct Report: Sendable {
    var title: String
    /// Who was judged, in a sentence.
    var lead = ""
    /// What makes its numbers worth less, a sentence each.
    var warnings: [String] = []
    /// One entry a run; the first is the one that the page is about.
    var runs: [ScoredRun] = []
    /// The runs by model; empty for a page about one run.
    var models: [ModelScores] = []
    var comparisons: [Comparison] = []
    /// An experiment's table.
    var results: ResultTable?
    /// What is drawn code by code where models are compared.
    var measure = Measure.auroc
    /// Measurements of one quantity, one entry a run; a page is about codes or about these.
    var measured: [ScoredMeasurements] = []
    var dataset: DatasetSummary?
    var clips: [SampleClip] = []
    var histories: [TrainingHistory] = []
    var reconstructions: [Reconstruction] = []
    /// What pre-trained models make of held-out studies.
    var heldOut: [HeldOut] = []
    var attention: AttentionMap?
    var map: EmbeddingMap?
    /// Options and versions, in the order of the page.
    var settings: [(name: String, value: String)] = []

    var scores: [RunScores] { runs.map(\.scores) }
    /// Whether the page is about one run, not a comparison.
    var isSingle: Bool { runs.count == 1 }

    /// The whole page: no script, no network, all pictures inside.
    var html: HTML { page(self) }
}

/// A dataset in numbers.
struct DatasetSummary: Sendable {
    var funnel: [FunnelStep]
    var prevalence: [Prevalence]
    /// Labelled studies with clips, and their subjects, in each split.
    var splits: [(split: Split, studies: Int, subjects: Int)]
}

/// A clip that moves on the page: frames side by side in one picture.
struct SampleClip: Sendable {
    struct Strip: Sendable {
        let image: EncodedImage
        let frames: Int
        /// Of one frame.
        let width: Int, height: Int
    }

    /// What may be said of it: never an id unless the user asked.
    let caption: String
    let cropped: Strip
    /// The clip as its file shows it, where the user asked for it.
    let source: Strip?
    /// How long the frames shown last in the body.
    let seconds: Double
    let facts: [String]

    /// The columns of `facts`.
    static let columns: [PageTable.Column] = [
        .text("Clip"), .number("Frames"), .number("Frames a second"), .text("Source, rows × columns"),
        .text("Crop: top, left, height, width"), .number("Sector, % of the picture"),
    ]
}

/// The losses of one training run.
struct TrainingHistory: Sendable {
    struct Point: Sendable {
        let epoch: Int, step: Int
        let value: Double
    }

    let name: String
    let lossName: String
    var training: [Point], validation: [Point]
    /// How good the model is on the validation split, after each epoch; empty in pre-training.
    var scores: [Point]
    /// What that is, and what a model that knows nothing has of it, where that is a number for all.
    let scoreName: String
    let ignorance: Double?
}

/// A model's picture of held-out studies: a column a view; rows are masked input, reconstruction, original and error.
struct HeldOut: Sendable {
    let model: String
    let image: EncodedImage
    let width: Int, height: Int
    let loss: Double
}

/// How the views of studies read each other in latent attention, means over layers and heads.
struct AttentionMap: Sendable {
    /// One study: each view's middle frame, and [views that read][views that are read], rows that add up to 1.
    let views: [EncodedImage]
    let shares: [[Double]]
    /// Over several studies: what a view reads of itself, and what it would if it read all alike.
    let studies: Int
    let own: Double, alike: Double
}

/// Studies on a plane: by principal components and by t-SNE.
struct EmbeddingMap: Sendable {
    /// What the studies are coloured by: its name, the names of its classes, and each study's; nil for not known.
    struct Colouring: Sendable {
        let name: String
        let classes: [String]
        let members: [Int?]
    }

    /// [studies][2].
    let components: [[Double]], neighbours: [[Double]]
    /// Of all variance, along each component.
    let shares: [Double]
    let colourings: [Colouring]
}

/// A picture of masked input, reconstruction and original, as pre-training wrote it.
struct Reconstruction: Sendable {
    let epoch: Int
    let image: EncodedImage
    let width: Int, height: Int
    let trainingLoss: Double?, validationLoss: Double?
}
