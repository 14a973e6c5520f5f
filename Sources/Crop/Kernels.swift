// The loops that touch every sample of every frame: bounds are checked once before each, so that the compiler can
// make vector code of it.

/// The marks of a `Footprint` as samples: U8 [rows, columns], 255 where they are set.
func unpack(_ marks: [UInt8], rows: Int, columns: Int) -> [UInt8] {
    var samples = [UInt8](repeating: 0, count: rows * columns)
    for y in 0..<rows {
        let start = y / 8 * columns
        unpack(
            marks.span.extracting(start..<start + columns), 1 << UInt8(y % 8), into: &samples, at: y * columns
        )
    }
    return samples
}

@inline(never)
private func unpack(_ marks: Span<UInt8>, _ bit: UInt8, into target: inout [UInt8], at start: Int) {
    let count = marks.count
    precondition(start >= 0 && start + count <= target.count, "the target has room")
    var out = target.mutableSpan
    for x in 0..<count { out[unchecked: start &+ x] = marks[unchecked: x] & bit != 0 ? 255 : 0 }
}

/// target = a & b, sample by sample.
@inline(never)
func intersect(_ a: Span<UInt8>, _ b: Span<UInt8>, into target: inout [UInt8]) {
    let count = a.count
    precondition(b.count == count && target.count == count, "spans of one length")
    var out = target.mutableSpan
    for i in 0..<count { out[unchecked: i] = a[unchecked: i] & b[unchecked: i] }
}

/// The end of the run of `value`, 0 or 255, that a range begins with.
func end(ofRun value: UInt8, in samples: Span<UInt8>, _ range: Range<Int>) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= samples.count, "the range is among the samples")
    let eight = value == 0 ? 0 : UInt64.max, bytes = samples.bytes
    var i = range.lowerBound
    while i &+ 8 <= range.upperBound {
        let other = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: i, as: UInt64.self) ^ eight
        if other != 0 { return i &+ other.littleEndian.trailingZeroBitCount &>> 3 }
        i &+= 8
    }
    while i < range.upperBound, samples[unchecked: i] == value { i &+= 1 }
    return i
}

/// The beginning of the run of `value`, 0 or 255, that a range ends with.
func start(ofRun value: UInt8, in samples: Span<UInt8>, _ range: Range<Int>) -> Int {
    precondition(range.lowerBound >= 0 && range.upperBound <= samples.count, "the range is among the samples")
    let eight = value == 0 ? 0 : UInt64.max, bytes = samples.bytes
    var i = range.upperBound
    while i &- 8 >= range.lowerBound {
        let other = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: i &- 8, as: UInt64.self) ^ eight
        if other != 0 { return i &- other.littleEndian.leadingZeroBitCount &>> 3 }
        i &-= 8
    }
    while i > range.lowerBound, samples[unchecked: i &- 1] == value { i &-= 1 }
    return i
}

/// a = ~a, sample by sample.
@inline(never)
func invert(_ target: inout [UInt8]) {
    var a = target.mutableSpan
    let count = a.count
    for i in 0..<count { a[unchecked: i] = ~a[unchecked: i] }
}

/// target = 0 in a range.
@inline(never)
func clear<Number: Numeric & BitwiseCopyable>(_ target: inout [Number], _ range: Range<Int>) {
    var out = target.mutableSpan
    precondition(range.lowerBound >= 0 && range.upperBound <= out.count, "the range is in the target")
    for i in range { out[unchecked: i] = .zero }
}

/// target = a, from `start` on.
@inline(never)
func copy(_ a: Span<UInt8>, into target: inout [UInt8], at start: Int) {
    let count = a.count
    precondition(start >= 0 && start + count <= target.count, "the target has room")
    var out = target.mutableSpan
    for i in 0..<count { out[unchecked: start &+ i] = a[unchecked: i] }
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

/// target = one channel of the colours of Y, Cb, Cr, from `start` on.
@inline(never)
func convert(
    _ y: Span<UInt8>, _ cb: Span<UInt8>, _ cr: Span<UInt8>, _ matrix: ColourMatrix, _ weights: SIMD2<Int32>,
    into target: inout [UInt8], at start: Int
) {
    let count = y.count
    precondition(cb.count == count && cr.count == count, "rows of one width")
    precondition(start >= 0 && start + count <= target.count, "the target has room")
    var out = target.mutableSpan
    for x in 0..<count {
        out[unchecked: start &+ x] = matrix.channel(
            y[unchecked: x], cb[unchecked: x], cr[unchecked: x], weights)
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
