import Compute
import ComputeCPU
import ComputeReference
import EchoCore
import Models
import Testing

@Suite struct DecoderTests {
    private func configuration(_ kind: ModelKind, _ decoder: DecoderKind) -> ModelConfiguration {
        var c = toy(kind)
        c.decoder = decoder.name
        return c
    }

    private func mask(_ c: ModelConfiguration, _ viewCounts: [Int]) -> PretrainMask {
        var random = SeededRandom(seed: 3, "mask")
        return PretrainMask(random: c, viewCounts: viewCounts, using: &random)
    }

    @Test(arguments: ModelKind.allCases, DecoderKind.all.map(\.name))
    func `a step with each decoder is the reference's`(kind: ModelKind, name: String) throws {
        let c = configuration(kind, try #require(DecoderKind.named(name)))
        let batch = batch(c, viewCounts: [3, 1, 2], seed: 2), mask = mask(c, [3, 1, 2])
        let models = [ReferenceEngine() as any Engine, CPUEngine(threads: 2)].map {
            EchoModel(c, engine: $0, seed: 1)
        }
        let losses = models.map { $0.pretrainStep(batch, mask).loss }
        #expect(abs(losses[0] - losses[1]) <= 1e-6 * losses[0])
        for (name, _) in models[0].parameters {
            let gradients = models.map { $0.gradient(name) ?? [] }
            #expect(!gradients[0].isEmpty && distance(gradients[1], gradients[0]) < 1e-4, "\(name)")
        }
    }

    @Test func `the study decoder draws the first view from the others`() throws {
        let c = configuration(.mae, try #require(DecoderKind.named("study")))
        let model = EchoModel(c, engine: ReferenceEngine(), seed: 1)
        let one = batch(c, viewCounts: [2, 1], seed: 2), mask = mask(c, [2, 1])
        let size = one.numbers.count / 3
        /// The prediction of a view after a change of one view's pixels.
        func prediction(of drawn: Int, changing view: Int?) -> [Float] {
            var pixels = one.numbers
            if let view { for i in view * size..<(view + 1) * size { pixels[i] += 1 } }
            let all = model.reconstruct(StudyBatch(viewCounts: [2, 1], pixels: pixels), mask).prediction
            return Array(all[drawn * all.count / 3..<(drawn + 1) * all.count / 3])
        }
        let before = prediction(of: 0, changing: nil)
        #expect(prediction(of: 0, changing: 0) == before)
        #expect(distance(prediction(of: 0, changing: 1), before) > 1e-6)
        #expect(prediction(of: 0, changing: 2) == before)
        // A study of one view keeps its own tokens.
        #expect(distance(prediction(of: 2, changing: 2), prediction(of: 2, changing: nil)) > 1e-6)
    }

    @Test func `a decoder that is none, and one that a model cannot have, are refused`() throws {
        var c = toy(.mae)
        c.decoder = "crystal-ball"
        #expect(c.fault == "there is no decoder crystal-ball")
        c.decoder = "study"
        c.views = 1
        #expect(c.fault == "a study of one view has no others to draw it from")
    }
}
