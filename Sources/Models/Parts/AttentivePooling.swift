// What a learned query reads of a study: the probe of frozen encoders, which finds what their mean token has lost.

import Compute

/// One block of cross-attention from a learned query to all tokens of a study, as in the attentive probes of V-JEPA (Bardes
/// et al. 2024) and EchoJEPA; unlike theirs the query too is normalised before it attends.
struct AttentivePooling {
    /// [1, dim].
    private let query: Tensor
    private let block: CrossBlock

    /// - Parameter name: what stands before the names of its weights
    init(_ name: String, _ c: ModelConfiguration, in list: inout ParameterList) {
        query = list.normal("\(name).query", [1, c.dim], deviation: 0.02)
        block = CrossBlock("\(name).pool", width: c.dim, heads: c.heads, in: &list)
    }

    /// A row for each study, [studies, dim].
    ///
    /// - Parameter segments: the number of tokens of each study
    func callAsFunction(_ tokens: Tensor, segments: [Int], on tape: Tape) -> Tensor {
        let queries = tape.repeated(query, times: segments.count)
        return block(queries, segments.map { _ in 1 }, reading: tokens, segments, on: tape)
    }
}
