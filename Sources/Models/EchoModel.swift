// The LAMAE family: a masked autoencoder whose views of a heart meet in latent space.

public import Compute

/// A model and its weights on an engine; one of the four kinds, for pre-training or for fine-tuning.
///
/// Tokens of all studies, views and frames of a batch lie in one matrix, study by study, and attention is told where
/// one sequence ends and the next begins.
public final class EchoModel {
    public let configuration: ModelConfiguration
    public let engine: any Engine
    /// Whether each block is computed again on the way back instead of kept: about a third more time, and memory for
    /// one block instead of for all.
    public var checkpointsActivations = false
    let parameterList: [Parameter]

    private let patchEmbed: Linear
    private let blocks: [Block]
    private let norm: LayerNorm
    let latent: LatentAttention?
    /// What pre-training hides from latent attention by a token; nil where it is dropped.
    private let latentMask: LatentMask?
    private let decoder: Decoder?
    private let head: Head?
    private let space: Buffer, time: Buffer

    private struct Decoder {
        let embed: Linear, maskToken: Tensor, blocks: [Block], norm: LayerNorm, predict: Linear
        let space: Buffer, time: Buffer
    }

    private enum Head {
        case linear(Linear)
        case mlp(Linear, Linear)
    }

    /// A model with fresh weights, which depend on nothing but `seed` and the configuration.
    public init(_ configuration: ModelConfiguration, engine: any Engine, seed: UInt64) {
        precondition(configuration.fault == nil, configuration.fault ?? "")
        let c = configuration
        var list = ParameterList(engine: engine, seed: seed)
        func table(_ values: [Float]) -> Buffer {
            let buffer = engine.allocate(values.count, for: .weights)
            engine.write(values, to: buffer)
            return buffer
        }
        func tables(width: Int) -> (space: Buffer, time: Buffer) {
            let frames = sineCosine(Array(0..<c.frames), width: width)
            return (table(spaceTable(side: c.gridSide, width: width)), table(frames))
        }

        patchEmbed = Linear("patch_embed.proj", shape: [c.dim, c.channels, c.patch, c.patch], in: &list)
        blocks = Block.stack("blocks", depth: c.depth, width: c.dim, heads: c.heads, in: &list)
        norm = LayerNorm("norm", c.dim, in: &list)
        (space, time) = tables(width: c.dim)
        latent = c.kind.hasLatentAttention ? LatentAttention(c, in: &list) : nil
        latentMask = c.outputs == 0 && c.latentMasking == .token ? LatentMask(c, in: &list) : nil
        if c.outputs == 0 {
            let (space, time) = tables(width: c.decoderDim)
            decoder = Decoder(
                embed: Linear("decoder_embed", c.dim, c.decoderDim, in: &list),
                maskToken: list.normal("mask_token", [c.decoderDim], deviation: 0.02),
                blocks: Block.stack(
                    "decoder_blocks", depth: c.decoderDepth, width: c.decoderDim, heads: c.decoderHeads,
                    in: &list),
                norm: LayerNorm("decoder_norm", c.decoderDim, in: &list),
                predict: Linear("decoder_pred", c.decoderDim, c.patchWidth, in: &list), space: space,
                time: time)
            head = nil
        } else {
            decoder = nil
            head =
                c.linearHead == true
                ? .linear(Linear("head.linear", c.dim, c.outputs, in: &list))
                : .mlp(
                    Linear("head.fc1", c.dim, c.dim, in: &list),
                    Linear("head.fc2", c.dim, c.outputs, in: &list))
        }
        self.configuration = c
        self.engine = engine
        parameterList = list.all
    }

    // MARK: Pre-training

    /// One step forward and back; the gradients of `weight` times the loss are added to the parameters'.
    ///
    /// - Parameter predicting: whether to return the predicted pixels [ΣV, T, N, patch·patch·channels]
    public func pretrainStep(
        _ batch: StudyBatch, _ mask: PretrainMask, weight: Double = 1, predicting: Bool = false
    ) -> (loss: Double, prediction: [Float]?) {
        let tape = Tape(engine, recording: true)
        let (loss, prediction) = pretrain(batch, mask, weight: weight, on: tape)
        let pixels = predicting ? engine.read(prediction.value) : nil
        tape.backward()
        return (loss, pixels)
    }

    /// The loss and the predicted pixels [ΣV, T, N, patch·patch·channels], without gradients.
    public func reconstruct(_ batch: StudyBatch, _ mask: PretrainMask) -> (loss: Double, prediction: [Float])
    {
        let (loss, prediction) = pretrain(batch, mask, weight: 1, on: Tape(engine, recording: false))
        return (loss, engine.read(prediction.value))
    }

    private func pretrain(
        _ batch: StudyBatch, _ mask: PretrainMask, weight: Double, on tape: Tape
    ) -> (loss: Double, prediction: Tensor) {
        guard let decoder else { preconditionFailure("a model for fine-tuning does not pre-train") }
        let c = configuration
        let pixels = upload(batch)
        let frames = batch.views * c.frames
        precondition(mask.keep.count == frames, "a mask has patches for each frame")

        var tokens = encode(pixels, keep: mask.keep, on: tape)
        // The place of each token among all patches of all frames.
        var places = mask.keep.enumerated().flatMap { frame, keep in
            keep.map { Int32(frame * c.patches) + $0 }
        }

        if let latent {
            precondition(mask.keepLatent.count == batch.viewCounts.count, "a mask has tokens for each study")
            var start = 0
            let kept = zip(batch.viewCounts, mask.keepLatent).flatMap { views, keep in
                defer { start += views * c.frames * c.keptPatches }
                return keep.map { Int32(start) + $0 }
            }
            if !c.kind.isVideo { addTime(time, to: tokens, perFrame: c.keptPatches, on: tape) }
            if let latentMask {
                tokens = latentMask.hide(tokens, except: kept, slots: places, on: tape)
                let segments = batch.viewCounts.map { $0 * c.frames * c.keptPatches }
                tokens = latent(tokens, segments: segments, again: checkpointsActivations, on: tape)
            } else {
                tokens = tape.gather(tokens, kept)
                places = kept.map { places[Int($0)] }
                tokens = latent(
                    tokens, segments: mask.keepLatent.map(\.count), again: checkpointsActivations, on: tape)
            }
        }

        var slots = [Int32](repeating: -1, count: frames * c.patches)
        for (token, place) in places.enumerated() { slots[Int(place)] = Int32(token) }
        tokens = tape.gather(decoder.embed(tokens, on: tape), slots, filler: decoder.maskToken)
        tape.addRows(of: decoder.space, at: slots.indices.map { Int32($0 % c.patches) }, to: tokens)
        addTime(decoder.time, to: tokens, perFrame: c.patches, on: tape)
        tokens = decoder.blocks.run(
            tokens, segments: sequences(frames, perFrame: c.patches), again: checkpointsActivations, on: tape)
        let prediction = decoder.predict(decoder.norm(tokens, for: .factors, on: tape), on: tape)

        let target = engine.allocate(slots.count * c.patchWidth)
        let grid = PatchGrid(side: c.gridSide, patch: c.patch, channels: c.channels)
        engine.patches(
            of: pixels, grid, at: Array(0..<Int32(slots.count)), order: .channelsLast, into: target)
        if c.normPix { engine.normaliseRows(target, rows: slots.count, width: c.patchWidth, epsilon: 1e-6) }
        let loss = tape.squaredError(
            prediction, target: target, weights: lossWeights(batch, mask), scale: weight)
        return (loss, prediction)
    }

    /// The weight of each patch of each frame in the loss: 0 where the encoder saw it; otherwise all patches of a
    /// frame, frames of a view, views of a study, and studies weigh the same.
    private func lossWeights(_ batch: StudyBatch, _ mask: PretrainMask) -> [Float] {
        let c = configuration
        var weights: [Float] = []
        var frame = 0
        for views in batch.viewCounts {
            let share = 1 / Float(batch.viewCounts.count * views * c.frames * (c.patches - c.keptPatches))
            for keep in mask.keep[frame..<frame + views * c.frames] {
                var row = [Float](repeating: share, count: c.patches)
                for patch in keep { row[Int(patch)] = 0 }
                weights += row
            }
            frame += views * c.frames
        }
        return weights
    }

    // MARK: Fine-tuning

    /// What fine-tuning minimises, as a mean over studies and outputs.
    public enum FinetuneLoss: Sendable {
        case binaryCrossEntropy, meanSquaredError
    }

    /// One step forward and back; the gradients of `weight` times the loss are added to the parameters'.
    ///
    /// - Parameters:
    ///   - targets: [studies, outputs]
    ///   - positiveWeights: how much a target of 1 counts in the cross-entropy of each output; nil for 1
    ///   - frozen: whether only the head learns; other parameters then get no gradient
    public func finetuneStep(
        _ batch: StudyBatch, targets: [Float], loss kind: FinetuneLoss, positiveWeights: [Float]? = nil,
        frozen: Bool = false, weight: Double = 1
    ) -> (loss: Double, logits: [Float]) {
        let tape = Tape(engine, recording: true)
        let study = features(batch, on: frozen ? Tape(engine, recording: false) : tape)
        let result = finetune(study, targets, kind, positiveWeights, weight: weight, on: tape)
        tape.backward()
        return result
    }

    /// The loss and the logits, without gradients.
    public func loss(
        _ batch: StudyBatch, targets: [Float], loss kind: FinetuneLoss
    ) -> (loss: Double, logits: [Float]) {
        let tape = Tape(engine, recording: false)
        return finetune(features(batch, on: tape), targets, kind, nil, weight: 1, on: tape)
    }

    private func finetune(
        _ study: Tensor, _ targets: [Float], _ kind: FinetuneLoss, _ positiveWeights: [Float]?,
        weight: Double, on tape: Tape
    ) -> (loss: Double, logits: [Float]) {
        let logits = predict(study, on: tape)
        precondition(targets.count == logits.value.count, "targets fill [studies, outputs]")
        let target = engine.allocate(targets.count)
        engine.write(targets, to: target)
        let loss =
            switch kind {
            case .binaryCrossEntropy:
                tape.binaryCrossEntropy(
                    logits, target: target, positiveWeights: positiveWeights, scale: weight)
            case .meanSquaredError:
                tape.squaredError(
                    logits, target: target,
                    weights: Array(repeating: 1 / Float(logits.rows), count: logits.rows),
                    scale: weight)
            }
        return (loss, engine.read(logits.value))
    }

    /// The head's outputs [studies, outputs].
    public func logits(_ batch: StudyBatch) -> [Float] {
        let tape = Tape(engine, recording: false)
        return engine.read(predict(features(batch, on: tape), on: tape).value)
    }

    /// What tokens are averaged over.
    public enum Pooling: String, CaseIterable, Sendable { case study, clip, frame }

    /// The mean of the tokens of each study, clip or frame, in the order of the batch: [units, dim].
    ///
    /// With latent attention a clip's and a frame's tokens have read those of the study's other clips.
    public func embeddings(_ batch: StudyBatch, per pooling: Pooling = .study) -> [Float] {
        engine.read(features(batch, per: pooling, on: Tape(engine, recording: false)).value)
    }

    private func features(_ batch: StudyBatch, per pooling: Pooling = .study, on tape: Tape) -> Tensor {
        let c = configuration
        var tokens = latentInput(batch, on: tape)
        let segments = batch.viewCounts.map { $0 * c.frames * c.patches }
        if let latent {
            tokens = latent(tokens, segments: segments, again: checkpointsActivations, on: tape)
        }
        let clip = c.frames * c.patches
        let units =
            switch pooling {
            case .study: segments
            case .clip: Array(repeating: clip, count: batch.views)
            case .frame: Array(repeating: c.patches, count: batch.views * c.frames)
            }
        return tape.mean(tokens, ofSegments: units)
    }

    /// The encoder's tokens of all patches, with what latent attention adds to them first.
    func latentInput(_ batch: StudyBatch, on tape: Tape) -> Tensor {
        let c = configuration
        let all = (0..<Int32(c.patches)).map { $0 }
        let tokens = encode(
            upload(batch), keep: Array(repeating: all, count: batch.views * c.frames), on: tape)
        if latent != nil, !c.kind.isVideo { addTime(time, to: tokens, perFrame: c.patches, on: tape) }
        return tokens
    }

    private func predict(_ study: Tensor, on tape: Tape) -> Tensor {
        switch head {
        case nil: preconditionFailure("a model for pre-training has no head")
        case .linear(let linear): return linear(study, on: tape)
        case .mlp(let fc1, let fc2):
            return tape.mlp(study, fc1.weight, fc1.bias, fc2.weight, fc2.bias)
        }
    }

    // MARK: Parts of both

    private func upload(_ batch: StudyBatch) -> Buffer {
        let c = configuration
        precondition(
            batch.pixels.count == batch.views * c.frames * c.frameSize, "pixels fill the batch's shape")
        let pixels = engine.allocate(batch.pixels.count)
        engine.write(batch.pixels, to: pixels)
        return pixels
    }

    /// The encoder: kept patches of each frame to tokens [Σ keep, dim], each frame alone or each clip whole.
    private func encode(_ pixels: Buffer, keep: [[Int32]], on tape: Tape) -> Tensor {
        let c = configuration
        let perFrame = keep[0].count
        precondition(keep.allSatisfy { $0.count == perFrame }, "all frames keep as many patches")
        let index = keep.enumerated().flatMap { frame, keep in keep.map { Int32(frame * c.patches) + $0 } }
        let patches = engine.allocate(index.count * c.patchWidth)
        let grid = PatchGrid(side: c.gridSide, patch: c.patch, channels: c.channels)
        engine.patches(of: pixels, grid, at: index, order: .channelsFirst, into: patches)
        let tokens = patchEmbed(
            Tensor(patches, rows: index.count, width: c.patchWidth, learns: false), on: tape)
        tape.addRows(of: space, at: keep.flatMap { $0 }, to: tokens)
        if c.kind.isVideo { addTime(time, to: tokens, perFrame: perFrame, on: tape) }
        let segments = sequences(keep.count, perFrame: perFrame)
        return norm(
            blocks.run(tokens, segments: segments, again: checkpointsActivations, on: tape), on: tape)
    }

    /// The lengths of the sequences that attend to themselves: frames, or the clips that they form.
    private func sequences(_ frames: Int, perFrame: Int) -> [Int] {
        configuration.kind.isVideo
            ? Array(repeating: configuration.frames * perFrame, count: frames / configuration.frames)
            : Array(repeating: perFrame, count: frames)
    }

    private func addTime(_ table: Buffer, to tokens: Tensor, perFrame: Int, on tape: Tape) {
        let index = (0..<tokens.rows).map { Int32($0 / perFrame % configuration.frames) }
        tape.addRows(of: table, at: index, to: tokens)
    }
}
