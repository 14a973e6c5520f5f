// What a model sees in one step: the frames of some studies, and in pre-training the patches that it may look at.

package import Compute
package import EchoCore

/// Studies side by side; they may differ in their number of views.
package struct StudyBatch: Sendable {
    /// Normalised pixels [ΣV, frames, channels, image, image]: the views of the first study, then those of the next.
    package enum Pixels: Sendable {
        case normalised([Float])
        /// Frames as shards hold them, which the engine that computes makes these of.
        case stored(HostPixels, [ClipSamples])
    }

    /// The number of views of each study.
    package let viewCounts: [Int]
    package let pixels: Pixels

    package init(viewCounts: [Int], pixels: Pixels) {
        self.viewCounts = viewCounts
        self.pixels = pixels
    }

    package init(viewCounts: [Int], pixels: [Float]) {
        self.init(viewCounts: viewCounts, pixels: .normalised(pixels))
    }

    /// ΣV: the views of all studies.
    package var views: Int { viewCounts.reduce(0, +) }

    /// The normalised pixels on the engine that the batch was loaded for.
    package func buffer(of c: ModelConfiguration, on engine: any Engine) -> Buffer {
        let buffer = engine.allocate(views * c.frames * c.frameSize)
        switch pixels {
        case .normalised(let numbers):
            precondition(numbers.count == buffer.count, "pixels fill the batch's shape")
            engine.write(numbers, to: buffer)
        case .stored(let frames, let clips):
            precondition(clips.count == views, "a view is what is seen of a clip")
            engine.resample(clips, of: frames, into: buffer, image: c.image)
        }
        return buffer
    }

    /// The normalised pixels in the program's memory, for what is drawn or written.
    package func numbers(of configuration: ModelConfiguration, on engine: any Engine) -> [Float] {
        if case .normalised(let numbers) = pixels { return numbers }
        return engine.read(buffer(of: configuration, on: engine))
    }
}

/// The patches and tokens that a pre-training step keeps.
package struct PretrainMask: Sendable, Equatable {
    /// For each frame, in the order of the pixels (ΣV·T of them), the K patches that the encoder sees, in the order
    /// in which they enter.
    package let keep: [[Int32]]
    /// For each study, the tokens that latent attention sees, of V·T·K, in the order in which they enter; empty for
    /// models without latent attention.
    package let keepLatent: [[Int32]]

    package init(keep: [[Int32]], keepLatent: [[Int32]]) {
        self.keep = keep
        self.keepLatent = keepLatent
    }

    /// A random mask: a draw of its own for every frame, or for every view (tubes) in the video models.
    package init(
        random configuration: ModelConfiguration, viewCounts: [Int], using random: inout SeededRandom
    ) {
        let c = configuration
        var keep: [[Int32]] = []
        for _ in 0..<viewCounts.reduce(0, +) {
            var draw = random.sample(c.keptPatches, of: c.patches).sorted().map { Int32($0) }
            for frame in 0..<c.frames {
                if frame > 0, !c.kind.isVideo {
                    draw = random.sample(c.keptPatches, of: c.patches).sorted().map { Int32($0) }
                }
                keep.append(draw)
            }
        }
        self.keep = keep
        guard c.kind.hasLatentAttention else {
            keepLatent = []
            return
        }
        let perView = c.frames * c.keptPatches
        keepLatent = viewCounts.map { views in
            let hidden = c.hiddenViews(of: views)
            let shown = hidden == 0 ? Array(0..<views) : random.sample(views - hidden, of: views).sorted()
            return random.sample(c.keptLatents(views: views), of: shown.count * perView).sorted()
                .map { Int32(shown[$0 / perView] * perView + $0 % perView) }
        }
    }

    /// Of all views, those of which latent attention sees no token.
    package func hiddenViews(_ configuration: ModelConfiguration, viewCounts: [Int]) -> Set<Int> {
        let perView = configuration.frames * configuration.keptPatches
        var hidden: Set<Int> = [], first = 0
        for (views, kept) in zip(viewCounts, keepLatent) {
            hidden.formUnion(first..<first + views)
            for token in kept { hidden.remove(first + Int(token) / perView) }
            first += views
        }
        return hidden
    }
}
