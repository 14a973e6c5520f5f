// From a study in the shards to what the model sees of it: views, frames, and where in them it looks.

import Catalog
package import EchoCore
package import Foundation
import Models

/// For what a study is loaded, and with which draw.
package enum Draw: Sendable {
    /// Views, window and crop drawn anew in every epoch.
    case training(epoch: Int)
    /// The same views and the middle window whenever asked, the whole picture; another `draw` gives other views.
    case evaluation(draw: Int = 0)
}

/// Loads studies. Every draw is a named stream of the seed, so no order of work and no thread changes it.
package struct StudyLoader: Sendable {
    package let shards: ShardPool
    package let sampler: Sampler
    /// Nil for the whole picture in training too.
    package let augmentation: Augmentation?
    package let image: Int, channels: Int
    package let normalisation: Normalisation
    package let seed: UInt64

    package init(
        shards: ShardPool, sampler: Sampler, augmentation: Augmentation?, image: Int, channels: Int,
        normalisation: Normalisation, seed: UInt64
    ) {
        self.shards = shards
        self.sampler = sampler
        self.augmentation = augmentation
        self.image = image
        self.channels = channels
        self.normalisation = normalisation
        self.seed = seed
    }

    /// The clips of a study that a draw takes, by their place in it, in the order they enter.
    package func views(of study: Study, _ draw: Draw) -> [Int] {
        var random =
            switch draw {
            case .training(let number): SeededRandom(seed: seed, "views", number, study.stored.key)
            case .evaluation(let number): SeededRandom(seed: 0, "evaluation views", number, study.stored.key)
            }
        return sampler.views(of: study.stored.clips.count, random: &random)
    }

    /// The study's views, in the order they enter; of them those of `pass`, or all.
    package func load(
        _ study: Study, _ draw: Draw, pass: Range<Int>? = nil
    ) throws(EchoError) -> [LoadedView] {
        let key = study.stored.key
        let clips = study.stored.clips
        var epoch: Int?
        if case .training(let number) = draw { epoch = number }
        var loaded: [LoadedView] = []
        for (place, clip) in views(of: study, draw).enumerated() where pass?.contains(place) ?? true {
            let stored = try shards.pixels(of: clips[clip])
            guard stored.channels == channels else {
                throw EchoError(
                    "shards/\(clips[clip].shard)",
                    "a clip has \(stored.channels) channels, the model \(channels)",
                    try: "train on a dataset of one --pixels choice")
            }
            var window = epoch.map { SeededRandom(seed: seed, "frames", $0, key, place) }
            var frames: [Data] = []
            for index in sampler.frames(of: stored.frames, random: &window) {
                frames.append(try stored.frame(index))
            }
            var view = ClipView.whole
            if let epoch, let augmentation {
                var random = SeededRandom(seed: seed, "augment", epoch, key, place)
                view = augmentation.draw(&random)
            }
            loaded.append(LoadedView(frames: frames, side: stored.side, view: view))
        }
        return loaded
    }
}

/// A clip as it lies in the shards, and what the model is to see of it.
package struct LoadedView: Sendable {
    /// U8 [side, side, channels] each.
    package let frames: [Data]
    package let side: Int
    package let view: ClipView
}

extension StudyLoader {
    /// Channels of the dataset's clips, found on its first.
    package static func channels(of studies: [Study], in shards: ShardPool) throws(EchoError) -> Int {
        guard let clip = studies.first?.stored.clips.first else { return 1 }
        return try shards.pixels(of: clip).channels
    }

    /// Mean and deviation over at most `clips` clips of the training split, four frames each, drawn by the seed 0.
    ///
    /// More would not move the third digit, and reading every frame of a large dataset takes longer than an epoch.
    package static func normalisation(
        of studies: [Study], in shards: ShardPool, channels: Int, clips limit: Int = 1000
    ) throws -> Normalisation {
        let clips = studies.flatMap(\.stored.clips)
        var random = SeededRandom(seed: 0, "normalisation")
        let chosen = random.sample(min(limit, clips.count), of: clips.count).sorted()
        var sums = PixelSums(channels: channels)
        try produceInOrder(chosen.count, workers: 2, window: 16) { index in
            let stored = try shards.pixels(of: clips[chosen[index]])
            var own = PixelSums(channels: channels)
            for place in 0..<min(4, stored.frames) {
                own.add(try stored.frame(place * stored.frames / min(4, stored.frames)).bytes)
            }
            return own
        } consume: { _, own in
            sums.add(own)
        }
        return sums.normalisation
    }
}
