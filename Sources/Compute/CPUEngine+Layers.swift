// The layers of CPUEngine: linear and layer norm, each cut into tiles for the kernels.

import CKernels

extension CPUEngine {
    // MARK: Linear

    public func linear(
        _ x: Buffer, weight: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int, outputs: Int,
        then epilogue: Epilogue
    ) {
        let (kind, extra): (Int, Buffer?) =
            switch epilogue {
            case .none: (CK_NONE, nil)
            case .gelu(let activated): (CK_GELU, activated)
            case .adding(let residual): (CK_ADDING, residual)
            }
        let bias = floats(bias, outputs)
        if precision == .bf16 {
            let factors = factors(x)
            let (x, weight) = (halves(factors, rows * inputs), roundedWeight(weight, outputs * inputs))
            let y = numbers(y, rows * outputs),
                other = extra.map { numbers($0, rows * outputs) } ?? ck_numbers()
            inTiles(rows: rows, columns: outputs, depth: inputs) { tile, scratch in
                ck_linear_bf16(x, weight, bias, y, other, Int32(kind), scratch, tile, inputs, outputs)
            }
            return withExtendedLifetime(factors) {}
        }
        let (x, weight) = (floats(x, rows * inputs), floats(weight, outputs * inputs))
        let y = floats(y, rows * outputs), other = extra.map { floats($0, rows * outputs) }
        inTiles(of: rows, by: tile(rows: rows, cost: inputs * outputs, atMost: 512)) { part in
            ck_linear(
                library, x, weight, bias, y, other, Int32(kind), part.lowerBound, part.upperBound, inputs,
                outputs)
        }
    }

    public func linearInputGradient(
        _ dy: Buffer, weight: Buffer, into dx: Buffer, accumulating: Bool, rows: Int, inputs: Int,
        outputs: Int, through gelu: Buffer?
    ) {
        if precision == .bf16 {
            let factors = factors(dy)
            let (dy, weight) = (halves(factors, rows * outputs), roundedWeight(weight, outputs * inputs))
            let dx = numbers(dx, rows * inputs),
                gelu = gelu.map { numbers($0, rows * inputs) } ?? ck_numbers()
            inTiles(rows: rows, columns: inputs, depth: outputs) { tile, scratch in
                ck_linear_input_gradient_bf16(
                    dy, weight, dx, accumulating ? 1 : 0, gelu, scratch, tile, inputs, outputs)
            }
            return withExtendedLifetime(factors) {}
        }
        let (dy, weight) = (floats(dy, rows * outputs), floats(weight, outputs * inputs))
        let (dx, gelu) = (floats(dx, rows * inputs), gelu.map { floats($0, rows * inputs) })
        inTiles(of: rows, by: tile(rows: rows, cost: inputs * outputs, atMost: 512)) { part in
            ck_linear_input_gradient(
                library, dy, weight, dx, accumulating ? 1 : 0, gelu, part.lowerBound, part.upperBound, inputs,
                outputs)
        }
    }

    public func linearWeightGradient(
        _ dy: Buffer, x: Buffer, into dWeight: Buffer, and dBias: Buffer, accumulating: Bool, rows: Int,
        inputs: Int, outputs: Int
    ) {
        let (dWeight, dBias) = (floats(dWeight, outputs * inputs), floats(dBias, outputs))
        if precision == .bf16 {
            let (byResult, byInput) = (factors(dy), factors(x))
            let (dy, x) = (halves(byResult, rows * outputs), halves(byInput, rows * inputs))
            inTiles(rows: outputs, columns: inputs, depth: rows) { tile, _ in
                ck_linear_weight_gradient_bf16(
                    dy, x, dWeight, dBias, accumulating ? 1 : 0, tile, rows, inputs, outputs)
            }
            return withExtendedLifetime((byResult, byInput)) {}
        }
        let (dy, x) = (floats(dy, rows * outputs), floats(x, rows * inputs))
        inTiles(of: outputs, by: tile(rows: outputs, cost: rows * inputs, atMost: 512)) { part in
            ck_linear_weight_gradient(
                library, dy, x, dWeight, dBias, accumulating ? 1 : 0, part.lowerBound, part.upperBound, rows,
                inputs, outputs)
        }
    }

    // MARK: Layer norm

    public func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {
        let (x, y) = (floats(x, rows * width), numbers(y, rows * width))
        let (scale, shift, statistics) = (
            floats(scale, width), floats(shift, width), floats(statistics, 2 * rows)
        )
        inTiles(of: rows, by: tile(rows: rows, cost: 4 * width, atMost: 256)) { part in
            let start = part.lowerBound
            ck_layer_norm(
                x + start * width, scale, shift, y.from(start * width), statistics + 2 * start, part.count,
                width,
                Float(epsilon))
        }
    }

    public func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {
        let (dy, x, dx) = (numbers(dy, rows * width), floats(x, rows * width), floats(dx, rows * width))
        let (scale, statistics) = (floats(scale, width), floats(statistics, 2 * rows))
        let (dScale, dShift) = (floats(dScale, width), floats(dShift, width))
        // Each tile sums for itself; the sums are added in the order of the tiles.
        let size = tile(rows: rows, cost: 8 * width, atMost: 256)
        let tiles = (rows + size - 1) / size
        let sums = allocate(2 * tiles * width)
        let parts = floats(sums)
        inTiles(of: rows, by: size) { part in
            let start = part.lowerBound
            let own = parts + 2 * (start / size) * width
            ck_layer_norm_gradient(
                dy.from(start * width), x + start * width, scale, statistics + 2 * start, dx + start * width,
                accumulating ? 1 : 0, own, own + width, part.count, width)
        }
        for tile in 0..<tiles {
            ck_add(parts + 2 * tile * width, dScale, width)
            ck_add(parts + (2 * tile + 1) * width, dShift, width)
        }
    }
}

extension ck_numbers {
    /// The numbers from `place` on.
    fileprivate func from(_ place: Int) -> ck_numbers {
        let size = rounded != 0 ? MemoryLayout<UInt16>.size : MemoryLayout<Float>.size
        return ck_numbers(start: start + place * size, rounded: rounded)
    }
}
