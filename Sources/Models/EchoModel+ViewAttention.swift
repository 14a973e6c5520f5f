// Which views of a study the latent-attention module reads, seen from each of them.

import Compute

/// How the tokens of each view of one study share out their attention among its views.
public struct ViewAttention: Sendable, Equatable {
    public let layers: Int, heads: Int, views: Int
    /// [layers, heads, views that read, views that are read]: means over the reading view's tokens of the weight on
    /// all tokens of the other; they add up to 1 over the last axis. 1 / views everywhere is attention to all alike.
    public let shares: [Float]

    /// One view's share of another's attention.
    public func share(layer: Int, head: Int, of view: Int, in read: Int) -> Float {
        shares[((layer * heads + head) * views + view) * views + read]
    }
}

extension EchoModel {
    /// The latent attention of each study from view to view, all patches seen; empty without latent attention.
    public func viewAttention(_ batch: StudyBatch) -> [ViewAttention] {
        guard let latent else { return [] }
        let c = configuration
        let tape = Tape(engine, recording: false)
        var tokens = latentInput(batch, on: tape)
        let groups = batch.viewCounts.map { [Int](repeating: c.frames * c.patches, count: $0) }
        let segments = groups.map { $0.reduce(0, +) }
        let shape = AttentionShape(segments: segments, heads: c.latentHeads, headWidth: c.dim / c.latentHeads)
        var shares = batch.viewCounts.map { _ in [Float]() }
        for block in latent.blocks {
            let queries = block.queriesKeysValues(tokens, on: tape)
            for (study, layer) in engine.attentionShares(queries.value, shape: shape, groups: groups)
                .enumerated()
            {
                shares[study] += layer
            }
            tokens = block(tokens, segments: segments, on: tape)
        }
        return zip(batch.viewCounts, shares).map {
            ViewAttention(layers: latent.blocks.count, heads: c.latentHeads, views: $0, shares: $1)
        }
    }
}
