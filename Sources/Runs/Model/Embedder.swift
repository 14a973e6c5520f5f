// What a model knows of a study, a clip or a frame, as one vector: the mean of its tokens.

package import Catalog
import Compute
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

/// What one vector of a study stands for.
package struct EmbeddingUnit: Sendable {
    /// As in `Embedding`.
    package let clip: String?, frame: Int?
    /// Its place among what the model pools.
    fileprivate let place: Int
}

/// More views than nearly all studies have.
package let usualViewsPerPass = 128

extension TrainedModel {
    /// What the vectors of a study stand for: itself, or its clips or frames that the model sees, in the shards' order.
    ///
    /// A clip or frame that was sampled twice has its first vector.
    package func units(of stored: StoredStudy, per pooling: EchoModel.Pooling) -> [EmbeddingUnit] {
        let sampler = loader.studies.sampler
        let views = loader.studies.views(of: Study(stored: stored, target: []), .evaluation())
        var middle: SeededRandom?
        // [] for the study, [clip] or [clip, frame], in the order of what the model pools.
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
        return units.indices.filter { seen.insert(units[$0]).inserted }
            .sorted { units[$0].lexicographicallyPrecedes(units[$1]) }
            .map { place in
                EmbeddingUnit(
                    clip: units[place].first.map { stored.clips[$0].name } ?? stored.alone,
                    frame: units[place].dropFirst().first, place: place)
            }
    }

    /// Calls `body` with the vectors of each study in turn, in the order of its units, on this rank alone.
    ///
    /// The views and frames are those of validation. A study of more views than `most` is seen in several passes, so that
    /// memory has a bound: views of different passes do not see each other, and the study's vector is the mean over all.
    package func embed(
        _ studies: [StoredStudy], per pooling: EchoModel.Pooling, viewsPerPass most: Int = usualViewsPerPass,
        _ body: ([Embedding]) throws -> Void
    ) throws {
        let all = studies.map { Study(stored: $0, target: []) }
        let width = configuration.model.dim
        let passes = all.indices.flatMap { study in
            let count = viewCount(of: all[study].stored)
            return stride(from: 0, to: count, by: most).map { first in
                (study: study, views: first..<min(first + most, count), isLast: first + most >= count)
            }
        }
        var values: [Float] = []
        try produceInOrder(
            passes.count, workers: workers, window: workers + 1,
            produce: { [loader] in
                try loader.load(all[passes[$0].study], .evaluation(), pass: passes[$0].views)
            },
            consume: { index, loaded in
                try Interruption.check()
                let pass = passes[index], stored = all[pass.study].stored
                let found = model.embeddings(loaded.input, per: pooling)
                loader.recycle(loaded)
                if pooling == .study, pass.views.lowerBound > 0 {
                    let before = Float(pass.views.lowerBound), now = Float(pass.views.count)
                    for place in values.indices {
                        values[place] = (values[place] * before + found[place] * now) / (before + now)
                    }
                } else {
                    values += found
                }
                guard pass.isLast else { return }
                try body(
                    units(of: stored, per: pooling).map { unit in
                        Embedding(
                            study: stored, clip: unit.clip, frame: unit.frame,
                            vector: Array(values[unit.place * width..<(unit.place + 1) * width]))
                    })
                values.removeAll()
            })
    }

    /// How many views of a study the model sees.
    package func viewCount(of stored: StoredStudy) -> Int {
        loader.studies.views(of: Study(stored: stored, target: []), .evaluation()).count
    }

    /// The vectors of all studies one after the other, in the order of their units; each rank finds those of its share.
    ///
    /// - Parameter each: receives how many studies are done
    package func embeddings(
        of studies: [StoredStudy], per pooling: EchoModel.Pooling, viewsPerPass most: Int = usualViewsPerPass,
        each: (Int) -> Void
    ) throws -> [Float] {
        let width = configuration.model.dim
        return try ranks.spread(studies.map { units(of: $0, per: pooling).count * width }) { share in
            var values: [Float] = [], done = 0
            try embed(Array(studies[share]), per: pooling, viewsPerPass: most) { study in
                for embedding in study { values += embedding.vector }
                done += 1
                each(ranks.estimate(done, of: studies.count))
            }
            return values
        }
    }
}
