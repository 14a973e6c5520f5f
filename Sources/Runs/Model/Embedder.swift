// What a model knows of a study, a clip or a frame, as one vector: the mean of its tokens.

package import Catalog
import EchoCore
package import Models
import StudyData

/// The vector of one study, clip or frame.
package struct Embedding: Sendable {
    package let study: StoredStudy
    /// The clip's tensor in the shards; nil for a study.
    package let clip: String?
    /// The source frame, from 0; nil for a study or a clip.
    package let frame: Int?
    package let vector: [Float]
}

extension TrainedModel {
    /// Calls `body` with the vectors of each study in turn: one, or those of its clips or frames in the shards' order.
    ///
    /// The views and frames are those of validation. A clip or frame that was sampled twice has its first vector.
    package func embed(
        _ studies: [StoredStudy], per pooling: EchoModel.Pooling, _ body: ([Embedding]) throws -> Void
    ) throws {
        let all = studies.map { Study(stored: $0, target: []) }
        let sampler = loader.studies.sampler, width = configuration.model.dim
        try loader.evaluate(all, batch: 1, workers: workers) { batch, loaded in
            let study = batch[batch.startIndex], stored = study.stored
            let values = model.embeddings(loaded.input, per: pooling)
            let views = loader.studies.views(of: study, .evaluation())
            var middle: SeededRandom?
            // [] for the study, [clip] or [clip, frame], in the order of `values`.
            let units: [[Int]] =
                switch pooling {
                case .study: [[]]
                case .clip: views.map { [$0] }
                case .frame:
                    views.flatMap { view in
                        sampler.frames(of: stored.clips[view].frames, random: &middle).map { [view, $0] }
                    }
                }
            var seen = Set<[Int]>()
            let rows = units.indices.filter { seen.insert(units[$0]).inserted }
                .sorted { units[$0].lexicographicallyPrecedes(units[$1]) }
            try body(
                rows.map { row in
                    Embedding(
                        study: stored, clip: units[row].first.map { stored.clips[$0].name },
                        frame: units[row].dropFirst().first,
                        vector: Array(values[row * width..<(row + 1) * width]))
                })
        }
    }
}
