// Who attends to whom, group by group, without a matrix of all weights.

extension Engine {
    /// How each group of rows shares out its attention among the groups of its sequence.
    ///
    /// Attention is a weighted mean of values. If the value of a row says which group it is of, 1 in one column and 0
    /// in all others, that mean is the share of each group: the tiles of `attention` do the work, and memory grows
    /// with the number of rows only.
    ///
    /// - Parameters:
    ///   - qkv: the input of `attention`, [rows, 3·width]; its values do not matter
    ///   - groups: for each sequence, the number of rows of its consecutive groups
    /// - Returns: for each sequence [heads, groups, groups]: the mean over the rows of the first group of the weight
    ///   that they give to all rows of the second together
    package func attentionShares(_ qkv: Buffer, shape: AttentionShape, groups: [[Int]]) -> [[Float]] {
        precondition(groups.map { $0.reduce(0, +) } == shape.segments, "groups fill their sequences")
        let (width, headWidth) = (shape.width, shape.headWidth)
        let sizes = groups.flatMap { $0 }
        var rows = read(qkv)
        let (input, output) = (allocate(rows.count), allocate(shape.rows * width))
        let (logSums, means) = (allocate(shape.rows * shape.heads), allocate(sizes.count * width))
        var result = groups.map { [Float](repeating: 0, count: shape.heads * $0.count * $0.count) }
        // A head has headWidth columns: so many groups at a time.
        for first in stride(from: 0, to: groups.map(\.count).max() ?? 0, by: headWidth) {
            var row = 0
            for (group, size) in groups.flatMap({ $0.enumerated() }) {
                for _ in 0..<size {
                    for column in 0..<width {
                        rows[(3 * row + 2) * width + column] = column % headWidth == group - first ? 1 : 0
                    }
                    row += 1
                }
            }
            write(rows, to: input)
            attention(input, into: output, logSums: logSums, shape: shape)
            meanOfSegments(output, segments: sizes, into: means, width: width)
            var shares = read(means)[...]
            for (sequence, count) in groups.map(\.count).enumerated() {
                for reader in 0..<count {
                    for head in 0..<shape.heads {
                        for group in first..<max(first, min(first + headWidth, count)) {
                            result[sequence][(head * count + reader) * count + group] =
                                shares[shares.startIndex + head * headWidth + group - first]
                        }
                    }
                    shares = shares.dropFirst(width)
                }
            }
        }
        return result
    }
}
