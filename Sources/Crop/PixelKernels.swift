// CPixels, and the only file that knows it: the loops that gain most from wide registers.

private import CPixels

/// Columns come in groups of so many, the last filled up.
let columnGroup = Int(PX_COLUMNS)

/// target = weights · what is inside of four rows, sample by sample, from `start` on.
///
/// Row k has `count` samples in `picture`, whose rows lie `stride` apart, from `rows[k]` on; those count that are 255 in `masks` from `masked[k]` on.
func combine(
    _ picture: Span<UInt8>, _ rows: SIMD4<Int>, where masks: Span<UInt8>, _ masked: SIMD4<Int>, count: Int,
    stride: Int, _ weights: SIMD4<Float>, into target: inout [Float], at start: Int
) {
    guard count > 0 else { return }
    precondition(rows.min() >= 0 && rows.max() + count <= picture.count, "the rows lie in the picture")
    precondition(masked.min() >= 0 && masked.max() + count <= masks.count, "and in the masks")
    precondition(start >= 0 && start + count <= target.count, "the sums have room")
    var four = px_rows(
        rows: (rows[0], rows[1], rows[2], rows[3]), masks: (masked[0], masked[1], masked[2], masked[3]),
        weights: (weights[0], weights[1], weights[2], weights[3]), count: count,
        stride: stride)
    picture.withUnsafeBufferPointer { picture in
        masks.withUnsafeBufferPointer { masks in
            target.withUnsafeMutableBufferPointer { target in
                px_combine_rows(picture.baseAddress, masks.baseAddress, &four, target.baseAddress! + start)
            }
        }
    }
}

/// How many samples are at least `bound` where `mask` is 255.
package func count(_ samples: Span<UInt8>, atLeast bound: UInt8, where mask: Span<UInt8>) -> Int {
    precondition(mask.count == samples.count && bound > 0, "spans of one length")
    return samples.withUnsafeBufferPointer { samples in
        mask.withUnsafeBufferPointer { mask in
            Int(px_count(samples.baseAddress, mask.baseAddress, samples.count, bound))
        }
    }
}

/// For each of some columns the weighted sum of the four of `sums` from its `firsts` on, to the nearest of 0…255,
/// halves to even; column x is written to `start + x · stride`.
///
/// `weights[8 · (4 · group + tap) ...]` are those of a group's columns. The caller sees to it that all samples lie in
/// `sums`, once for all rows.
func combineColumns(
    _ sums: [Float], firsts: [Int32], weights: [Float], columns: Range<Int>, into target: inout [UInt8],
    at start: Int, stride: Int
) {
    guard !columns.isEmpty else { return }
    let first = columns.lowerBound
    precondition(firsts.count % columnGroup == 0 && weights.count == 4 * firsts.count, "groups of columns")
    precondition(first % columnGroup == 0 && columns.upperBound <= firsts.count, "the columns are among them")
    precondition(
        start >= 0 && start + (columns.upperBound - 1) * stride < target.count, "the target has room")
    sums.withUnsafeBufferPointer { sums in
        firsts.withUnsafeBufferPointer { firsts in
            weights.withUnsafeBufferPointer { weights in
                target.withUnsafeMutableBufferPointer { target in
                    px_combine_columns(
                        sums.baseAddress, firsts.baseAddress! + first, weights.baseAddress! + 4 * first,
                        columns.count, target.baseAddress! + start + first * stride, stride)
                }
            }
        }
    }
}
