// Who attends to whom, group by group, without a matrix of all weights.

extension Engine {
    /// How each group of queries shares out its attention among the groups of the keys that it reads.
    ///
    /// Attention is a weighted mean of values. If the value of a key says which group it is of, 1 in one column and 0
    /// in all others, that mean is the share of each group: the tiles of `crossAttention` do the work, and memory
    /// grows with the number of rows only.
    ///
    /// - Parameters:
    ///   - q, kv: the inputs of `crossAttention`; values do not matter
    ///   - readers, read: for each sequence, the number of rows of its consecutive groups of queries and of keys
    /// - Returns: for each sequence [heads, readers, read]: the mean over the queries of a group of the weight that
    ///   they give to all keys of another together
    package func attentionShares(
        _ q: Buffer, _ kv: Buffer, heads: Int, readers: [[Int]], read: [[Int]]
    ) -> [[Float]] {
        let shape = CrossAttentionShape(
            queries: readers.map { $0.reduce(0, +) }, keys: read.map { $0.reduce(0, +) }, heads: heads,
            headWidth: q.count / readers.joined().reduce(0, +) / heads)
        let (width, headWidth) = (shape.width, shape.headWidth)
        let sizes = readers.flatMap { $0 }
        var rows = self.read(kv)
        let (query, input, output) = (allocate(q.count), allocate(rows.count), allocate(q.count))
        write(self.read(q), to: query)
        let (logSums, means) = (allocate(shape.queryRows * heads), allocate(sizes.count * width))
        var result = zip(readers, read).map { [Float](repeating: 0, count: heads * $0.count * $1.count) }
        // A head has headWidth columns: so many groups at a time.
        for first in stride(from: 0, to: read.map(\.count).max() ?? 0, by: headWidth) {
            var row = 0
            for (group, size) in read.flatMap({ $0.enumerated() }) {
                for _ in 0..<size {
                    for column in 0..<width {
                        rows[(2 * row + 1) * width + column] = column % headWidth == group - first ? 1 : 0
                    }
                    row += 1
                }
            }
            write(rows, to: input)
            crossAttention(query, input, into: output, logSums: logSums, shape: shape)
            meanOfSegments(output, segments: sizes, into: means, width: width)
            var shares = self.read(means)[...]
            for sequence in readers.indices {
                let (readers, groups) = (readers[sequence].count, read[sequence].count)
                for reader in 0..<readers {
                    for head in 0..<heads {
                        for group in first..<max(first, min(first + headWidth, groups)) {
                            result[sequence][(head * readers + reader) * groups + group] =
                                shares[shares.startIndex + head * headWidth + group - first]
                        }
                    }
                    shares = shares.dropFirst(width)
                }
            }
        }
        return result
    }

    /// The same of self-attention: how each group of rows of `qkv`, the input of `attention`, shares out its
    /// attention among the groups of its sequence.
    package func attentionShares(_ qkv: Buffer, heads: Int, groups: [[Int]]) -> [[Float]] {
        let values = read(qkv)
        let width = values.count / 3 / groups.joined().reduce(0, +)
        let starts = stride(from: 0, to: values.count, by: 3 * width)
        let (q, kv) = (allocate(values.count / 3), allocate(values.count / 3 * 2))
        write(starts.flatMap { values[$0..<$0 + width] }, to: q)
        write(starts.flatMap { values[$0 + width..<$0 + 3 * width] }, to: kv)
        return attentionShares(q, kv, heads: heads, readers: groups, read: groups)
    }
}
