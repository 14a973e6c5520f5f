// Which clips of a study, and which frames of each clip, the model sees in one step.

package import EchoCore

/// Draws a set of views from a study and a run of equally spaced frames from each.
package struct Sampler: Sendable, Equatable {
    /// Clips a study (V), frames a clip (T), and source frames from one sampled frame to the next.
    package let views: Int, frames: Int, stride: Int
    /// Whether a study with fewer clips repeats them up to `views`; otherwise it stays a smaller set.
    package let padViews: Bool

    package init(views: Int, frames: Int, stride: Int, padViews: Bool = false) {
        precondition(views > 0 && frames > 0 && stride > 0, "a sample has views, frames and a stride")
        self.views = views
        self.frames = frames
        self.stride = stride
        self.padViews = padViews
    }

    /// The clips of a study that has `count` of them, in the order they enter: all different, at most `views`.
    package func views(of count: Int, random: inout SeededRandom) -> [Int] {
        precondition(count > 0, "a study has clips")
        let drawn = random.sample(min(views, count), of: count)
        return padViews ? (0..<views).map { drawn[$0 % drawn.count] } : drawn
    }

    /// The frames of a clip of `count` frames: `frames` of them, equally spaced, ascending until they wrap.
    ///
    /// They lie in a window of `frames`·`stride` source frames. A shorter clip takes the largest stride whose window
    /// it still holds; one with fewer than `frames` frames is taken frame by frame, again from its first when it ends.
    /// `random` places the window; nil takes the middle one.
    package func frames(of count: Int, random: inout SeededRandom?) -> [Int] {
        precondition(count > 0, "a clip has frames")
        let step = max(1, min(stride, count / frames))
        let room = max(0, count - frames * step)
        let start = random?.below(room + 1) ?? room / 2
        return (0..<frames).map { (start + $0 * step) % count }
    }
}
