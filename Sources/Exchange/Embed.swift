// `echoprep embed`: what a model knows of every study, clip or frame, as vectors for other programs.

package import Catalog
package import Compute
package import EchoCore
import Files
import Foundation
package import Models
import Report
import Runs
import Shards
import StudyData

/// What `echoprep embed` is asked to do.
package struct EmbedOptions: Sendable {
    /// The dataset; nil for the one that the run learned from.
    package var dataset: String?
    package var unit = EchoModel.Pooling.study
    /// Studies of one split; nil for all that have clips.
    package var split: Split?
    /// An expression over `v_study` that is true of all of them; nil for any study.
    package var cohort: String?
    /// Whose decisions hold; nil for nobody's.
    package var decisions: String?
    /// The views of the clips; none for any view.
    package var names: [String] = []
    /// Clips a study at most; nil for as many as the run took, `Int.max` for all.
    package var views: Int?
    /// Views of a study that the model sees at once; of more it is shown the study in several passes.
    package var viewsPerPass = usualViewsPerPass
    /// The files are this with `.safetensors` and `.parquet`; nil for `RUN/embeddings-UNIT`.
    package var out: String?
    /// Add where each row lies on a map: principal components and t-SNE.
    package var maps = false
    /// Where the model computes, whatever it learned on.
    package var place: Place

    package init(place: Place) { self.place = place }
}

/// What was written.
package struct EmbedSummary: Codable, Sendable {
    package let unit: String
    /// What the studies were chosen by, where something was given.
    package let cohort: Cohort?, views: ChosenViews?, decisions: Decisions?
    /// The same in sentences, and what was left in all the same.
    package let told: [String]
    package let studies: Int, vectors: Int, width: Int
    package let safetensors: String, parquet: String
    /// Views of a study that the model saw at once, and how many studies have more and were seen in several passes.
    package let viewsPerPass: Int, studiesInPasses: Int

    /// The lines that `embed` prints.
    package var text: String {
        let passes =
            studiesInPasses == 0
            ? ""
            : """

            \(grouped(studiesInPasses)) studies have more than \(viewsPerPass) views: they were seen in several passes, \
            whose views do not see each other
            """
        return told.map { $0 + "\n" }.joined() + """
            \(grouped(vectors)) vectors of \(width), one a \(unit), of \(grouped(studies)) studies\(passes)
            \(safetensors)
            \(parquet)
            """
    }
}

/// Writes one vector for each study, clip or frame: as safetensors, and as Parquet with its ids beside it.
///
/// The ranks of the place compute together, and the first writes.
///
/// - Returns: nil on all ranks but the first
/// - Throws: `EchoError`, which several ranks wrap as an `AgreedEnd` where they all come to it
package func embed(run: String, options: EmbedOptions) throws -> EmbedSummary? {
    let ranks = options.place.ranks
    let (trained, catalog, studies) = try ranks.together { try opened(run, options) }
    let units = studies.map { trained.units(of: $0, per: options.unit) }
    let rows = units.reduce(0) { $0 + $1.count }
    try ranks.together {
        guard !options.maps || 2...NeighbourMap.most ~= rows else {
            throw EchoError(
                "--map", "has \(grouped(rows)) vectors, not 2 to \(grouped(NeighbourMap.most))",
                try: "name a --split, or leave it out")
        }
    }
    let progress = Progress("embed", total: studies.count, unit: "studies")
    let values = try trained.embeddings(
        of: studies, per: options.unit, viewsPerPass: options.viewsPerPass
    ) { progress.update($0) }
    progress.finish(studies.count)
    return try ranks.first {
        let splits = try Split.allCases.flatMap { split in
            try catalog.studies(in: split).map { ($0.key, split) }
        }
        let table = EmbeddingTable(
            unit: options.unit, width: trained.configuration.model.dim,
            splits: Dictionary(splits) { first, _ in first }, Array(zip(studies, units)), values: values)
        let path = options.out ?? "\(run)/embeddings-\(options.unit.rawValue)"
        try table.write(safetensors: path + ".safetensors", model: trained.configuration.modelName)
        try writeFile(path + ".parquet", table.parquet(maps: options.maps))
        return EmbedSummary(
            unit: options.unit.rawValue, cohort: catalog.cohort, views: catalog.views,
            decisions: catalog.decisions, told: try catalog.told(), studies: studies.count,
            vectors: table.rows, width: table.width, safetensors: path + ".safetensors",
            parquet: path + ".parquet", viewsPerPass: options.viewsPerPass,
            studiesInPasses: studies.count { trained.viewCount(of: $0) > options.viewsPerPass })
    }
}

/// The run's model, its dataset, and the studies that it is to be shown.
private func opened(_ run: String, _ options: EmbedOptions) throws -> (TrainedModel, Catalog, [StoredStudy]) {
    let trained = try TrainedModel(
        run: run, dataset: options.dataset, views: options.views, viewsAtOnce: options.viewsPerPass,
        place: options.place)
    let catalog = try Catalog(
        datasetFolder: trained.dataset,
        keeping: Selection(cohort: options.cohort, views: options.names, decisions: options.decisions))
    // A run that learned from clips one by one is shown them so.
    let isOfClips = try StudySet.unit(of: trained.configuration.task, in: catalog) == .clip
    let studies = try catalog.studies(in: options.split).flatMap { isOfClips ? $0.clipByClip : [$0] }
    guard !studies.isEmpty else {
        throw EchoError(
            options.split.map { "--split \($0.rawValue)" } ?? "--dataset",
            "has no study with clips\(options.cohort == nil ? "" : " for which --where is true")",
            try: "run echoprep ingest, and link-icd for splits")
    }
    return (trained, catalog, studies)
}
