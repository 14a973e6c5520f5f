import Compute
import ComputeReference
import EchoCore
import Models
import Testing

@Suite struct MaskTests {
    private func configuration(_ kind: ModelKind = .lamae, maskViews: Double = 0) -> ModelConfiguration {
        var c = toy(kind)
        if maskViews > 0 { c.latentMasking = .token }
        c.maskViews = maskViews
        return c
    }

    @Test(arguments: [
        0.0: [0, 0, 0, 0], 0.25: [0, 1, 1, 2], 0.9: [0, 1, 3, 7], 1: [0, 1, 1, 1], 3: [0, 1, 3, 3],
    ])
    func `masked views are a share or a number, and one view is always seen`(maskViews: Double, hidden: [Int])
    {
        let c = configuration(maskViews: maskViews)
        #expect(c.fault == nil)
        #expect([1, 2, 4, 8].map { c.hiddenViews(of: $0) } == hidden)
    }

    @Test(arguments: [UInt64(1), 2, 3]) func `whole views are hidden and the rest is masked by its ratio`(
        seed: UInt64
    ) {
        let c = configuration(maskViews: 2)
        var random = SeededRandom(seed: seed, "mask")
        let counts = [4, 1, 3]
        let mask = PretrainMask(random: c, viewCounts: counts, using: &random)
        let perView = c.frames * c.keptPatches
        #expect(
            mask.keepLatent.map(\.count) == [2, 1, 1].map { Int((0.75 * Double($0 * perView)).rounded()) })
        let seen = mask.keepLatent.map { Set($0.map { Int($0) / perView }) }
        #expect(seen.map(\.count) == [2, 1, 1])
        let hidden = mask.hiddenViews(c, viewCounts: counts)
        #expect(hidden.count == 4)
        #expect(hidden.isDisjoint(with: seen[0]) && !hidden.contains(4))
        #expect(seen[2].allSatisfy { !hidden.contains(5 + $0) })
    }

    @Test func `a hidden view is reconstructed from the others alone`() {
        let c = configuration(maskViews: 1)
        let model = EchoModel(c, engine: ReferenceEngine(), seed: 1)
        let one = batch(c, viewCounts: [2], seed: 2)
        var random = SeededRandom(seed: 3, "mask")
        let mask = PretrainMask(random: c, viewCounts: [2], using: &random)
        let hidden = mask.hiddenViews(c, viewCounts: [2]).first ?? 0
        let half = one.numbers.count / 2
        /// The prediction of the hidden view after a change of one view's pixels.
        func prediction(changing view: Int?) -> [Float] {
            var pixels = one.numbers
            if let view { for i in view * half..<(view + 1) * half { pixels[i] += 1 } }
            let all = model.reconstruct(StudyBatch(viewCounts: [2], pixels: pixels), mask).prediction
            return Array(all[hidden * all.count / 2..<(hidden + 1) * all.count / 2])
        }
        let before = prediction(changing: nil)
        #expect(prediction(changing: hidden) == before)
        #expect(distance(prediction(changing: 1 - hidden), before) > 1e-6)
    }

    @Test func `without the options a mask is what it was`() {
        var plain = toy(.lamae), other = toy(.lamae)
        plain.latentMasking = .drop
        other.latentMasking = .token
        var (one, two) = (SeededRandom(seed: 1, "mask"), SeededRandom(seed: 1, "mask"))
        #expect(
            PretrainMask(random: plain, viewCounts: [2, 3], using: &one)
                == PretrainMask(random: other, viewCounts: [2, 3], using: &two))
    }

    @Test func `options that make no model are refused`() {
        var frames = toy(.mae), dropped = toy(.lamae), odd = toy(.lamae), queries = toy(.lamae)
        frames.latentQueries = 4
        dropped.maskViews = 1
        odd.latentMasking = .token
        odd.maskViews = 1.5
        queries.latentQueries = -1
        #expect([frames, dropped, odd, queries].allSatisfy { $0.fault != nil })
    }
}
