// Which views of a study the latent-attention module reads, seen from each of them.

import Compute

/// How the tokens of each view of one study share out their attention among its views.
package struct ViewAttention: Sendable, Equatable {
    package let layers: Int, heads: Int, views: Int
    /// [layers, heads, views that read, views that are read]: means over the reading view's tokens of the weight on
    /// all tokens of the other; they add up to 1 over the last axis. 1 / views everywhere is attention to all alike.
    package let shares: [Float]

    /// The share of the attention of `view` that `read` gets.
    package func share(layer: Int, head: Int, of view: Int, in read: Int) -> Float {
        shares[((layer * heads + head) * views + view) * views + read]
    }
}

extension EchoModel {
    /// The latent attention of each study from view to view, all patches seen; empty without latent attention.
    ///
    /// With learned queries in between there is one layer of one head: what a view's tokens read of the queries times
    /// what those read of each view, both means over heads.
    package func viewAttention(_ batch: StudyBatch) -> [ViewAttention] {
        guard let latent else { return [] }
        let c = configuration
        let tape = Tape(engine, recording: false)
        var tokens = latentInput(batch, on: tape)
        let views = batch.viewCounts.map { [Int](repeating: c.frames * c.patches, count: $0) }
        let segments = views.map { $0.reduce(0, +) }
        if let bottleneck = latent.bottleneck {
            return readings(of: tokens, views: views, through: bottleneck, latent.blocks, on: tape)
        }
        var shares = views.map { _ in [Float]() }
        for block in latent.blocks {
            let qkv = block.queriesKeysValues(tokens, on: tape).value
            for (study, layer) in engine.attentionShares(qkv, heads: c.latentHeads, groups: views)
                .enumerated()
            {
                shares[study] += layer
            }
            tokens = block(tokens, segments: segments, on: tape)
        }
        return zip(views, shares).map {
            ViewAttention(layers: latent.blocks.count, heads: c.latentHeads, views: $0.count, shares: $1)
        }
    }

    private func readings(
        of tokens: Tensor, views: [[Int]], through bottleneck: LatentAttention.Bottleneck, _ blocks: [Block],
        on tape: Tape
    ) -> [ViewAttention] {
        let (segments, heads) = (views.map { $0.reduce(0, +) }, configuration.latentHeads)
        let single = views.map { _ in [Int](repeating: 1, count: bottleneck.queries.rows) }
        let each = single.map(\.count)
        var queries = tape.repeated(bottleneck.queries, times: views.count)
        let (readQ, readKV) = bottleneck.read.queriesKeysValues(queries, reading: tokens, on: tape)
        let read = engine.attentionShares(
            readQ.value, readKV.value, heads: heads, readers: single, read: views)
        queries = bottleneck.read(queries, each, reading: tokens, segments, on: tape)
        queries = blocks.run(queries, segments: each, again: false, on: tape)
        let (writeQ, writeKV) = bottleneck.write.queriesKeysValues(tokens, reading: queries, on: tape)
        let written = engine.attentionShares(
            writeQ.value, writeKV.value, heads: heads, readers: views, read: single)
        return views.indices.map { study in
            let (count, width) = (views[study].count, each[study])
            /// The mean over heads of [heads, rows, columns].
            func mean(_ shares: [Float]) -> [Float] {
                let size = shares.count / heads
                return (0..<size).map { place in
                    stride(from: place, to: shares.count, by: size).reduce(0) { $0 + shares[$1] }
                        / Float(heads)
                }
            }
            let (toQueries, toViews) = (mean(written[study]), mean(read[study]))
            let shares = (0..<count * count).map { place in
                (0..<width).reduce(Float(0)) {
                    $0 + toQueries[place / count * width + $1] * toViews[$1 * count + place % count]
                }
            }
            return ViewAttention(layers: 1, heads: 1, views: count, shares: shares)
        }
    }
}
