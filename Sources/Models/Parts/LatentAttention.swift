// The module in which the tokens of all views of a study meet.

import Compute

/// Latent attention: every token of a study attends to every other, or to what some queries have read of them.
///
/// With `latentQueries` of m the module is a bottleneck as in Perceiver IO (Jaegle et al. 2022): m learned queries read
/// the tokens, the blocks run on the queries alone, and the tokens read the queries. So every token that enters comes
/// out, changed by what the others say, and time and memory grow with the number of tokens and not with its square.
struct LatentAttention {
    let blocks: [Block]
    let norm: LayerNorm
    let bottleneck: Bottleneck?

    struct Bottleneck {
        /// [m, dim].
        let queries: Tensor
        let read: CrossBlock, write: CrossBlock
    }

    init(_ c: ModelConfiguration, in list: inout ParameterList) {
        if c.latentQueries > 0 {
            bottleneck = Bottleneck(
                queries: list.normal("latent_queries", [c.latentQueries, c.dim], deviation: 0.02),
                read: CrossBlock("latent_read", width: c.dim, heads: c.latentHeads, in: &list),
                write: CrossBlock("latent_write", width: c.dim, heads: c.latentHeads, in: &list))
        } else {
            bottleneck = nil
        }
        blocks = Block.stack(
            "latent_blocks", depth: c.latentDepth, width: c.dim, heads: c.latentHeads, in: &list)
        norm = LayerNorm("latent_norm", c.dim, in: &list)
    }

    /// - Parameters:
    ///   - segments: the number of tokens of each study
    ///   - again: whether what blocks make is computed again on the way back
    func callAsFunction(_ tokens: Tensor, segments: [Int], again: Bool, on tape: Tape) -> Tensor {
        guard let bottleneck else {
            return norm(blocks.run(tokens, segments: segments, again: again, on: tape), on: tape)
        }
        let fresh = tape.repeated(bottleneck.queries, times: segments.count)
        let each = segments.map { _ in bottleneck.queries.rows }
        func cross(_ block: CrossBlock, _ x: Tensor, _ rows: [Int], _ context: Tensor, _ keys: [Int])
            -> Tensor
        {
            again
                ? tape.again(x) { block($0, rows, reading: context, keys, on: $1) }
                : block(x, rows, reading: context, keys, on: tape)
        }
        var queries = cross(bottleneck.read, fresh, each, tokens, segments)
        queries = blocks.run(queries, segments: each, again: again, on: tape)
        return norm(cross(bottleneck.write, tokens, segments, queries, each), on: tape)
    }
}
