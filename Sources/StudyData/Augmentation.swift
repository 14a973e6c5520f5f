// One draw per clip of where the model looks: a crop of the picture, turned a little; evaluation sees all of it.

package import EchoCore
import Foundation

/// The part of a square picture that becomes the model's image, in fractions of the picture's side.
package struct ClipView: Sendable, Equatable {
    /// The middle of the part, and its size before turning.
    package var centreX = 0.5, centreY = 0.5, width = 1.0, height = 1.0
    /// Turn about the middle, in radians, clockwise on the screen.
    package var angle = 0.0

    /// The whole picture: what evaluation sees.
    package static let whole = ClipView()

    package init() {}
}

/// The ranges from which a clip's view is drawn (the paper's crop; the turn is ours, the paper gives none).
package struct Augmentation: Sendable, Equatable {
    /// Share of the picture's area, width over height (log-uniform), and greatest turn to either side in degrees.
    package var scale = 0.6...1.0
    package var ratio = 0.9...1.1
    package var degrees = 15.0

    package init(degrees: Double = 15) { self.degrees = degrees }

    /// Draws the view of one clip, the same for all its frames.
    ///
    /// The crop lies inside the picture: sizes that do not fit are drawn again, ten times at most, then the whole
    /// picture stays (as torchvision's RandomResizedCrop). A turned crop may look past the edge, where it is black.
    package func draw(_ random: inout SeededRandom) -> ClipView {
        var view = ClipView.whole
        for _ in 0..<10 {
            let area = random.uniform(scale)
            let shape = exp(random.uniform(log(ratio.lowerBound)...log(ratio.upperBound)))
            let width = (area * shape).squareRoot()
            let height = (area / shape).squareRoot()
            guard width <= 1, height <= 1 else { continue }
            view.width = width
            view.height = height
            break
        }
        view.centreX = view.width / 2 + random.uniform() * (1 - view.width)
        view.centreY = view.height / 2 + random.uniform() * (1 - view.height)
        view.angle = random.uniform(-degrees...degrees) * .pi / 180
        return view
    }
}
