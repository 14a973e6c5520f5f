// The loops that touch every sample of every frame: bounds are checked once before each, so that the compiler can
// make vector code of it.

/// a |= b, sample by sample.
@inline(never)
func unite(_ a: inout MutableSpan<UInt8>, with b: Span<UInt8>) {
    let count = a.count
    precondition(b.count == count, "spans of one length")
    for i in 0..<count { a[unchecked: i] |= b[unchecked: i] }
}

/// a |= (b ^ 128) | (c ^ 128): marks what is not neutral in two planes of chroma.
@inline(never)
func markColoured(_ a: inout MutableSpan<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8>) {
    let count = a.count
    precondition(b.count == count && c.count == count, "spans of one length")
    for i in 0..<count { a[unchecked: i] |= (b[unchecked: i] ^ 128) | (c[unchecked: i] ^ 128) }
}

/// target = a & b, sample by sample, from `start` on.
@inline(never)
func intersect(_ a: Span<UInt8>, _ b: Span<UInt8>, into target: inout [UInt8], at start: Int = 0) {
    let count = a.count
    precondition(b.count == count && start >= 0 && start + count <= target.count, "spans of one length")
    var out = target.mutableSpan
    for i in 0..<count { out[unchecked: start &+ i] = a[unchecked: i] & b[unchecked: i] }
}

/// a = ~a, sample by sample.
@inline(never)
func invert(_ target: inout [UInt8]) {
    var a = target.mutableSpan
    let count = a.count
    for i in 0..<count { a[unchecked: i] = ~a[unchecked: i] }
}

/// target = 0.
@inline(never)
func clear(_ target: inout [Float]) {
    var out = target.mutableSpan
    for i in 0..<out.count { out[unchecked: i] = 0 }
}

/// target = 255 where a and b differ, else 0, from `start` on.
@inline(never)
func compare(_ a: Span<UInt8>, _ b: Span<UInt8>, into target: inout [UInt8], at start: Int) {
    let count = a.count
    precondition(b.count == count && start >= 0 && start + count <= target.count, "spans of one length")
    var out = target.mutableSpan
    for i in 0..<count { out[unchecked: start &+ i] = a[unchecked: i] != b[unchecked: i] ? 255 : 0 }
}

/// Each sample becomes the minimum, by `&`, of `length` samples: itself and those that follow at `stride`.
///
/// Every pass doubles how many a sample stands for. Samples whose window reaches beyond the end are not of use.
/// `scratch` is as long as `samples`.
func narrow(_ samples: inout [UInt8], to length: Int, stride: Int, scratch: inout [UInt8]) {
    var reached = 1
    while reached < length {
        let step = min(reached, length - reached)
        intersect(samples, shiftedBy: step * stride, into: &scratch)
        swap(&samples, &scratch)
        reached += step
    }
}

/// target[i] = a[i] & a[i + shift] as far as that goes. Two buffers, because vector code may not read what it writes.
@inline(never)
private func intersect(_ a: [UInt8], shiftedBy shift: Int, into target: inout [UInt8]) {
    let count = a.count - shift
    precondition(shift >= 0 && target.count == a.count, "buffers of one length")
    guard count > 0 else { return }
    let a = a.span
    var out = target.mutableSpan
    for i in 0..<count { out[unchecked: i] = a[unchecked: i] & a[unchecked: i &+ shift] }
}

/// target = one channel of the colours of Y, Cb, Cr, black where `mask` is 0, from `start` on.
@inline(never)
func convert(
    _ y: Span<UInt8>, _ cb: Span<UInt8>, _ cr: Span<UInt8>, where mask: Span<UInt8>, _ matrix: ColourMatrix,
    _ weights: SIMD2<Int32>, into target: inout [UInt8], at start: Int
) {
    let count = y.count
    precondition(cb.count == count && cr.count == count && mask.count == count, "rows of one width")
    precondition(start >= 0 && start + count <= target.count, "the target has room")
    var out = target.mutableSpan
    for x in 0..<count {
        let value = matrix.channel(y[unchecked: x], cb[unchecked: x], cr[unchecked: x], weights)
        out[unchecked: start &+ x] = value & mask[unchecked: x]
    }
}

/// The greatest |c − 128| of a row of chroma.
@inline(never)
func deviation(_ samples: Span<UInt8>) -> Int {
    var least: UInt8 = 128, most: UInt8 = 128
    let count = samples.count
    for i in 0..<count {
        least = min(least, samples[unchecked: i])
        most = max(most, samples[unchecked: i])
    }
    return max(128 - Int(least), Int(most) - 128)
}

/// How many samples are at least `bound` where `mask` is 255.
@inline(never)
func count(_ samples: Span<UInt8>, atLeast bound: UInt8, where mask: Span<UInt8>) -> Int {
    let count = samples.count
    precondition(mask.count == count, "spans of one length")
    var total = 0, start = 0
    while start < count {
        // Sixteen bits count a part of a row, eight samples at a time.
        let end = min(start + 0x8000, count)
        var part: UInt16 = 0
        for i in start..<end {
            // The borrow of the difference, so that nothing branches.
            let less = UInt16(samples[unchecked: i] & mask[unchecked: i]) &- UInt16(bound)
            part &+= 1 &- less &>> 15
        }
        total += Int(part)
        start = end
    }
    return total
}

/// target = weights · (a, b, c, d), sample by sample, from `start` on.
@inline(never)
func combine(
    _ a: Span<UInt8>, _ b: Span<UInt8>, _ c: Span<UInt8>, _ d: Span<UInt8>, _ weights: SIMD4<Float>,
    into target: inout [Float], at start: Int
) {
    let count = a.count
    precondition(b.count == count && c.count == count && d.count == count, "rows of one width")
    precondition(start >= 0 && start + count <= target.count, "the sums have room")
    var out = target.mutableSpan
    let (p, q, r, s) = (weights[0], weights[1], weights[2], weights[3])
    for x in 0..<count {
        out[unchecked: start &+ x] =
            p * Float(a[unchecked: x]) + q * Float(b[unchecked: x]) + r * Float(c[unchecked: x]) + s
            * Float(d[unchecked: x])
    }
}

/// For each of some columns the weighted sum of the four of `sums` from its `firsts` on, to the nearest of 0…255,
/// halves to even; written from `start` on, `stride` apart.
///
/// Columns come in groups of four, the last filled up: `weights[4 * group + tap]` are those of the group's columns.
/// The caller sees to it that all samples lie in `sums`, once for all rows.
@inline(never)
func combineColumns(
    _ sums: [Float], firsts: [Int], weights: [SIMD4<Float>], columns: Range<Int>,
    into target: inout [UInt8], at start: Int, stride: Int
) {
    precondition(weights.count == firsts.count && firsts.count % 4 == 0, "groups of four")
    let first = columns.lowerBound, end = columns.upperBound
    precondition(first % 4 == 0 && first >= 0 && end <= firsts.count, "the columns are among them")
    precondition(start >= 0 && start + (end - 1) * stride < target.count, "the target has room")
    let sums = sums.span, firsts = firsts.span, weights = weights.span
    var out = target.mutableSpan
    func samples(_ x: Int) -> SIMD4<Float> {
        let i = firsts[unchecked: x]
        return SIMD4(
            sums[unchecked: i], sums[unchecked: i &+ 1], sums[unchecked: i &+ 2], sums[unchecked: i &+ 3])
    }
    var position = start + first * stride
    for x in Swift.stride(from: first, to: end, by: 4) {
        let a = samples(x), b = samples(x &+ 1), c = samples(x &+ 2), d = samples(x &+ 3)
        var sum = weights[unchecked: x] * SIMD4(a[0], b[0], c[0], d[0])
        sum += weights[unchecked: x &+ 1] * SIMD4(a[1], b[1], c[1], d[1])
        sum += weights[unchecked: x &+ 2] * SIMD4(a[2], b[2], c[2], d[2])
        sum += weights[unchecked: x &+ 3] * SIMD4(a[3], b[3], c[3], d[3])
        sum.replace(with: 0, where: sum .< 0)
        sum.replace(with: 255, where: sum .> 255)
        // A float above 2²³ has no fraction: its lowest bits are the rounded number.
        let bits = unsafeBitCast(sum + SIMD4(repeating: 0x1p23), to: SIMD4<UInt32>.self)
        for lane in 0..<min(4, end &- x) {
            out[unchecked: position] = UInt8(truncatingIfNeeded: bits[lane])
            position &+= stride
        }
    }
}

/// Chroma at twice the columns, libjpeg's h2v1 "fancy" upsampling.
@inline(never)
func doubleColumns(_ c: Span<UInt8>, into out: inout MutableSpan<UInt8>) {
    let last = c.count - 1, width = out.count
    precondition(last >= 1 && (width + 1) / 2 == c.count, "half the columns, rounded up")
    func blend(_ near: Int, _ far: Int, _ rounding: UInt16) -> UInt8 {
        UInt8(
            truncatingIfNeeded: (3 &* UInt16(c[unchecked: near]) &+ UInt16(c[unchecked: far]) &+ rounding)
                &>> 2)
    }
    out[0] = c[0]
    out[1] = blend(0, 1, 2)
    for i in 1..<last {
        out[unchecked: 2 &* i] = blend(i, i &- 1, 1)
        out[unchecked: 2 &* i &+ 1] = blend(i, i &+ 1, 2)
    }
    out[2 * last] = blend(last, last - 1, 1)
    if width % 2 == 0 { out[width - 1] = c[last] }
}

/// Chroma at twice the columns and rows, libjpeg's h2v2 "fancy" upsampling: one row from the nearer and the farther.
@inline(never)
func doubleBoth(_ near: Span<UInt8>, _ far: Span<UInt8>, into out: inout MutableSpan<UInt8>) {
    let last = near.count - 1, width = out.count
    precondition(last >= 1 && far.count == near.count && (width + 1) / 2 == near.count, "half the columns")
    func sum(_ i: Int) -> UInt16 { 3 &* UInt16(near[unchecked: i]) &+ UInt16(far[unchecked: i]) }
    func blend(_ near: Int, _ far: Int, _ rounding: UInt16) -> UInt8 {
        UInt8(truncatingIfNeeded: (3 &* sum(near) &+ sum(far) &+ rounding) &>> 4)
    }
    out[0] = blend(0, 0, 8)
    out[1] = blend(0, 1, 7)
    for i in 1..<last {
        out[unchecked: 2 &* i] = blend(i, i &- 1, 8)
        out[unchecked: 2 &* i &+ 1] = blend(i, i &+ 1, 7)
    }
    out[2 * last] = blend(last, last - 1, 8)
    if width % 2 == 0 { out[width - 1] = blend(last, last, 7) }
}
