// Attention of CPUEngine: a head of a sequence is a tile, and is cut into smaller ones by its kernel.

private import CKernels

/// The queries, keys and values of all heads in one format, F32 or BF16.
private struct AttentionInput<Number> {
    typealias Start = UnsafeMutablePointer<Number>

    let q: Start, qStride: Int
    /// Keys; values lie as far behind each as it is wide.
    let kv: Start, kvStride: Int
    let shape: CrossAttentionShape

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
    public func attention(_ qkv: Buffer, into y: Buffer, logSums: Buffer, shape: AttentionShape) {
        let (total, width) = (shape.rows, shape.width)
        let sums = floats(logSums, shape.heads * total)
        if isRounded(qkv) {
            let q = halves(qkv, total * 3 * width)
            attend(joined(q, shape), into: halves(y, total * width), sums)
        } else {
            let q = floats(qkv, total * 3 * width)
            attend(joined(q, shape), into: floats(y, total * width), sums)
        }
    }

    public func attentionGradient(
        _ dy: Buffer, qkv: Buffer, y: Buffer, logSums: Buffer, into dQKV: Buffer, shape: AttentionShape
    ) {
        let (total, width) = (shape.rows, shape.width)
        let sums = floats(logSums, shape.heads * total)
        if isRounded(qkv) {
            let (q, dQ) = (halves(qkv, total * 3 * width), halves(dQKV, total * 3 * width))
            attendGradient(
                halves(dy, total * width), joined(q, shape), halves(y, total * width), sums, into: dQ,
                and: dQ + width)
        } else {
            let (q, dQ) = (floats(qkv, total * 3 * width), floats(dQKV, total * 3 * width))
            attendGradient(
                floats(dy, total * width), joined(q, shape), floats(y, total * width), sums, into: dQ,
                and: dQ + width)
        }
    }

    public func crossAttention(
        _ q: Buffer, _ kv: Buffer, into y: Buffer, logSums: Buffer, shape: CrossAttentionShape
    ) {
        let (width, queries, keys) = (shape.width, shape.queryRows, shape.keyRows)
        let sums = floats(logSums, shape.heads * queries)
        if isRounded(q) {
            let input = apart(halves(q, queries * width), halves(kv, keys * 2 * width), shape)
            attend(input, into: halves(y, queries * width), sums)
        } else {
            let input = apart(floats(q, queries * width), floats(kv, keys * 2 * width), shape)
            attend(input, into: floats(y, queries * width), sums)
        }
    }

    public func crossAttentionGradient(
        _ dy: Buffer, q: Buffer, kv: Buffer, y: Buffer, logSums: Buffer, into dQ: Buffer, and dKV: Buffer,
        shape: CrossAttentionShape
    ) {
        let (width, queries, keys) = (shape.width, shape.queryRows, shape.keyRows)
        let sums = floats(logSums, shape.heads * queries)
        if isRounded(q) {
            let input = apart(halves(q, queries * width), halves(kv, keys * 2 * width), shape)
            attendGradient(
                halves(dy, queries * width), input, halves(y, queries * width), sums,
                into: halves(dQ, queries * width), and: halves(dKV, keys * 2 * width))
        } else {
            let input = apart(floats(q, queries * width), floats(kv, keys * 2 * width), shape)
            attendGradient(
                floats(dy, queries * width), input, floats(y, queries * width), sums,
                into: floats(dQ, queries * width), and: floats(dKV, keys * 2 * width))
        }
    }

    /// Rows of [query | key | value].
    private func joined<Number>(
        _ qkv: UnsafeMutablePointer<Number>, _ shape: AttentionShape
    ) -> AttentionInput<Number> {
        let width = shape.width
        return AttentionInput(
            q: qkv, qStride: 3 * width, kv: qkv + width, kvStride: 3 * width, shape: shape.asCross)
    }

    /// Rows of queries, and rows of [key | value].
    private func apart<Number>(
        _ q: UnsafeMutablePointer<Number>, _ kv: UnsafeMutablePointer<Number>, _ shape: CrossAttentionShape
    ) -> AttentionInput<Number> {
        AttentionInput(q: q, qStride: shape.width, kv: kv, kvStride: 2 * shape.width, shape: shape)
    }

    // MARK: One head at a time

    private func attend(_ input: AttentionInput<Float>, into y: Floats, _ logSums: Floats) {
        let shape = input.shape
        eachHead(shape) { queries, keys, head in
            let at = input.places(queries, keys, head)
            ck_attention(
                library, input.q + at.q, input.qStride, input.kv + at.k, input.kv + at.v, input.kvStride,
                y + at.y, shape.width, logSums + at.logSums, queries.count, keys.count, shape.headWidth,
                Float(shape.scale))
        }
    }

    private func attend(_ input: AttentionInput<UInt16>, into y: Halves, _ logSums: Floats) {
        let shape = input.shape
        eachHead(shape) { queries, keys, head in
            let at = input.places(queries, keys, head)
            let scratch = pool.take(ck_attention_scratch_bf16(keys.count, shape.headWidth, 0))
            ck_attention_bf16(
                input.q + at.q, input.qStride, input.kv + at.k, input.kv + at.v, input.kvStride, y + at.y,
                shape.width, logSums + at.logSums, scratch.start, queries.count, keys.count, shape.headWidth,
                Float(shape.scale))
            pool.giveBack(scratch)
        }
    }

    private func attendGradient(
        _ dy: Floats, _ input: AttentionInput<Float>, _ y: Floats, _ logSums: Floats, into dQ: Floats,
        and dKV: Floats
    ) {
        let shape = input.shape
        eachHead(shape) { queries, keys, head in
            let at = input.places(queries, keys, head)
            ck_attention_gradient(
                library, input.q + at.q, input.qStride, input.kv + at.k, input.kv + at.v, input.kvStride,
                y + at.y, dy + at.y, shape.width, logSums + at.logSums, dQ + at.q, dKV + at.k, dKV + at.v,
                queries.count, keys.count, shape.headWidth, Float(shape.scale))
        }
    }

    private func attendGradient(
        _ dy: Halves, _ input: AttentionInput<UInt16>, _ y: Halves, _ logSums: Floats, into dQ: Halves,
        and dKV: Halves
    ) {
        let shape = input.shape
        eachHead(shape) { queries, keys, head in
            let at = input.places(queries, keys, head)
            let scratch = pool.take(ck_attention_scratch_bf16(keys.count, shape.headWidth, 1))
            ck_attention_gradient_bf16(
                input.q + at.q, input.qStride, input.kv + at.k, input.kv + at.v, input.kvStride, y + at.y,
                dy + at.y, shape.width, logSums + at.logSums, dQ + at.q, dKV + at.k, dKV + at.v,
                scratch.start, queries.count, keys.count, shape.headWidth, Float(shape.scale))
            pool.giveBack(scratch)
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
