// Attention of CPUEngine: a head of a sequence is a tile, and is cut into smaller ones by its kernel.

package import Compute

/// The queries, keys and values of all heads.
private struct AttentionInput {
    let q: Numbers, qStride: Int
    /// Keys; values lie as far behind each as it is wide.
    let kv: Numbers, kvStride: Int
    let shape: CrossAttentionShape

    /// Rows of [query | key | value].
    init(joined qkv: Numbers, _ shape: AttentionShape) {
        let width = shape.width
        (q, qStride, kv, kvStride) = (qkv, 3 * width, qkv.from(width), 3 * width)
        self.shape = shape.asCross
    }

    /// Rows of queries, and rows of [key | value].
    init(_ q: Numbers, _ kv: Numbers, _ shape: CrossAttentionShape) {
        (self.q, qStride, self.kv, kvStride) = (q, shape.width, kv, 2 * shape.width)
        self.shape = shape
    }

    /// Where a head's queries, keys, values, results and log-sums begin.
    func places(_ queries: Range<Int>, _ keys: Range<Int>, _ head: Int) -> (
        q: Int, k: Int, v: Int, y: Int, logSums: Int
    ) {
        let column = head * shape.headWidth, key = keys.lowerBound * kvStride + column
        return (
            queries.lowerBound * qStride + column, key, key + shape.width,
            queries.lowerBound * shape.width + column, head * shape.queryRows + queries.lowerBound
        )
    }
}

extension CPUEngine {
    package func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        let (total, width) = (shape.rows, shape.width)
        attend(
            AttentionInput(joined: numbers(qkv, total * 3 * width), shape),
            into: numbers(y, total * width), numbers(logSums, shape.heads * total))
    }

    package func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) {
        let (total, width) = (shape.rows, shape.width)
        let gradient = numbers(dQKV, total * 3 * width)
        attendGradient(
            numbers(dy, total * width), AttentionInput(joined: numbers(qkv, total * 3 * width), shape),
            numbers(y, total * width), numbers(logSums, shape.heads * total), into: gradient,
            and: gradient.from(width))
    }

    package func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) {
        let (width, queries, keys) = (shape.width, shape.queryRows, shape.keyRows)
        attend(
            AttentionInput(numbers(q, queries * width), numbers(kv, keys * 2 * width), shape),
            into: numbers(y, queries * width), numbers(logSums, shape.heads * queries))
    }

    package func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) {
        let (width, queries, keys) = (shape.width, shape.queryRows, shape.keyRows)
        attendGradient(
            numbers(dy, queries * width),
            AttentionInput(numbers(q, queries * width), numbers(kv, keys * 2 * width), shape),
            numbers(y, queries * width), numbers(logSums, shape.heads * queries),
            into: numbers(dQ, queries * width), and: numbers(dKV, keys * 2 * width))
    }

    // MARK: One head at a time

    private func attend(_ input: AttentionInput, into y: Numbers, _ logSums: Numbers) {
        eachHead(input) { head, at in
            withScratch(head.scratch(gradient: false)) { scratch in
                Kernels.attention(
                    head, into: y.from(at.y), stride: input.shape.width, logSums: logSums.from(at.logSums),
                    scratch: scratch, by: library)
            }
        }
    }

    private func attendGradient(
        _ dy: Numbers, _ input: AttentionInput, _ y: Numbers, _ logSums: Numbers, into dQ: Numbers,
        and dKV: Numbers
    ) {
        eachHead(input) { head, at in
            withScratch(head.scratch(gradient: true)) { scratch in
                Kernels.attentionGradient(
                    head, y: y.from(at.y), dy: dy.from(at.y), stride: input.shape.width,
                    logSums: logSums.from(at.logSums),
                    into: (q: dQ.from(at.q), k: dKV.from(at.k), v: dKV.from(at.v)), scratch: scratch,
                    by: library)
            }
        }
    }

    /// Calls `body` with every head of every sequence, and where its numbers begin; some heads of short sequences are
    /// taken together.
    private func eachHead(
        _ input: AttentionInput,
        _ body: (_ head: Kernels.Head, _ at: (q: Int, k: Int, v: Int, y: Int, logSums: Int)) -> Void
    ) {
        let shape = input.shape
        var places: [(queries: Range<Int>, keys: Range<Int>)] = []
        var (query, key, cost) = (0, 0, 0)
        for (queries, keys) in zip(shape.queries, shape.keys) {
            places.append((query..<query + queries, key..<key + keys))
            query += queries
            key += keys
            cost = max(cost, queries * keys)
        }
        let heads = places.count * shape.heads
        inTiles(of: heads, by: tile(rows: heads, cost: 4 * cost * shape.headWidth, atMost: 1)) { part in
            for index in part {
                let (segment, number) = index.quotientAndRemainder(dividingBy: shape.heads)
                let (queries, keys) = places[segment]
                let at = input.places(queries, keys, number)
                let head = Kernels.Head(
                    q: input.q.from(at.q), qStride: input.qStride, k: input.kv.from(at.k),
                    v: input.kv.from(at.v), kvStride: input.kvStride, queries: queries.count,
                    keys: keys.count, width: shape.headWidth, scale: shape.scale)
                body(head, at)
            }
        }
    }
}
