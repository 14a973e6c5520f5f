// Small models and random batches for the tests of this target.

import EchoCore
import Models

/// A model so small that finite differences are quick, and every size of which differs from the others.
func toy(_ kind: ModelKind, channels: Int = 1, outputs: Int = 0) -> ModelConfiguration {
    ModelConfiguration(
        kind: kind, image: 12, patch: 4, channels: channels, views: 2, frames: 2, dim: 12, depth: 2, heads: 3,
        latentDepth: 1, latentHeads: 2, decoderDim: 8, decoderDepth: 1, decoderHeads: 2, maskRatio: 0.6,
        normPix: channels > 1, outputs: outputs)
}

/// The options that go beyond the paper.
enum Beyond: CaseIterable {
    case maskToken, maskedViews, queries, all

    func change(_ c: inout ModelConfiguration) {
        if self != .queries { c.latentMasking = .token }
        if self == .maskedViews || self == .all { c.maskViews = 1 }
        if self == .queries || self == .all { c.latentQueries = 5 }
    }
}

/// Normal pixels for studies of so many views.
func batch(_ c: ModelConfiguration, viewCounts: [Int], seed: UInt64) -> StudyBatch {
    var random = SeededRandom(seed: seed, "pixels")
    let count = viewCounts.reduce(0, +) * c.frames * c.frameSize
    return StudyBatch(viewCounts: viewCounts, pixels: (0..<count).map { _ in Float(random.normal()) })
}

extension StudyBatch {
    /// The pixels of a batch of this file's.
    var numbers: [Float] {
        guard case .normalised(let numbers) = pixels else { return [] }
        return numbers
    }
}

/// ‖a − b‖ / ‖b‖.
func distance(_ a: [Float], _ b: [Float]) -> Double {
    func norm(_ x: some Sequence<Float>) -> Double {
        x.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
    return norm(zip(a, b).map { $0 - $1 }) / max(norm(b), 1e-30)
}
