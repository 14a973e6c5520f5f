// The layers of CPUEngine: linear and layer norm, each cut into tiles for the kernels.

package import Compute

extension CPUEngine {
    // MARK: Linear

    package func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) {
        let then: Kernels.Then =
            switch epilogue {
            case .none: .nothing
            case .gelu(let activated): .gelu(into: numbers(activated, rows * outputs))
            case .adding(let residual): .adding(numbers(residual, rows * outputs))
            }
        let (bias, y) = (numbers(bias, outputs), numbers(y, rows * outputs))
        if precision == .bf16 {
            let factors = factors(x)
            let (x, weight) = (numbers(factors, rows * inputs), roundedWeight(weight, outputs * inputs))
            inTiles(rows: rows, columns: outputs, depth: inputs) { tile, scratch in
                Kernels.linear(
                    x, weight, bias, into: y, then: then, tile: tile, scratch: scratch, inputs: inputs,
                    outputs: outputs)
            }
            return withExtendedLifetime(factors) {}
        }
        let (x, weight) = (numbers(x, rows * inputs), numbers(weight, outputs * inputs))
        inTiles(of: rows, by: tile(rows: rows, cost: inputs * outputs, atMost: 512)) { part in
            Kernels.linear(
                x, weight, bias, into: y, then: then, rows: part, inputs: inputs, outputs: outputs,
                by: library)
        }
    }

    package func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int, through gelu: Buffer?
    ) {
        let dx = numbers(dx, rows * inputs), gelu = gelu.map { numbers($0, rows * inputs) }
        if precision == .bf16 {
            let factors = factors(dy)
            let (dy, weight) = (numbers(factors, rows * outputs), roundedWeight(weight, outputs * inputs))
            inTiles(rows: rows, columns: inputs, depth: outputs) { tile, scratch in
                Kernels.linearInputGradient(
                    dy, weight, into: dx, accumulating: accumulating, through: gelu, tile: tile,
                    scratch: scratch, inputs: inputs, outputs: outputs)
            }
            return withExtendedLifetime(factors) {}
        }
        let (dy, weight) = (numbers(dy, rows * outputs), numbers(weight, outputs * inputs))
        inTiles(of: rows, by: tile(rows: rows, cost: inputs * outputs, atMost: 512)) { part in
            Kernels.linearInputGradient(
                dy, weight, into: dx, accumulating: accumulating, through: gelu, rows: part, inputs: inputs,
                outputs: outputs, by: library)
        }
    }

    package func linearWeightGradient(
        _ dy: Buffer, x: Buffer, into dWeight: Buffer, and dBias: Buffer, accumulating: Bool, rows: Int,
        inputs: Int, outputs: Int
    ) {
        let (dWeight, dBias) = (numbers(dWeight, outputs * inputs), numbers(dBias, outputs))
        if precision == .bf16 {
            let (byResult, byInput) = (factors(dy), factors(x))
            let (dy, x) = (numbers(byResult, rows * outputs), numbers(byInput, rows * inputs))
            inTiles(rows: outputs, columns: inputs, depth: rows) { tile, _ in
                Kernels.linearWeightGradient(
                    dy, x, into: dWeight, and: dBias, accumulating: accumulating, tile: tile, rows: rows,
                    inputs: inputs, outputs: outputs)
            }
            return withExtendedLifetime((byResult, byInput)) {}
        }
        let (dy, x) = (numbers(dy, rows * outputs), numbers(x, rows * inputs))
        inTiles(of: outputs, by: tile(rows: outputs, cost: rows * inputs, atMost: 512)) { part in
            Kernels.linearWeightGradient(
                dy, x, into: dWeight, and: dBias, accumulating: accumulating, outputRows: part, rows: rows,
                inputs: inputs, outputs: outputs, by: library)
        }
    }

    // MARK: Layer norm

    package func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {
        let (x, y) = (numbers(x, rows * width), numbers(y, rows * width))
        let (scale, shift) = (numbers(scale, width), numbers(shift, width))
        let statistics = numbers(statistics, 2 * rows)
        inTiles(of: rows, by: tile(rows: rows, cost: 4 * width, atMost: 256)) { part in
            Kernels.layerNorm(
                x.rows(part, of: width), scale: scale, shift: shift, into: y.rows(part, of: width),
                statistics: statistics.rows(part, of: 2), width: width, epsilon: epsilon)
        }
    }

    package func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {
        let (dy, x, dx) = (numbers(dy, rows * width), numbers(x, rows * width), numbers(dx, rows * width))
        let (scale, statistics) = (numbers(scale, width), numbers(statistics, 2 * rows))
        let (dScale, dShift) = (numbers(dScale, width), numbers(dShift, width))
        // Each tile sums for itself; the sums are added in the order of the tiles.
        let size = tile(rows: rows, cost: 8 * width, atMost: 256)
        let tiles = (rows + size - 1) / size
        let sums = allocate(2 * tiles * width)
        let parts = numbers(sums)
        inTiles(of: rows, by: size) { part in
            let tile = part.lowerBound / size
            Kernels.layerNormGradient(
                dy.rows(part, of: width), x: x.rows(part, of: width), scale: scale,
                statistics: statistics.rows(part, of: 2), into: dx.rows(part, of: width),
                accumulating: accumulating, dScale: parts.row(2 * tile, of: width),
                dShift: parts.row(2 * tile + 1, of: width), width: width)
        }
        for tile in 0..<tiles {
            Kernels.add(parts.row(2 * tile, of: width), to: dScale)
            Kernels.add(parts.row(2 * tile + 1, of: width), to: dShift)
        }
        withExtendedLifetime(sums) {}
    }
}
