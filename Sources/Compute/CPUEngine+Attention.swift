// Attention of CPUEngine: a head of a sequence is a tile, and is cut into smaller ones by its kernel.

private import CKernels

extension CPUEngine {
    public func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        let (total, width) = (shape.rows, shape.width)
        let q = floats(qkv, total * 3 * width)
        attend(
            q, stride: 3 * width, q + width, stride: 3 * width, into: floats(y, total * width),
            floats(logSums, shape.heads * total), shape.asCross)
    }

    public func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) {
        let (total, width) = (shape.rows, shape.width)
        let (q, dQ) = (floats(qkv, total * 3 * width), floats(dQKV, total * 3 * width))
        attendGradient(
            floats(dy, total * width), q, stride: 3 * width, q + width, stride: 3 * width,
            floats(y, total * width), floats(logSums, shape.heads * total), into: dQ, and: dQ + width,
            shape.asCross)
    }

    public func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) {
        let width = shape.width
        attend(
            floats(q, shape.queryRows * width), stride: width, floats(kv, shape.keyRows * 2 * width),
            stride: 2 * width, into: floats(y, shape.queryRows * width),
            floats(logSums, shape.heads * shape.queryRows), shape)
    }

    public func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) {
        let (width, queries, keys) = (shape.width, shape.queryRows, shape.keyRows)
        attendGradient(
            floats(dy, queries * width), floats(q, queries * width), stride: width,
            floats(kv, keys * 2 * width), stride: 2 * width, floats(y, queries * width),
            floats(logSums, shape.heads * queries), into: floats(dQ, queries * width),
            and: floats(dKV, keys * 2 * width), shape)
    }

    // MARK: One head at a time

    /// The queries of all heads at `q`, their keys at `kv` and their values `shape.width` further.
    private func attend(
        _ q: Floats, stride qStride: Int, _ kv: Floats, stride kvStride: Int, into y: Floats,
        _ logSums: Floats, _ shape: CrossAttentionShape
    ) {
        let (width, total) = (shape.width, shape.queryRows)
        eachHead(shape) { queries, keys, head in
            let column = head * shape.headWidth
            let k = kv + keys.lowerBound * kvStride + column
            ck_attention(
                library, q + queries.lowerBound * qStride + column, qStride, k, k + width, kvStride,
                y + queries.lowerBound * width + column, width, logSums + head * total + queries.lowerBound,
                queries.count, keys.count, shape.headWidth, Float(shape.scale))
        }
    }

    private func attendGradient(
        _ dy: Floats, _ q: Floats, stride qStride: Int, _ kv: Floats, stride kvStride: Int, _ y: Floats,
        _ logSums: Floats, into dQ: Floats, and dKV: Floats, _ shape: CrossAttentionShape
    ) {
        let (width, total) = (shape.width, shape.queryRows)
        eachHead(shape) { queries, keys, head in
            let column = head * shape.headWidth
            let query = queries.lowerBound * qStride + column, key = keys.lowerBound * kvStride + column
            let row = queries.lowerBound * width + column
            let (k, dK) = (kv + key, dKV + key)
            ck_attention_gradient(
                library, q + query, qStride, k, k + width, kvStride, y + row, dy + row, width,
                logSums + head * total + queries.lowerBound, dQ + query, dK, dK + width, queries.count,
                keys.count, shape.headWidth, Float(shape.scale))
        }
    }

    /// Calls `body` with the rows of queries, the rows of keys and the number of every head of every sequence; some
    /// heads of short sequences are taken together.
    private func eachHead(
        _ shape: CrossAttentionShape, _ body: (_ queries: Range<Int>, _ keys: Range<Int>, _ head: Int) -> Void
    ) {
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
                let (segment, head) = index.quotientAndRemainder(dividingBy: shape.heads)
                body(places[segment].queries, places[segment].keys, head)
            }
        }
    }
}
