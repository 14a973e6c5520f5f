// What a pre-trained model makes of masked clips, as a picture: masked input, reconstruction, original.

import EchoCore
package import Models
package import Pictures
package import StudyData

/// Draws the middle frame of each view of a batch as a column of three pictures.
package struct Reconstructions {
    package let model: ModelConfiguration
    package let normalisation: Normalisation

    package init(model: ModelConfiguration, normalisation: Normalisation) {
        self.model = model
        self.normalisation = normalisation
    }

    /// Rows: what the encoder sees, that with the predicted patches in between, and the original.
    ///
    /// - Parameters:
    ///   - pixels: the batch's, normalised
    ///   - prediction: [ΣV, T, N, patch·patch·channels] as the model gives it
    ///   - errors: whether a fourth row shows how far each pixel is off, black for not at all, white for half of the range
    package func picture(
        _ pixels: [Float], _ batch: StudyBatch, _ mask: PretrainMask, prediction: [Float],
        errors: Bool = false
    ) -> Picture {
        let c = model
        var rows: [[Picture]] = [[], [], []] + (errors ? [[]] : [])
        let hidden = c.maskViews > 0 ? mask.hiddenViews(c, viewCounts: batch.viewCounts) : []
        for view in 0..<batch.views {
            let frame = view * c.frames + c.frames / 2
            let original = patches(of: pixels, frame: frame)
            let kept = hidden.contains(view) ? [] : Set(mask.keep[frame].map(Int.init))
            var masked = original
            var predicted = original
            for patch in 0..<c.patches where !kept.contains(patch) {
                let start = (frame * c.patches + patch) * c.patchWidth
                masked[patch] = nil
                predicted[patch] = restored(
                    Array(prediction[start..<start + c.patchWidth]), like: original[patch]!)
            }
            for (row, content) in [masked, predicted, original].enumerated() {
                rows[row].append(draw(content))
            }
            if errors { rows[3].append(draw(zip(predicted, original).map(distance))) }
        }
        return Picture.montage(rows.flatMap { $0 }, columns: batch.views)
    }

    /// The patches of a frame as the model predicts them: (row, column, channel).
    private func patches(of pixels: [Float], frame: Int) -> [[Float]?] {
        let c = model
        return (0..<c.patches).map { patch in
            let (top, left) = (patch / c.gridSide * c.patch, patch % c.gridSide * c.patch)
            var values: [Float] = []
            for y in top..<top + c.patch {
                for x in left..<left + c.patch {
                    for channel in 0..<c.channels {
                        values.append(pixels[((frame * c.channels + channel) * c.image + y) * c.image + x])
                    }
                }
            }
            return values
        }
    }

    /// A prediction in pixels; with `normPix` it takes the original patch's mean and deviation, as MAE's pictures do.
    private func restored(_ values: [Float], like original: [Float]) -> [Float] {
        guard model.normPix else { return values }
        let mean = original.reduce(0, +) / Float(original.count)
        let squares = original.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let deviation = (squares / Float(original.count - 1) + 1e-6).squareRoot()
        return values.map { $0 * deviation + mean }
    }

    /// How far a patch is off, scaled so that `draw` shows it from black to white.
    private func distance(_ predicted: [Float]?, _ original: [Float]?) -> [Float]? {
        guard let predicted, let original else { return nil }
        return predicted.indices.map { index in
            let channel = index % model.channels
            let (mean, deviation) = (normalisation.mean[channel], normalisation.deviation[channel])
            return 2 * abs(predicted[index] - original[index]) - mean / deviation
        }
    }

    /// A frame from its patches; one that is missing is mid-gray.
    private func draw(_ patches: [[Float]?]) -> Picture {
        let c = model
        var pixels = [UInt8](repeating: 96, count: c.image * c.image * c.channels)
        for (patch, values) in patches.enumerated() {
            guard let values else { continue }
            let (top, left) = (patch / c.gridSide * c.patch, patch % c.gridSide * c.patch)
            for (place, value) in values.enumerated() {
                let (at, channel) = place.quotientAndRemainder(dividingBy: c.channels)
                let (y, x) = (top + at / c.patch, left + at % c.patch)
                let level = (value * normalisation.deviation[channel] + normalisation.mean[channel]) * 255
                // NaN fails both comparisons of the clamp and would trap in UInt8.
                let shown = level.isFinite ? min(255, max(0, level)) : 0
                pixels[(y * c.image + x) * c.channels + channel] = UInt8(shown.rounded())
            }
        }
        return Picture(width: c.image, height: c.image, channels: c.channels, pixels: pixels)
    }
}
