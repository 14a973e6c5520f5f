// The rest of CPUEngine: rows, pictures, losses and the optimiser.

private import CKernels
import EchoCore
import Foundation

extension CPUEngine {
    // MARK: Rows

    public func gather(_ x: Buffer, rows index: [Int32], filler: Buffer?, into y: Buffer, width: Int) {
        let (source, y) = (floats(x), floats(y, index.count * width))
        let rows = x.count / width
        let filler = filler.map { floats($0, width) }
        inTiles(of: index.count, by: tile(ofRows: width)) { part in
            for r in part {
                let row = Int(index[r])
                precondition(row < rows && (row >= 0 || filler != nil), "an index names a row")
                (y + r * width).update(from: row < 0 ? filler! : source + row * width, count: width)
            }
        }
    }

    public func gatherGradient(
        _ dy: Buffer, rows index: [Int32], into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int,
        width: Int
    ) {
        let (dy, target) = (floats(dy, index.count * width), floats(dx, rows * width))
        let dFiller = dFiller.map { floats($0, width) }
        if !accumulating { fill(dx, with: 0) }
        // Each tile sums the filler's rows for itself; the sums are added in the order of the tiles.
        let size = tile(ofRows: width), tiles = (index.count + size - 1) / size
        let sums = allocate(dFiller == nil ? 0 : tiles * width)
        fill(sums, with: 0)
        let parts = floats(sums)
        inTiles(of: index.count, by: size) { part in
            for r in part {
                let row = Int(index[r])
                precondition(row < rows, "an index names a row")
                if row >= 0 {
                    ck_add(dy + r * width, target + row * width, width)
                } else if dFiller != nil {
                    ck_add(dy + r * width, parts + part.lowerBound / size * width, width)
                }
            }
        }
        if let dFiller { for tile in 0..<tiles { ck_add(parts + tile * width, dFiller, width) } }
    }

    public func addRows(of table: Buffer, at index: [Int32], to x: Buffer, width: Int) {
        let (source, x) = (floats(table), floats(x, index.count * width))
        inTiles(of: index.count, by: tile(ofRows: width)) { part in
            for r in part {
                let row = Int(index[r])
                precondition(row >= 0 && (row + 1) * width <= table.count, "an index names a row")
                ck_add(source + row * width, x + r * width, width)
            }
        }
    }

    public func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {
        let total = segments.reduce(0, +)
        let (x, y) = (floats(x, total * width), floats(y, segments.count * width))
        inTiles(of: width, by: columns) { part in
            var (row, mean) = (x + part.lowerBound, y + part.lowerBound)
            for rows in segments {
                mean.update(repeating: 0, count: part.count)
                for _ in 0..<rows {
                    ck_add(row, mean, part.count)
                    row += width
                }
                for c in 0..<part.count { mean[c] /= Float(rows) }
                mean += width
            }
        }
    }

    public func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) {
        let total = segments.reduce(0, +)
        let (target, dy) = (floats(dx, total * width), floats(dy, segments.count * width))
        if !accumulating { fill(dx, with: 0) }
        inTiles(of: width, by: columns) { part in
            var (row, mean) = (target + part.lowerBound, dy + part.lowerBound)
            for rows in segments {
                let share = (0..<part.count).map { mean[$0] / Float(rows) }
                for _ in 0..<rows {
                    ck_add(share, row, part.count)
                    row += width
                }
                mean += width
            }
        }
    }

    // MARK: Pictures

    public func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: [Int32], order: PatchOrder, into y: Buffer
    ) {
        let (source, y) = (floats(pixels), floats(y, index.count * grid.width))
        let (size, frames) = (grid.side * grid.patch, pixels.count / grid.frame)
        inTiles(of: index.count, by: 1024) { part in
            for r in part {
                let (frame, patch) = Int(index[r]).quotientAndRemainder(dividingBy: grid.count)
                precondition(frame < frames && patch >= 0, "an index names a patch")
                let corner = patch / grid.side * grid.patch * size + patch % grid.side * grid.patch
                ck_patch(
                    source + frame * grid.frame + corner, y + r * grid.width, size, grid.patch, grid.channels,
                    order == .channelsFirst ? 1 : 0)
            }
        }
    }

    public func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {
        let x = floats(x, rows * width)
        inTiles(of: rows, by: 256) { part in
            for r in part { ck_normalise_row(x + r * width, width, Float(epsilon)) }
        }
    }

    // MARK: Losses

    public func squaredError(
        _ prediction: Buffer, target: Buffer, weights: [Float], width: Int, gradient: Buffer?, scale: Double
    ) -> Double {
        let count = weights.count * width
        let (x, target) = (floats(prediction, count), floats(target, count))
        let gradient = gradient.map { floats($0, count) }
        return sum(of: weights.count, by: tile(ofRows: width)) { part in
            part.reduce(0) { loss, r in
                let weight = Double(weights[r]), row = gradient.map { $0 + r * width }
                guard weight != 0 else {
                    row?.update(repeating: 0, count: width)
                    return loss
                }
                let factor = Float(2 * scale * weight / Double(width))
                let sum = ck_squared_error(x + r * width, target + r * width, row, factor, width)
                return loss + weight * sum / Double(width)
            }
        }
    }

    public func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, positiveWeights: [Float]?, gradient: Buffer?, scale: Double
    ) -> Double {
        let (z, t) = (floats(logits), floats(target, logits.count))
        let gradient = gradient.map { floats($0, logits.count) }
        let weights = positiveWeights ?? [1]
        precondition(logits.count % weights.count == 0, "one weight a column")
        return ck_binary_cross_entropy(z, t, weights, weights.count, gradient, scale, logits.count)
    }

    // MARK: Learning

    public func sumOfSquares(_ x: Buffer) -> Double {
        let source = floats(x)
        return sum(of: x.count, by: elements) { part in
            ck_sum_of_squares(source + part.lowerBound, part.count)
        }
    }

    public func adamW(
        _ parameter: Buffer, gradient: Buffer, firstMoment: Buffer, secondMoment: Buffer,
        _ factors: AdamWFactors
    ) {
        let count = parameter.count
        let (p, g) = (floats(parameter, count), floats(gradient, count))
        let (m, v) = (floats(firstMoment, count), floats(secondMoment, count))
        let rounded = rounded(parameter)
        let kernel = ck_adamw_factors(factors)
        inTiles(of: count, by: elements) { part in
            let i = part.lowerBound
            withUnsafePointer(to: kernel) {
                ck_adamw(p + i, g + i, m + i, v + i, rounded.map { $0 + i }, part.count, $0)
            }
        }
    }
}

extension ck_adamw_factors {
    /// The factors of one step, with the corrections of both moments worked in.
    fileprivate init(_ f: AdamWFactors) {
        let first = 1 - pow(f.beta1, Double(f.step)), second = 1 - pow(f.beta2, Double(f.step))
        self.init(
            beta1: Float(f.beta1), one_minus_beta1: Float(1 - f.beta1), beta2: Float(f.beta2),
            one_minus_beta2: Float(1 - f.beta2), epsilon: Float(f.epsilon),
            decay: Float(1 - f.learningRate * f.weightDecay), rate: Float(f.learningRate / first),
            root: Float(second.squareRoot()), gradient_scale: Float(f.gradientScale))
    }
}
