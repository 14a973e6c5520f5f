// What a model is to see of a clip: where in its frames the image looks, and how pixels are normalised, for the engine to do.

package import Compute
import Foundation

/// Describes how the frames of a clip become the model's image: cropped, turned, resized and normalised in one pass.
///
/// Each pixel of the image is the mean of n×m bilinear samples spread evenly over its area, n and m the factor by which
/// the picture shrinks, rounded up. Shrinking by a whole number is therefore exactly the mean over the area, growing is
/// plain bilinear interpolation, and a turn needs no special case. Outside of the picture is black.
package struct Resampling: Sendable {
    /// Side of the clip's square frames, and of the model's image.
    package let source: Int, image: Int
    package let normalisation: Normalisation

    package init(source: Int, image: Int, normalisation: Normalisation) {
        self.source = source
        self.image = image
        self.normalisation = normalisation
    }

    /// What is seen through `view` of so many frames, U8 [source, source, channels] each, the first of which begins at `start`.
    package func samples(of frames: Int, at start: Int, view: ClipView) -> ClipSamples {
        let side = Double(source), width = view.width * side, height = view.height * side
        let rows = max(1, Int((height / Double(image) - 1e-9).rounded(.up)))
        let columns = max(1, Int((width / Double(image) - 1e-9).rounded(.up)))
        // From one sample to the next to the right and below, and from the middle of the view to the first, unturned.
        let across = width / Double(image * columns), down = height / Double(image * rows)
        let (left, above) = ((across - width) / 2, (down - height) / 2)
        let (cosine, sine) = (cos(view.angle), sin(view.angle))
        return ClipSamples(
            start: start, frames: frames, side: source,
            x: view.centreX * side + cosine * left - sine * above - 0.5,
            y: view.centreY * side + sine * left + cosine * above - 0.5,
            acrossX: cosine * across, acrossY: sine * across, downX: -sine * down, downY: cosine * down,
            rows: rows, columns: columns,
            scale: normalisation.deviation.map { 1 / (255 * $0 * Float(rows * columns)) },
            shift: zip(normalisation.mean, normalisation.deviation).map { -$0 / $1 })
    }
}
