// The rest of CPUEngine: rows, pictures, losses and the optimiser.

package import Compute

extension CPUEngine {
    // MARK: Rows

    package func gather(_ x: Buffer, rows index: RowIndex, filler: Buffer?, into y: Buffer, width: Int) {
        let (source, y) = (numbers(x), numbers(y, index.count * width))
        let index = index.host
        let filler = filler.map { numbers($0, width) }
        inTiles(of: index.count, by: tile(ofRows: width)) { part in
            for r in part {
                let row = Int(index[r])
                precondition(row >= 0 || filler != nil, "an index names a row")
                y.row(r, of: width).copy(row < 0 ? filler! : source.row(row, of: width))
            }
        }
    }

    package func gatherGradient(
        _ dy: Buffer, rows index: RowIndex, into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int,
        width: Int
    ) {
        let (dy, target) = (numbers(dy, index.count * width), numbers(dx, rows * width))
        let dFiller = dFiller.map { numbers($0, width) }, index = index.host
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

    package func addRows(of table: Buffer, at index: RowIndex, to x: Buffer, width: Int) {
        let (source, x) = (numbers(table), numbers(x, index.count * width))
        let index = index.host
        inTiles(of: index.count, by: tile(ofRows: width)) { part in
            for r in part { Kernels.add(source.row(Int(index[r]), of: width), to: x.row(r, of: width)) }
        }
    }

    package func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {
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

    package func meanOfSegmentsGradient(
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

    package func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: RowIndex, order: PatchOrder, into y: Buffer
    ) {
        let (source, y) = (numbers(pixels), numbers(y, index.count * grid.width))
        let size = grid.side * grid.patch, index = index.host
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

    package func resample(_ clips: [ClipSamples], of pixels: HostPixels, into y: Buffer, image: Int) {
        let y = numbers(y, clips.reduce(0) { $0 + $1.planes } * image * image), bytes = pixels.host
        // As many planes of a clip as the kernel takes side by side.
        var tasks: [(clip: ClipSamples, planes: Range<Int>, first: Int)] = []
        var first = 0
        for clip in clips {
            for start in stride(from: 0, to: clip.planes, by: Kernels.resampledAtOnce) {
                let planes = start..<min(clip.planes, start + Kernels.resampledAtOnce)
                tasks.append((clip, planes, first + start))
            }
            first += clip.planes
        }
        inTiles(of: tasks.count, by: 1) { part in
            let (clip, planes, first) = tasks[part.lowerBound]
            let target = y.rows(first..<first + planes.count, of: image * image)
            withScratch(Kernels.resampleScratch(side: clip.side)) { scratch in
                Kernels.resample(clip, planes, of: bytes, into: target, image: image, scratch: scratch)
            }
        }
    }

    package func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {
        let x = numbers(x, rows * width)
        inTiles(of: rows, by: 256) { part in
            for r in part { Kernels.normalise(x.row(r, of: width), epsilon: epsilon) }
        }
    }

    // MARK: Losses

    package func squaredError(
        _ prediction: Buffer, target: Buffer, weights: Buffer, width: Int, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {
        let rows = weights.count, count = rows * width
        let (x, target, weights) = (numbers(prediction, count), numbers(target, count), numbers(weights))
        let gradient = gradient.map { numbers($0, count) }
        let found = sum(of: rows, by: tile(ofRows: width)) { part in
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
        storage(ofSums: loss).values[0] += scale * found
    }

    package func binaryCrossEntropy(
        _ logits: Buffer, target: Buffer, weights: Buffer, gradient: Buffer?, scale: Double,
        addingTo loss: Buffer
    ) {
        let count = logits.count
        let found = Kernels.binaryCrossEntropy(
            numbers(logits), numbers(target, count), weights: numbers(weights, count),
            gradient: gradient.map { numbers($0, count) }, scale: scale)
        storage(ofSums: loss).values[0] += scale * found
    }

    // MARK: Learning

    package func norm(of buffers: [Buffer], into norm: Buffer) {
        let squares = buffers.reduce(0) { total, buffer in
            let source = numbers(buffer)
            return total + sum(of: buffer.count, by: elements) { Kernels.sumOfSquares(source[$0]) }
        }
        storage(ofSums: norm).values[0] = squares.squareRoot()
    }

    package func adamW(_ parameters: [Learned], _ factors: AdamWFactors, sound: [Buffer], steps: Buffer) {
        let found = sound.flatMap(sums), taken = storage(ofSums: steps)
        guard let norm = found.first, found.allSatisfy(\.isFinite) else { return }
        taken.values[0] += 1
        let gradientScale = factors.gradientScale(norm: norm)
        for parameter in parameters {
            let count = parameter.value.count
            let (p, g) = (numbers(parameter.value), numbers(parameter.gradient, count))
            let (m, v) = (numbers(parameter.first, count), numbers(parameter.second, count))
            let rounded = rounded(parameter.value)
            let step = Kernels.Step(
                factors, rate: parameter.rate, weightDecay: parameter.weightDecay, number: taken.values[0],
                gradientScale: gradientScale)
            inTiles(of: count, by: elements) { part in
                Kernels.adamW(
                    p[part], gradient: g[part], firstMoment: m[part], secondMoment: v[part],
                    rounded: rounded?[part], step)
            }
        }
    }

    package func blend(_ sources: [Buffer], into targets: [Buffer], share: Double) {
        for (source, target) in zip(sources, targets) {
            let (x, y) = (numbers(source, target.count), weight(target))
            inTiles(of: target.count, by: elements) { part in
                Kernels.blend(x[part], into: y[part], share: Float(share))
            }
        }
    }
}
