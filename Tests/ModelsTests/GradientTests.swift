import Compute
import ComputeReference
import EchoCore
import Models
import Testing

/// Compares the gradient of every parameter with the slope of the loss along a random direction, in F64.
///
/// The difference over a step is off by c·step³; that over two steps tells c.
private func expectGradients(of model: EchoModel, seed: UInt64, of loss: () -> Double) {
    for (name, _) in model.parameters {
        guard let gradient = model.gradient(name) else {
            Issue.record("\(name) has no gradient")
            continue
        }
        let values = model.read(name)
        var random = SeededRandom(seed: seed, "direction", name)
        let direction = values.map { _ in Float(random.normal()) }
        /// What the loss changes from one side to the other beyond what the gradient says.
        func excess(_ step: Float) -> Double {
            let sides = [step, -step].map { step in zip(values, direction).map { $0 + step * $1 } }
            let losses = sides.map { side in
                model.write(name, side)
                return loss()
            }
            // Weights are stored as Float, so the step taken is not quite the step meant.
            let taken = zip(sides[0], sides[1]).map { Double($0) - Double($1) }
            return losses[0] - losses[1] - zip(gradient, taken).reduce(0) { $0 + Double($1.0) * $1.1 }
        }
        let step: Float = 1e-3
        let error = (8 * excess(step) - excess(2 * step)) / 6
        model.write(name, values)
        let size = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() * Double(2 * step)
        #expect(abs(error) <= 1e-6 * size + 1e-13, "\(name): off by \(error) of \(size)")
    }
}

@Suite struct GradientTests {
    @Test(arguments: ModelKind.allCases, [1, 3])
    func `pretraining gradients are the slopes of the loss`(kind: ModelKind, channels: Int) {
        expectPretrainGradients(toy(kind, channels: channels))
    }

    @Test(arguments: [ModelKind.lamae, .videoLAMAE], Beyond.allCases)
    func `gradients beyond the paper are the slopes of the loss`(kind: ModelKind, beyond: Beyond) {
        var c = toy(kind)
        beyond.change(&c)
        expectPretrainGradients(c)
        c.outputs = 3
        let model = modelOfLargeQueries(c)
        let (batch, targets) = (batch(c, viewCounts: [1, 2], seed: 6), [Float](repeating: 1, count: 6))
        _ = model.finetuneStep(batch, targets: targets, loss: .binaryCrossEntropy)
        expectGradients(of: model, seed: 8) {
            model.loss(batch, targets: targets, [HeadLoss(.binaryCrossEntropy)]).loss
        }
    }

    /// Fresh queries are so small that a step of the finite differences would be a leap behind their norm.
    private func modelOfLargeQueries(_ c: ModelConfiguration) -> EchoModel {
        let model = EchoModel(c, engine: ReferenceEngine(), seed: 5)
        if c.latentQueries > 0 { model.write("latent_queries", model.read("latent_queries").map { 50 * $0 }) }
        return model
    }

    private func expectPretrainGradients(_ c: ModelConfiguration) {
        let model = modelOfLargeQueries(c)
        let batch = batch(c, viewCounts: [2, 1], seed: 6)
        var random = SeededRandom(seed: 7, "mask")
        let mask = PretrainMask(random: c, viewCounts: batch.viewCounts, using: &random)
        let (loss, _) = model.pretrainStep(batch, mask)
        #expect(loss == model.reconstruct(batch, mask).loss)
        expectGradients(of: model, seed: 8) { model.reconstruct(batch, mask).loss }
    }

    @Test(arguments: ModelKind.allCases, [HeadLoss.Kind.binaryCrossEntropy, .meanSquaredError])
    func `finetuning gradients are the slopes of the loss`(kind: ModelKind, loss: HeadLoss.Kind) {
        let c = toy(kind, outputs: 3)
        let model = EchoModel(c, engine: ReferenceEngine(), seed: 5)
        let batch = batch(c, viewCounts: [1, 2], seed: 6)
        let targets: [Float] = [0, 1, 1, 1, 0, 0]
        _ = model.finetuneStep(batch, targets: targets, loss: loss)
        expectGradients(of: model, seed: 8) { model.loss(batch, targets: targets, [HeadLoss(loss)]).loss }
    }

    @Test(arguments: [ModelKind.lamae, .mae], [false, true])
    func `each of several heads learns by its own loss, and the encoder by their sum`(
        kind: ModelKind, isLinear: Bool
    ) {
        var c = toy(kind, outputs: 4)
        c.headOutputs = [2, 1, 1]
        c.linearHead = isLinear
        let model = EchoModel(c, engine: ReferenceEngine(), seed: 5)
        let batch = batch(c, viewCounts: [1, 2], seed: 6)
        // Of the second head one target is not known, of the third none is.
        let targets: [Float] = [0, 1, 0.5, .nan, 1, 0, .nan, .nan]
        let losses = [
            HeadLoss(.binaryCrossEntropy, positiveWeights: [1, 3]), HeadLoss(.meanSquaredError, weight: 0.5),
            HeadLoss(.meanSquaredError),
        ]
        let sum = model.engine.zero()
        let outputs = model.finetuneStep(batch, targets: targets, losses, addingTo: sum, predicting: true)
        #expect(outputs == model.logits(batch) && outputs?.count == 8)
        expectGradients(of: model, seed: 8) { model.loss(batch, targets: targets, losses).loss }

        // Their sum is what each has alone.
        func alone(_ columns: Range<Int>, _ loss: HeadLoss) -> Double {
            let mine = targets.indices.map { columns.contains($0 % 4) ? targets[$0] : .nan }
            let losses = [0..<2, 2..<3, 3..<4].map { $0 == columns ? loss : HeadLoss(.meanSquaredError) }
            return model.loss(batch, targets: mine, losses).loss
        }
        let parts = [alone(0..<2, losses[0]), alone(2..<3, losses[1])]
        #expect(abs(model.engine.sums(sum)[0] - parts.reduce(0, +)) < 1e-9)
    }

    @Test(arguments: ModelKind.allCases) func `a frozen step gives gradients to the head alone`(
        kind: ModelKind
    ) {
        let c = toy(kind, outputs: 2)
        let model = EchoModel(c, engine: ReferenceEngine(), seed: 1)
        let before = model.parameters.map { model.read($0.name) }
        _ = model.finetuneStep(
            batch(c, viewCounts: [2], seed: 1), targets: [1, 0], loss: .binaryCrossEntropy, frozen: true)
        for (name, _) in model.parameters {
            #expect((model.gradient(name) != nil) == name.hasPrefix("head."), "\(name)")
        }
        _ = AdamW(model).step(learningRate: 1e-2)
        for ((name, _), values) in zip(model.parameters, before) {
            #expect((model.read(name) != values) == name.hasPrefix("head."), "\(name)")
        }
    }

    @Test func `gradients of two half steps add up to those of one`() {
        let c = toy(.lamae)
        let engine = ReferenceEngine()
        let (one, two) = (EchoModel(c, engine: engine, seed: 3), EchoModel(c, engine: engine, seed: 3))
        let (first, second) = (batch(c, viewCounts: [2], seed: 1), batch(c, viewCounts: [2], seed: 2))
        var random = SeededRandom(seed: 4, "mask")
        let masks = (0..<2).map { _ in PretrainMask(random: c, viewCounts: [2], using: &random) }
        let both = StudyBatch(viewCounts: [2, 2], pixels: first.numbers + second.numbers)
        let mask = PretrainMask(
            keep: masks[0].keep + masks[1].keep, keepLatent: masks[0].keepLatent + masks[1].keepLatent)
        let whole = one.pretrainStep(both, mask).loss
        let halves = [(first, masks[0]), (second, masks[1])].map {
            two.pretrainStep($0, $1, weight: 0.5).loss
        }
        #expect(abs(whole - (halves[0] + halves[1]) / 2) < 1e-12)
        for (name, _) in one.parameters {
            let (a, b) = (one.gradient(name) ?? [], two.gradient(name) ?? [])
            #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name)")
        }
    }
}
