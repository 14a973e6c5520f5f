// What a pre-trained model makes of studies that it never saw.

package import Catalog
import Models
package import Pictures
import StudyData

extension TrainedModel {
    /// A picture of the middle frame of each view, a column each: what the encoder sees, the reconstruction, the original
    /// and the error; and the mean squared error of the masked patches. Nil for a fine-tuned model, which has no decoder.
    package func reconstruct(_ studies: [StoredStudy]) throws -> (picture: Picture, loss: Double)? {
        let batch = try loader.load(studies.map { Study(stored: $0, target: []) }, .evaluation())
        guard let mask = batch.mask else { return nil }
        let (loss, prediction) = model.reconstruct(batch.input, mask)
        let drawing = Reconstructions(model: configuration.model, normalisation: configuration.normalisation)
        let pixels = batch.input.numbers(of: configuration.model, on: model.engine)
        return (drawing.picture(pixels, batch.input, mask, prediction: prediction, errors: true), loss)
    }
}
