// Which views of a study latent attention reads.

package import Catalog
import Foundation
package import Models
package import Pictures
import StudyData

extension TrainedModel {
    /// The latent attention of a study from view to view, and each view's middle frame as it lies in the shards, in the
    /// order of the views; nil for a model without latent attention.
    package func attention(of study: StoredStudy) throws -> (attention: ViewAttention, views: [Picture])? {
        let study = Study(stored: study, target: [])
        let batch = try loader.load([study], .evaluation())
        guard let attention = model.viewAttention(batch.input).first else { return nil }
        let views = try loader.studies.views(of: study, .evaluation()).map { index in
            let clip = try loader.studies.shards.pixels(of: study.stored.clips[index])
            return Picture(
                width: clip.side, height: clip.side, channels: clip.channels,
                pixels: Array(try clip.frame(clip.frames / 2)))
        }
        return (attention, views)
    }
}
