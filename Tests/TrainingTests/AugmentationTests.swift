import Compute
import ComputeCPU
import EchoCore
import Foundation
import StudyData
import Testing

private let plain = Normalisation(mean: [0], deviation: [1])

/// Random frames, U8 [side, side, channels].
private func noise(_ side: Int, channels: Int = 1, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededRandom(seed: seed, "noise", side, channels)
    return (0..<side * side * channels).map { _ in UInt8(random.below(256)) }
}

private func resampled(
    _ frames: [[UInt8]], source: Int, image: Int, channels: Int = 1, view: ClipView = .whole,
    normalisation: Normalisation = plain
) -> [Float] {
    let engine = CPUEngine(threads: 2)
    let pixels = engine.staging(frames.joined().count)
    pixels.write(frames.flatMap { $0 }, at: 0)
    let clip = Resampling(source: source, image: image, normalisation: normalisation)
        .samples(of: frames.count, at: 0, view: view)
    let images = engine.allocate(frames.count * channels * image * image)
    engine.resample([clip], of: pixels, into: images, image: image)
    return engine.read(images)
}

@Suite struct AugmentationTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func `drawn crops lie inside the picture within the ranges`(seed: UInt64) {
        var random = SeededRandom(seed: seed, "augment")
        var areas: [Double] = []
        for _ in 0..<500 {
            let view = Augmentation().draw(&random)
            #expect(view.centreX - view.width / 2 >= -1e-12 && view.centreX + view.width / 2 <= 1 + 1e-12)
            #expect(view.centreY - view.height / 2 >= -1e-12 && view.centreY + view.height / 2 <= 1 + 1e-12)
            #expect(0.6 - 1e-12...1 + 1e-12 ~= view.width * view.height)
            #expect(abs(view.angle) <= 15 * Double.pi / 180)
            areas.append(view.width * view.height)
        }
        #expect(areas.min()! < 0.62 && areas.max()! > 0.95)
    }

    @Test func `the whole picture at its own size is the picture`() {
        let frame = noise(16)
        let pixels = resampled([frame], source: 16, image: 16)
        #expect(pixels.count == 256)
        #expect(zip(pixels, frame).allSatisfy { abs($0 * 255 - Float($1)) < 1e-3 })
    }

    @Test func `halving is the mean of four`() {
        let frame = noise(16)
        let pixels = resampled([frame], source: 16, image: 8)
        for y in 0..<8 {
            for x in 0..<8 {
                let four = [0, 1, 16, 17].map { Int(frame[2 * y * 16 + 2 * x + $0]) }
                #expect(abs(pixels[y * 8 + x] * 255 - Float(four.reduce(0, +)) / 4) < 1e-3)
            }
        }
    }

    @Test func `an augmentation of nothing is the plain resize`() {
        var random = SeededRandom(seed: 4, "augment")
        var nothing = Augmentation(degrees: 0)
        nothing.scale = 1...1
        nothing.ratio = 1...1
        let view = nothing.draw(&random)
        let frames = [noise(20), noise(20, seed: 2)]
        #expect(view == .whole)
        #expect(
            resampled(frames, source: 20, image: 14, view: view) == resampled(frames, source: 20, image: 14))
    }

    @Test func `a quarter turn moves the corners`() {
        let frame = noise(12)
        var view = ClipView.whole
        view.angle = .pi / 2
        let turned = resampled([frame], source: 12, image: 12, view: view)
        // Image (y, x) looks at source (x, 11 - y).
        for y in 0..<12 {
            for x in 0..<12 {
                #expect(abs(turned[y * 12 + x] * 255 - Float(frame[x * 12 + 11 - y])) < 1e-3)
            }
        }
    }

    @Test func `outside of the picture is black, then normalised`() {
        var view = ClipView.whole
        view.angle = .pi / 4
        let white = [UInt8](repeating: 255, count: 100)
        let pixels = resampled(
            [white], source: 10, image: 10, view: view,
            normalisation: Normalisation(mean: [0.25], deviation: [0.5]))
        #expect(pixels[0] == -0.5)
        #expect(abs(pixels[55] - 1.5) < 1e-5)
    }

    @Test(arguments: [1, 3]) func `frames share one view and channels become planes`(channels: Int) {
        let frames = (0..<5).map { noise(14, channels: channels, seed: UInt64($0)) }
        var random = SeededRandom(seed: 2, "augment")
        let view = Augmentation().draw(&random)
        let normalisation = Normalisation(
            mean: (0..<channels).map { 0.1 * Float($0) }, deviation: (0..<channels).map { 1 + Float($0) })
        let together = resampled(
            frames, source: 14, image: 7, channels: channels, view: view, normalisation: normalisation)
        #expect(together.count == 5 * channels * 49)
        for (index, frame) in frames.enumerated() {
            for channel in 0..<channels {
                let plane = stride(from: channel, to: frame.count, by: channels).map { frame[$0] }
                let alone = resampled(
                    [plane], source: 14, image: 7, view: view,
                    normalisation: Normalisation(
                        mean: [normalisation.mean[channel]], deviation: [normalisation.deviation[channel]]))
                let start = (index * channels + channel) * 49
                #expect(Array(together[start..<start + 49]) == alone)
            }
        }
    }

    @Test func `sums of pixels give the mean and deviation`() {
        let frames = [noise(8, channels: 3), noise(8, channels: 3, seed: 2)]
        var sums = PixelSums(channels: 3)
        for frame in frames { sums.add(frame.span.bytes) }
        let found = sums.normalisation
        for channel in 0..<3 {
            let values = frames.flatMap { $0 }.enumerated().filter { $0.offset % 3 == channel }
                .map { Double($0.element) / 255 }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
            #expect(abs(Double(found.mean[channel]) - mean) < 1e-6)
            #expect(abs(Double(found.deviation[channel]) - variance.squareRoot()) < 1e-6)
        }
    }
}
