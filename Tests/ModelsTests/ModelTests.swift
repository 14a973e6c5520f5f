import Compute
import ComputeCPU
import ComputeReference
import EchoCore
import Models
import TestSupport
import Testing

@Suite struct ModelTests {
    enum Task: CaseIterable { case pretrain, icd, frozen }

    /// A model of several tiles and tokens, still quick in plain loops.
    private func sample(_ kind: ModelKind, _ task: Task) -> ModelConfiguration {
        ModelConfiguration(
            kind: kind, image: 40, patch: 8, views: 3, frames: 3, dim: 48, depth: 2, heads: 4, latentDepth: 1,
            latentHeads: 3, decoderDim: 24, decoderDepth: 1, decoderHeads: 3,
            outputs: task == .pretrain ? 0 : 7)
    }

    typealias Step = (loss: Double, output: [Float], gradients: [[Float]?], updated: [[Float]])

    /// One step of a model, with everything that it leaves.
    private func step(_ c: ModelConfiguration, _ task: Task, on engine: any Engine) -> Step {
        let model = EchoModel(c, engine: engine, seed: 11)
        let batch = batch(c, viewCounts: [3, 1, 2], seed: 12)
        var random = SeededRandom(seed: 13, "mask")
        let mask = PretrainMask(random: c, viewCounts: batch.viewCounts, using: &random)
        let targets = (0..<3 * c.outputs).map { Float($0 % 2) }
        let (loss, output) =
            task == .pretrain
            ? model.pretrainStep(batch, mask, predicting: true)
            : model.finetuneStep(batch, targets: targets, loss: .binaryCrossEntropy, frozen: task == .frozen)
        let gradients = model.parameters.map { model.gradient($0.name) }
        _ = AdamW(model).step(learningRate: 1e-4)
        return (loss, output ?? [], gradients, model.parameters.map { model.read($0.name) })
    }

    @Test(arguments: ModelKind.allCases, Task.allCases)
    func `a step in F32 is the reference's step`(kind: ModelKind, task: Task) throws {
        try expectReferenceStep(sample(kind, task), task)
    }

    @Test(arguments: Beyond.allCases, Task.allCases)
    func `a step beyond the paper is the reference's step`(beyond: Beyond, task: Task) throws {
        for kind in [ModelKind.lamae, .videoLAMAE] {
            var c = sample(kind, task)
            beyond.change(&c)
            try expectReferenceStep(c, task)
            let one = step(c, task, on: CPUEngine(threads: 1)),
                four = step(c, task, on: CPUEngine(threads: 4))
            #expect(one.loss == four.loss && one.updated == four.updated)
        }
    }

    private func expectReferenceStep(_ c: ModelConfiguration, _ task: Task) throws {
        let expected = step(c, task, on: ReferenceEngine())
        for candidate in Candidate.all(.f32) {
            expect(expected, step(c, task, on: try candidate.make()))
        }
    }

    private func expect(_ expected: Step, _ found: Step) {
        #expect(abs(found.loss - expected.loss) <= 1e-6 * abs(expected.loss))
        #expect(distance(found.output, expected.output) <= 1e-5)
        for (a, b) in zip(found.gradients, expected.gradients) {
            #expect((a == nil) == (b == nil))
            #expect(distance(a ?? [], b ?? []) <= 1e-5)
        }
        for (a, b) in zip(found.updated, expected.updated) {
            let squares = zip(a, b).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            // A first step of AdamW is the gradient's sign, 1e-4 here; rounding turns those near epsilon.
            #expect((squares / Double(a.count)).squareRoot() <= 5e-6)
        }
    }

    @Test(arguments: ModelKind.allCases, Candidate.all(.bf16))
    func `a step in BF16 goes the reference's way`(kind: ModelKind, candidate: Candidate) throws {
        for task in Task.allCases { try expectReferenceWay(sample(kind, task), task, candidate) }
    }

    private func expectReferenceWay(_ c: ModelConfiguration, _ task: Task, _ candidate: Candidate) throws {
        let expected = step(c, task, on: ReferenceEngine()), found = step(c, task, on: try candidate.make())
        #expect(abs(found.loss - expected.loss) <= 0.01 * abs(expected.loss))
        let (a, b) = (found.gradients.flatMap { $0 ?? [] }, expected.gradients.flatMap { $0 ?? [] })
        func dot(_ x: [Float], _ y: [Float]) -> Double {
            zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        #expect(dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot() > 0.999)
    }

    @Test(arguments: ModelKind.allCases, Task.allCases)
    func `a step is the same on any number of threads`(kind: ModelKind, task: Task) {
        let c = sample(kind, task)
        let one = step(c, task, on: CPUEngine(threads: 1)), four = step(c, task, on: CPUEngine(threads: 4))
        #expect(one.loss == four.loss)
        #expect(one.updated == four.updated)
    }

    @Test(arguments: ModelKind.allCases)
    func `the order of views changes nothing`(kind: ModelKind) {
        let c = sample(kind, .icd)
        let model = EchoModel(c, engine: ReferenceEngine(), seed: 1)
        let one = batch(c, viewCounts: [2], seed: 2)
        let half = one.numbers.count / 2
        let swapped = StudyBatch(viewCounts: [2], pixels: Array(one.numbers[half...] + one.numbers[..<half]))
        #expect(distance(model.logits(swapped), model.logits(one)) < 1e-6)
    }

    @Test(arguments: [ModelKind.lamae, .videoLAMAE])
    func `the attention of each view is shared out among all views`(kind: ModelKind) {
        var c = sample(kind, .pretrain)
        c.latentDepth = 2
        let model = EchoModel(c, engine: CPUEngine(threads: 2), seed: 1)
        let batch = batch(c, viewCounts: [3, 1], seed: 2)
        let found = model.viewAttention(batch)
        #expect(found.map(\.views) == [3, 1])
        #expect(found[0].shares.count == 2 * 3 * 3 * 3)
        for layer in 0..<2 {
            for head in 0..<3 {
                #expect(abs(found[1].share(layer: layer, head: head, of: 0, in: 0) - 1) < 1e-5)
                for view in 0..<3 {
                    let row = (0..<3).map { found[0].share(layer: layer, head: head, of: view, in: $0) }
                    #expect(abs(row.reduce(0, +) - 1) < 1e-5)
                    #expect(Set(row).count == 3)
                }
            }
        }
        // Without queries and keys there is nothing to choose by.
        for layer in 0..<2 {
            let name = "latent_blocks.\(layer).attn.qkv.weight"
            model.write(name, [Float](repeating: 0, count: 3 * c.dim * c.dim))
        }
        #expect(model.viewAttention(batch)[0].shares.allSatisfy { abs($0 - 1 / 3) < 1e-5 })
        #expect(EchoModel(sample(.mae, .icd), engine: model.engine, seed: 1).viewAttention(batch).isEmpty)
    }

    @Test func `attention through queries is shared out among all views`() {
        var c = sample(.lamae, .icd)
        c.latentQueries = 5
        let model = EchoModel(c, engine: CPUEngine(threads: 2), seed: 1)
        let batch = batch(c, viewCounts: [3, 1], seed: 2)
        let found = model.viewAttention(batch)
        #expect(found.map(\.views) == [3, 1] && found[0].layers == 1 && found[0].heads == 1)
        for view in 0..<3 {
            let row = (0..<3).map { found[0].share(layer: 0, head: 0, of: view, in: $0) }
            #expect(abs(row.reduce(0, +) - 1) < 1e-5)
            #expect(Set(row).count == 3)
        }
    }

    @Test func `the paper's model has the paper's size`() {
        // Table 4 and the text: 108 million parameters in all.
        let c = ModelConfiguration.preset(.paper, kind: .lamae)
        #expect((c.patches, c.keptPatches, c.keptLatents(views: c.views)) == (256, 32, 1536))
        let block = { (width: Int) in 12 * width * width + 13 * width }
        let encoder = 12 * block(768) + 196 * 768 + 768 + 2 * 768
        let latent = 3 * block(768) + 2 * 768
        let decoder = 768 * 192 + 192 + 192 + 4 * block(192) + 2 * 192 + 192 * 196 + 196
        #expect((encoder + latent + decoder) / 1_000_000 == 108)
    }

    @Test(arguments: ModelKind.allCases) func `a model learns`(kind: ModelKind) {
        let c = sample(kind, .icd)
        let model = EchoModel(c, engine: CPUEngine(threads: 2), seed: 1)
        let optimiser = AdamW(model)
        let batch = batch(c, viewCounts: [1, 2, 1, 3], seed: 2)
        let targets = (0..<4 * c.outputs).map { Float($0 % 3 == 0 ? 1 : 0) }
        var losses: [Double] = []
        for _ in 0..<30 {
            losses.append(model.finetuneStep(batch, targets: targets, loss: .binaryCrossEntropy).loss)
            _ = optimiser.step(learningRate: 1e-3)
        }
        #expect(losses[29] < 0.2 * losses[0])
    }

    @Test(arguments: ModelKind.allCases, [0, 3])
    func `blocks computed again give the same gradients`(kind: ModelKind, outputs: Int) {
        var c = sample(kind, .pretrain)
        (c.depth, c.outputs) = (8, outputs)
        let batch = batch(c, viewCounts: [3, 2], seed: 2)
        var random = SeededRandom(seed: 3, "mask")
        let mask = PretrainMask(random: c, viewCounts: batch.viewCounts, using: &random)
        let steps = [false, true].map { again in
            let model = EchoModel(c, engine: CPUEngine(threads: 2), seed: 1)
            model.checkpointsActivations = again
            let loss =
                outputs == 0
                ? model.pretrainStep(batch, mask).loss
                : model.finetuneStep(batch, targets: [0, 1, 1, 0, 0, 1], loss: .binaryCrossEntropy).loss
            return (loss, model.parameters.map { model.gradient($0.name) })
        }
        #expect(steps[0].0 == steps[1].0)
        #expect(steps[0].1 == steps[1].1)
    }

    @Test func `gradients that are no numbers leave the weights alone`() {
        let c = toy(.lamae, outputs: 1)
        let model = EchoModel(c, engine: CPUEngine(threads: 1), seed: 1)
        let optimiser = AdamW(model)
        let before = model.parameters.map { model.read($0.name) }
        var pixels = batch(c, viewCounts: [2], seed: 1).numbers
        pixels[5] = .nan
        let loss = model.finetuneStep(
            StudyBatch(viewCounts: [2], pixels: pixels), targets: [1], loss: .meanSquaredError
        ).loss
        #expect(loss.isNaN)
        #expect(!optimiser.step(learningRate: 1).isFinite)
        #expect(model.parameters.map { model.read($0.name) } == before)
        #expect(optimiser.steps == 0)
    }

    @Test func `an optimiser goes on from its state`() {
        let c = toy(.videoLAMAE)
        var random = SeededRandom(seed: 4, "mask")
        let mask = PretrainMask(random: c, viewCounts: [2], using: &random)
        let batch = batch(c, viewCounts: [2], seed: 3)
        func train(_ model: EchoModel, _ optimiser: AdamW, steps: Int) {
            for _ in 0..<steps {
                _ = model.pretrainStep(batch, mask)
                _ = optimiser.step(learningRate: 1e-3)
            }
        }
        let engine = CPUEngine(threads: 1)
        let (whole, first, second) = (
            EchoModel(c, engine: engine, seed: 1), EchoModel(c, engine: engine, seed: 1),
            EchoModel(c, engine: engine, seed: 2)
        )
        train(whole, AdamW(whole), steps: 5)
        let (before, after) = (AdamW(first), AdamW(second))
        train(first, before, steps: 3)
        for (name, _) in first.parameters { second.write(name, first.read(name)) }
        after.restore(
            steps: before.steps,
            before.state.map { ($0.name, engine.read($0.first), engine.read($0.second)) })
        train(second, after, steps: 2)
        for (name, _) in whole.parameters { #expect(second.read(name) == whole.read(name), "\(name)") }
    }
}
