// The rest of CPUEngine: rows, pictures, losses and the optimiser.

extension CPUEngine {
    // MARK: Rows

    public func gather(_ x: Buffer, rows index: [Int32], filler: Buffer?, into y: Buffer, width: Int) {
        let (source, y) = (numbers(x), numbers(y, index.count * width))
        let filler = filler.map { numbers($0, width) }
        inTiles(of: index.count, by: tile(ofRows: width)) { part in
            for r in part {
                let row = Int(index[r])
                precondition(row >= 0 || filler != nil, "an index names a row")
                y.row(r, of: width).copy(row < 0 ? filler! : source.row(row, of: width))
            }
        }
    }

    public func gatherGradient(
        _ dy: Buffer, rows index: [Int32], into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int,
        width: Int
    ) {
        let (dy, target) = (numbers(dy, index.count * width), numbers(dx, rows * width))
        let dFiller = dFiller.map { numbers($0, width) }
        if !accumulating { fill(dx, with: 0) }
        // Each tile sums the filler's rows for itself; the sums are added in the order of the tiles.
        let size = tile(ofRows: width), tiles = (index.count + size - 1) / size
        let sums = allocate(dFiller == nil ? 0 : tiles * width)
        fill(sums, with: 0)
        let parts = numbers(sums)
        inTiles(of: index.count, by: size) { part in
            for r in part {
                let row = Int(index[r]), dy = dy.row(r, of: width)
                if row >= 0 {
                    Kernels.add(dy, to: target.row(row, of: width))
                } else if dFiller != nil {
                    Kernels.add(dy, to: parts.row(part.lowerBound / size, of: width))
                }
            }
        }
        if let dFiller {
            for tile in 0..<tiles { Kernels.add(parts.row(tile, of: width), to: dFiller) }
        }
        withExtendedLifetime(sums) {}
    }

    public func addRows(of table: Buffer, at index: [Int32], to x: Buffer, width: Int) {
        let (source, x) = (numbers(table), numbers(x, index.count * width))
        inTiles(of: index.count, by: tile(ofRows: width)) { part in
            for r in part { Kernels.add(source.row(Int(index[r]), of: width), to: x.row(r, of: width)) }
        }
    }

    public func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {
        let total = segments.reduce(0, +)
        let (x, y) = (numbers(x, total * width), numbers(y, segments.count * width))
        inTiles(of: width, by: columns) { part in
            var row = 0
            for (segment, rows) in segments.enumerated() {
                let mean = y.row(segment, of: width)[part]
                mean.fill(with: 0)
                for _ in 0..<rows {
                    Kernels.add(x.row(row, of: width)[part], to: mean)
                    row += 1
                }
                for c in 0..<part.count { mean[c] /= Float(rows) }
            }
        }
    }

    public func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) {
        let total = segments.reduce(0, +)
        let (target, dy) = (numbers(dx, total * width), numbers(dy, segments.count * width))
        let shares = allocate(segments.count * width), share = numbers(shares)
        for (segment, rows) in segments.enumerated() {
            for c in segment * width..<(segment + 1) * width { share[c] = dy[c] / Float(rows) }
        }
        if !accumulating { fill(dx, with: 0) }
        inTiles(of: width, by: columns) { part in
            var row = 0
            for (segment, rows) in segments.enumerated() {
                for _ in 0..<rows {
                    Kernels.add(share.row(segment, of: width)[part], to: target.row(row, of: width)[part])
                    row += 1
                }
            }
        }
        withExtendedLifetime(shares) {}
    }

    // MARK: Pictures

    public func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: [Int32], order: PatchOrder, into y: Buffer
    ) {
        let (source, y) = (numbers(pixels), numbers(y, index.count * grid.width))
        let size = grid.side * grid.patch
        inTiles(of: index.count, by: 1024) { part in
            for r in part {
                let (frame, patch) = Int(index[r]).quotientAndRemainder(dividingBy: grid.count)
                let corner = patch / grid.side * grid.patch * size + patch % grid.side * grid.patch
                Kernels.patch(
                    source.row(frame, of: grid.frame).from(corner), into: y.row(r, of: grid.width), grid,
                    order: order)
            }
        }
    }

    public func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {
        let x = numbers(x, rows * width)
        inTiles(of: rows, by: 256) { part in
            for r in part { Kernels.normalise(x.row(r, of: width), epsilon: epsilon) }
        }
    }

    // MARK: Losses

    public func squaredError(
        _ prediction: Buffer, target: Buffer, weights: [Float], width: Int, gradient: Buffer?, scale: Double
    ) -> Double {
        let count = weights.count * width
        let (x, target) = (numbers(prediction, count), numbers(target, count))
        let gradient = gradient.map { numbers($0, count) }
        return sum(of: weights.count, by: tile(ofRows: width)) { part in
            part.reduce(0) { loss, r in
                let weight = Double(weights[r]), slope = gradient?.row(r, of: width)
                guard weight != 0 else {
                    slope?.fill(with: 0)
                    return loss
                }
                let sum = Kernels.squaredError(
                    x.row(r, of: width), target.row(r, of: width), gradient: slope,
                    factor: 2 * scale * weight / Double(width))
                return loss + weight * sum / Double(width)
            }
        }
    }

    public func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, positiveWeights: [Float]?, gradient: Buffer?, scale: Double
    ) -> Double {
        Kernels.binaryCrossEntropy(
            numbers(logits), numbers(target), weights: positiveWeights ?? [1],
            gradient: gradient.map { numbers($0, logits.count) }, scale: scale)
    }

    // MARK: Learning

    public func sumOfSquares(_ x: Buffer) -> Double {
        let source = numbers(x)
        return sum(of: x.count, by: elements) { part in Kernels.sumOfSquares(source[part]) }
    }

    public func adamW(
        _ parameter: Buffer, gradient: Buffer, firstMoment: Buffer, secondMoment: Buffer,
        _ factors: AdamWFactors
    ) {
        let count = parameter.count
        let (p, g) = (numbers(parameter), numbers(gradient, count))
        let (m, v) = (numbers(firstMoment, count), numbers(secondMoment, count))
        let rounded = rounded(parameter)
        inTiles(of: count, by: elements) { part in
            Kernels.adamW(
                p[part], gradient: g[part], firstMoment: m[part], secondMoment: v[part],
                rounded: rounded?[part], factors)
        }
    }
}
