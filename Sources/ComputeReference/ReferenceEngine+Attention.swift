// The reference's attention: all scores of a query at once.

package import Compute
import Foundation

extension ReferenceEngine {
    package func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        let (q, kv) = split(values(qkv), width: shape.width)
        let (out, sums) = attend(q, kv, shape.asCross)
        store(out, in: y)
        store(sums, in: logSums)
    }

    package func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) {
        let (q, kv) = split(values(qkv), width: shape.width)
        let (dQ, dKV) = attendGradient(values(dy), q, kv, values(y), values(logSums), shape.asCross)
        let width = shape.width
        var out: [Double] = []
        for row in 0..<shape.rows {
            out += dQ[row * width..<(row + 1) * width]
            out += dKV[2 * row * width..<2 * (row + 1) * width]
        }
        store(out, in: dQKV)
    }

    package func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) {
        let (out, sums) = attend(values(q), values(kv), shape)
        store(out, in: y)
        store(sums, in: logSums)
    }

    package func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) {
        let (byQ, byKV) = attendGradient(
            values(dy), values(q), values(kv), values(y), values(logSums), shape)
        store(byQ, in: dQ)
        store(byKV, in: dKV)
    }

    /// The queries of rows [query | key | value], and [key | value].
    private func split(_ qkv: [Double], width: Int) -> (q: [Double], kv: [Double]) {
        let starts = stride(from: 0, to: qkv.count, by: 3 * width)
        return (
            starts.flatMap { qkv[$0..<$0 + width] }, starts.flatMap { qkv[$0 + width..<$0 + 3 * width] }
        )
    }

    /// Calls `body` with each head's place: the rows of its queries, those of its keys, and its number.
    private func eachHead(
        _ shape: CrossAttentionShape, _ body: (_ queries: Range<Int>, _ keys: Range<Int>, _ head: Int) -> Void
    ) {
        var (query, key) = (0, 0)
        for (queries, keys) in zip(shape.queries, shape.keys) {
            for head in 0..<shape.heads { body(query..<query + queries, key..<key + keys, head) }
            query += queries
            key += keys
        }
    }

    private func attend(_ q: [Double], _ kv: [Double], _ shape: CrossAttentionShape) -> (
        y: [Double], logSums: [Double]
    ) {
        let all = shape.width
        var y = [Double](repeating: 0, count: shape.queryRows * all)
        var logSums = [Double](repeating: 0, count: shape.heads * shape.queryRows)
        eachHead(shape) { queries, keys, head in
            let columns = head * shape.headWidth..<(head + 1) * shape.headWidth
            for i in queries {
                let scores = keys.map { j in
                    shape.scale * columns.reduce(0) { $0 + q[i * all + $1] * kv[2 * j * all + $1] }
                }
                let top = scores.max() ?? 0
                let sum = scores.reduce(0) { $0 + exp($1 - top) }
                logSums[head * shape.queryRows + i] = top + log(sum)
                for (j, score) in zip(keys, scores) {
                    let share = exp(score - top) / sum
                    for c in columns { y[i * all + c] += share * kv[(2 * j + 1) * all + c] }
                }
            }
        }
        return (y, logSums)
    }

    private func attendGradient(
        _ dy: [Double], _ q: [Double], _ kv: [Double], _ y: [Double], _ logSums: [Double],
        _ shape: CrossAttentionShape
    ) -> (dQ: [Double], dKV: [Double]) {
        let all = shape.width
        var dQ = [Double](repeating: 0, count: q.count), dKV = [Double](repeating: 0, count: kv.count)
        eachHead(shape) { queries, keys, head in
            let columns = head * shape.headWidth..<(head + 1) * shape.headWidth
            for i in queries {
                let along = columns.reduce(0) { $0 + dy[i * all + $1] * y[i * all + $1] }
                for j in keys {
                    let (k, v) = (2 * j * all, (2 * j + 1) * all)
                    var dot = 0.0, byShare = 0.0
                    for c in columns {
                        dot += q[i * all + c] * kv[k + c]
                        byShare += dy[i * all + c] * kv[v + c]
                    }
                    let share = exp(dot * shape.scale - logSums[head * shape.queryRows + i])
                    let byScore = share * (byShare - along) * shape.scale
                    for c in columns {
                        dQ[i * all + c] += byScore * kv[k + c]
                        dKV[k + c] += byScore * q[i * all + c]
                        dKV[v + c] += share * dy[i * all + c]
                    }
                }
            }
        }
        return (dQ, dKV)
    }
}
