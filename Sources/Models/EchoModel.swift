// The LAMAE family: a masked autoencoder whose views of a heart meet in latent space.

package import Compute

/// A model and its weights on an engine; one of the four kinds, for pre-training or for fine-tuning.
///
/// Tokens of all studies, views and frames of a batch lie in one matrix, study by study, and attention is told where
/// one sequence ends and the next begins.
package final class EchoModel {
    package let configuration: ModelConfiguration
    package let engine: any Engine
    /// Whether each block is computed again on the way back instead of kept: about a third more time, and memory for
    /// one block instead of for all.
    package var checkpointsActivations = false
    /// Receives each parameter whose gradient the way back of a step has written, as a `Tape`'s does.
    var whenLearned: (Tensor) -> Void = { _ in }
    let parameterList: [Parameter]

    private let encoder: Encoder
    let latent: LatentAttention?
    /// What pre-training hides from latent attention by a token; nil where it is dropped.
    private let latentMask: LatentMask?
    private let decoder: (any Decoder)?
    let heads: [Head]

    /// A model with fresh weights, which depend on nothing but `seed` and the configuration.
    package init(_ configuration: ModelConfiguration, engine: any Engine, seed: UInt64) {
        precondition(configuration.fault == nil, configuration.fault ?? "")
        let c = configuration
        var list = ParameterList(engine: engine, seed: seed)
        encoder = Encoder(c, in: &list)
        latent = c.kind.hasLatentAttention ? LatentAttention(c, in: &list) : nil
        latentMask = c.outputs == 0 && c.latentMasking == .token ? LatentMask(c, in: &list) : nil
        decoder = c.outputs == 0 ? c.decoderKind?.make(c, &list) : nil
        heads = Head.all(c, in: &list)
        self.configuration = c
        self.engine = engine
        parameterList = list.all
    }

    // MARK: Pre-training

    /// One step forward and back; the gradients of `weight` times the loss are added to the parameters', and it to `loss`,
    /// a number for sums.
    ///
    /// - Parameter predicting: whether to return the predicted pixels [ΣV, T, N, patch·patch·channels]
    package func pretrainStep(
        _ batch: StudyBatch, _ mask: PretrainMask, weight: Double = 1, addingTo loss: Buffer,
        predicting: Bool = false
    ) -> [Float]? {
        let tape = Tape(engine, recording: true, whenLearned: whenLearned)
        let prediction = pretrain(batch, mask, weight: weight, addingTo: loss, on: tape)
        let pixels = predicting ? engine.read(prediction.value) : nil
        tape.backward()
        return pixels
    }

    /// The loss and the predicted pixels [ΣV, T, N, patch·patch·channels], without gradients.
    package func reconstruct(_ batch: StudyBatch, _ mask: PretrainMask) -> (loss: Double, prediction: [Float])
    {
        let loss = engine.zero()
        let prediction = pretrain(
            batch, mask, weight: 1, addingTo: loss, on: Tape(engine, recording: false))
        return (engine.sums(loss)[0], engine.read(prediction.value))
    }

    private func pretrain(
        _ batch: StudyBatch, _ mask: PretrainMask, weight: Double, addingTo loss: Buffer, on tape: Tape
    ) -> Tensor {
        guard let decoder else { preconditionFailure("a model for fine-tuning does not pre-train") }
        let c = configuration, again = checkpointsActivations
        let pixels = upload(batch)
        let frames = batch.views * c.frames
        precondition(mask.keep.count == frames, "a mask has patches for each frame")

        var tokens = encoder(pixels, keep: mask.keep, again: again, on: tape)
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
            if !c.kind.isVideo { encoder.places.addTime(to: tokens, perFrame: c.keptPatches, on: tape) }
            if let latentMask {
                tokens = latentMask.hide(tokens, except: kept, slots: places, on: tape)
                let segments = batch.viewCounts.map { $0 * c.frames * c.keptPatches }
                tokens = latent(tokens, segments: segments, again: again, on: tape)
            } else {
                tokens = tape.gather(tokens, engine.rows(kept))
                places = kept.map { places[Int($0)] }
                tokens = latent(tokens, segments: mask.keepLatent.map(\.count), again: again, on: tape)
            }
        }

        let prediction = decoder(
            DecoderInput(tokens: tokens, places: places, viewCounts: batch.viewCounts, again: again), on: tape
        )
        tape.squaredError(
            prediction, target: target(of: pixels, frames: frames),
            weights: engine.upload(lossWeights(batch, mask)), scale: weight, addingTo: loss)
        return prediction
    }

    /// The pixels of all patches as a decoder predicts them.
    private func target(of pixels: Buffer, frames: Int) -> Buffer {
        let c = configuration, count = frames * c.patches
        let target = engine.allocate(count * c.patchWidth)
        let all = engine.rows(Array(0..<Int32(count)))
        engine.patches(of: pixels, c.grid, at: all, order: .channelsLast, into: target)
        if c.normPix { engine.normaliseRows(target, rows: count, width: c.patchWidth, epsilon: 1e-6) }
        return target
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

    /// One step forward and back; the gradients of the sum of the heads' losses are added to the parameters', and it to
    /// `sum`, a number for sums.
    ///
    /// - Parameters:
    ///   - targets: [studies, outputs]; NaN where one is not known: it then counts for nothing
    ///   - losses: one for each head
    ///   - frozen: whether only the heads learn; other parameters then get no gradient
    ///   - predicting: whether to return the outputs
    package func finetuneStep(
        _ batch: StudyBatch, targets: [Float], _ losses: [HeadLoss], frozen: Bool = false,
        addingTo sum: Buffer, predicting: Bool = false
    ) -> [Float]? {
        let tape = Tape(engine, recording: true, whenLearned: whenLearned)
        let tokens = tokens(of: batch, on: frozen ? Tape(engine, recording: false) : tape)
        let outputs = finetune(batch, tokens, targets, losses, addingTo: sum, on: tape)
        let found = predicting ? read(outputs) : nil
        tape.backward()
        return found
    }

    /// The loss and the outputs, without gradients.
    package func loss(
        _ batch: StudyBatch, targets: [Float], _ losses: [HeadLoss]
    ) -> (loss: Double, logits: [Float]) {
        let tape = Tape(engine, recording: false), sum = engine.zero()
        let outputs = finetune(
            batch, tokens(of: batch, on: tape), targets, losses, addingTo: sum, on: tape)
        return (engine.sums(sum)[0], read(outputs))
    }

    private func finetune(
        _ batch: StudyBatch, _ tokens: Tensor, _ targets: [Float], _ losses: [HeadLoss],
        addingTo sum: Buffer, on tape: Tape
    ) -> [Tensor] {
        let outputs = predict(batch, tokens, on: tape), all = configuration.outputs
        let studies = batch.viewCounts.count
        precondition(targets.count == studies * all, "targets fill [studies, outputs]")
        precondition(losses.count == outputs.count, "each head has a loss")
        var first = 0
        for (output, loss) in zip(outputs, losses) {
            let own = first..<first + output.width
            let mine =
                output.width == all
                ? targets : (0..<studies).flatMap { row in own.map { targets[row * all + $0] } }
            add(loss, of: output, mine, to: sum, on: tape)
            first = own.upperBound
        }
        return outputs
    }

    /// - Parameter targets: of this head alone, [studies, its outputs]
    func add(
        _ loss: HeadLoss, of outputs: Tensor, _ targets: [Float], to sum: Buffer, on tape: Tape
    ) {
        let known = targets.count { !$0.isNaN }
        let target = engine.upload(targets.map { $0.isNaN ? 0 : $0 })
        let share = 1 / Float(max(1, known))
        switch loss.kind {
        case .binaryCrossEntropy:
            let weights = targets.enumerated().map { place, target -> Float in
                if target.isNaN { return 0 }
                return share * (target > 0.5 ? loss.positiveWeights.map { $0[place % $0.count] } ?? 1 : 1)
            }
            tape.binaryCrossEntropy(
                outputs, target: target, weights: engine.upload(weights), scale: loss.weight, addingTo: sum)
        case .meanSquaredError:
            let weights = targets.map { $0.isNaN ? 0 : share }
            tape.squaredError(
                outputs, target: target, weights: engine.upload(weights), scale: loss.weight, addingTo: sum)
        }
    }

    /// The heads' outputs [studies, outputs].
    package func logits(_ batch: StudyBatch) -> [Float] {
        let tape = Tape(engine, recording: false)
        return read(predict(batch, tokens(of: batch, on: tape), on: tape))
    }

    /// The outputs of all heads side by side, [studies, outputs].
    private func read(_ outputs: [Tensor]) -> [Float] {
        let found = outputs.map { engine.read($0.value) }
        if found.count == 1 { return found[0] }
        return (0..<outputs[0].rows).flatMap { row in
            zip(outputs, found).flatMap { $1[row * $0.width..<(row + 1) * $0.width] }
        }
    }

    /// What tokens are averaged over.
    package enum Pooling: String, CaseIterable, Sendable { case study, clip, frame }

    /// The mean of the tokens of each study, clip or frame, in the order of the batch: [units, dim].
    ///
    /// With latent attention a clip's and a frame's tokens have read those of the study's other clips.
    package func embeddings(_ batch: StudyBatch, per pooling: Pooling = .study) -> [Float] {
        let c = configuration, tape = Tape(engine, recording: false)
        let units =
            switch pooling {
            case .study: segments(of: batch)
            case .clip: Array(repeating: c.frames * c.patches, count: batch.views)
            case .frame: Array(repeating: c.patches, count: batch.views * c.frames)
            }
        return engine.read(tape.mean(tokens(of: batch, on: tape), ofSegments: units).value)
    }

    /// The tokens of all patches after the encoder and latent attention.
    func tokens(of batch: StudyBatch, on tape: Tape) -> Tensor {
        let tokens = latentInput(batch, on: tape)
        guard let latent else { return tokens }
        return latent(tokens, segments: segments(of: batch), again: checkpointsActivations, on: tape)
    }

    /// The number of tokens of each study, all patches seen.
    func segments(of batch: StudyBatch) -> [Int] {
        batch.viewCounts.map { $0 * configuration.frames * configuration.patches }
    }

    /// The encoder's tokens of all patches, with what latent attention adds to them first.
    func latentInput(_ batch: StudyBatch, on tape: Tape) -> Tensor {
        let c = configuration
        let all = (0..<Int32(c.patches)).map { $0 }
        let tokens = encoder(
            upload(batch), keep: Array(repeating: all, count: batch.views * c.frames),
            again: checkpointsActivations, on: tape)
        if latent != nil, !c.kind.isVideo {
            encoder.places.addTime(to: tokens, perFrame: c.patches, on: tape)
        }
        return tokens
    }

    private func predict(_ batch: StudyBatch, _ tokens: Tensor, on tape: Tape) -> [Tensor] {
        precondition(!heads.isEmpty, "a model for pre-training has no head")
        let segments = segments(of: batch)
        lazy var mean = tape.mean(tokens, ofSegments: segments)
        return heads.map { $0(tokens, segments: segments, mean: mean, on: tape) }
    }

    private func upload(_ batch: StudyBatch) -> Buffer { batch.buffer(of: configuration, on: engine) }
}

extension Engine {
    /// Numbers of a step that come from the host.
    func upload(_ values: [Float]) -> Buffer {
        let buffer = allocate(values.count)
        write(values, to: buffer)
        return buffer
    }

    /// A number for sums, 0 at first.
    package func zero() -> Buffer {
        let buffer = allocate(1, for: .sums)
        fill(buffer, with: 0)
        return buffer
    }
}
