// The layers of CPUEngine: linear, GELU, and layer norm, each cut into tiles for the kernels.

private import CKernels

extension CPUEngine {
    // MARK: Linear

    public func linear(
        _ x: Buffer, weight weightBuffer: Buffer, bias: Buffer, into y: Buffer, rows: Int, inputs: Int,
        outputs: Int, then epilogue: Epilogue
    ) {
        let (x, weight) = (floats(x, rows * inputs), floats(weightBuffer, outputs * inputs))
        let (bias, y) = (floats(bias, outputs), floats(y, rows * outputs))
        let (kind, extra): (Int, Floats?) =
            switch epilogue {
            case .none: (CK_NONE, nil)
            case .gelu(let activated): (CK_GELU, floats(activated, rows * outputs))
            case .adding(let residual): (CK_ADDING, floats(residual, rows * outputs))
            }
        let size = tile(rows: rows, cost: inputs * outputs, atMost: 512)
        if precision == .bf16 {
            let weight = roundedWeight(weightBuffer, outputs * inputs)
            let (scratch, x16) = halves(rows * inputs)
            inTiles(of: rows, by: size) { part in
                ck_linear_bf16(
                    x, x16, weight, bias, y, extra, Int32(kind), part.lowerBound, part.upperBound, inputs,
                    outputs)
            }
            return withExtendedLifetime(scratch) {}
        }
        inTiles(of: rows, by: size) { part in
            ck_linear(
                library, x, weight, bias, y, extra, Int32(kind), part.lowerBound, part.upperBound, inputs,
                outputs)
        }
    }

    public func linearInputGradient(
        _ dy: Buffer, weight weightBuffer: Buffer, into dx: Buffer, accumulating: Bool, rows: Int,
        inputs: Int,
        outputs: Int, through gelu: Buffer?
    ) {
        let (dy, weight) = (floats(dy, rows * outputs), floats(weightBuffer, outputs * inputs))
        let (dx, gelu) = (floats(dx, rows * inputs), gelu.map { floats($0, rows * inputs) })
        let size = tile(rows: rows, cost: inputs * outputs, atMost: 512)
        if precision == .bf16 {
            let weight = roundedWeight(weightBuffer, outputs * inputs)
            let (scratch, dy16) = halves(rows * outputs)
            inTiles(of: rows, by: size) { part in
                ck_linear_input_gradient_bf16(
                    dy, dy16, weight, dx, accumulating ? 1 : 0, gelu, part.lowerBound, part.upperBound,
                    inputs,
                    outputs)
            }
            return withExtendedLifetime(scratch) {}
        }
        inTiles(of: rows, by: size) { part in
            ck_linear_input_gradient(
                library, dy, weight, dx, accumulating ? 1 : 0, gelu, part.lowerBound, part.upperBound, inputs,
                outputs)
        }
    }

    public func linearWeightGradient(
        _ dy: Buffer, x input: Buffer, addingTo dWeight: Buffer, and dBias: Buffer, rows: Int, inputs: Int,
        outputs: Int
    ) {
        let (dy, x) = (floats(dy, rows * outputs), floats(input, rows * inputs))
        let (dWeight, dBias) = (floats(dWeight, outputs * inputs), floats(dBias, outputs))
        let size = tile(rows: outputs, cost: rows * inputs, atMost: 512)
        if precision == .bf16 {
            let (copy, x16) = halves(rows * inputs)
            round(x, rows * inputs, into: x16)
            let (scratch, dy16) = halves(rows * outputs)
            inTiles(of: outputs, by: size) { part in
                ck_linear_weight_gradient_bf16(
                    dy, dy16 + part.lowerBound * rows, x16, dWeight, dBias, part.lowerBound, part.upperBound,
                    rows,
                    inputs, outputs)
            }
            return withExtendedLifetime((copy, scratch)) {}
        }
        inTiles(of: outputs, by: size) { part in
            ck_linear_weight_gradient(
                library, dy, x, dWeight, dBias, part.lowerBound, part.upperBound, rows, inputs, outputs)
        }
    }

    public func gelu(_ x: Buffer, into y: Buffer) {
        let (source, target) = (floats(x, y.count), floats(y))
        inTiles(of: y.count, by: elements) { part in
            ck_gelu(source + part.lowerBound, target + part.lowerBound, part.count)
        }
    }

    // MARK: Layer norm

    public func layerNorm(
        _ x: Buffer, scale: Buffer, shift: Buffer, into y: Buffer, statistics: Buffer, rows: Int, width: Int,
        epsilon: Double
    ) {
        let (x, y) = (floats(x, rows * width), floats(y, rows * width))
        let (scale, shift, statistics) = (
            floats(scale, width), floats(shift, width), floats(statistics, 2 * rows)
        )
        inTiles(of: rows, by: tile(rows: rows, cost: 4 * width, atMost: 256)) { part in
            let start = part.lowerBound
            ck_layer_norm(
                x + start * width, scale, shift, y + start * width, statistics + 2 * start, part.count, width,
                Float(epsilon))
        }
    }

    public func layerNormGradient(
        _ dy: Buffer, x: Buffer, scale: Buffer, statistics: Buffer, into dx: Buffer, accumulating: Bool,
        addingTo dScale: Buffer, and dShift: Buffer, rows: Int, width: Int
    ) {
        let (dy, x, dx) = (floats(dy, rows * width), floats(x, rows * width), floats(dx, rows * width))
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
                dy + start * width, x + start * width, scale, statistics + 2 * start, dx + start * width,
                accumulating ? 1 : 0, own, own + width, part.count, width)
        }
        for tile in 0..<tiles {
            ck_add(parts + 2 * tile * width, dScale, width)
            ck_add(parts + (2 * tile + 1) * width, dShift, width)
        }
    }
}
