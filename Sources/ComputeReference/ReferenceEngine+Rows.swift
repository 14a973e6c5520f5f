// The reference's operations on rows and pictures.

package import Compute

extension ReferenceEngine {
    // MARK: Rows

    package func gather(_ x: Buffer, rows index: RowIndex, filler: Buffer?, into y: Buffer, width: Int) {
        let x = values(x), filler = filler.map(values) ?? []
        var out: [Double] = []
        for row in index.host.map(Int.init) {
            out += row < 0 ? filler[...] : x[row * width..<(row + 1) * width]
        }
        store(out, in: y)
    }

    package func gatherGradient(
        _ dy: Buffer, rows index: RowIndex, into dx: Buffer, accumulating: Bool, addingTo dFiller: Buffer?,
        rows: Int,
        width: Int
    ) {
        let dy = values(dy)
        var out = [Double](repeating: 0, count: rows * width)
        var byFiller = [Double](repeating: 0, count: width)
        for (r, row) in index.host.map(Int.init).enumerated() {
            for c in 0..<width {
                if row < 0 {
                    byFiller[c] += dy[r * width + c]
                } else {
                    out[row * width + c] += dy[r * width + c]
                }
            }
        }
        store(out, in: dx, accumulating: accumulating)
        if let dFiller { store(byFiller, in: dFiller, accumulating: true) }
    }

    package func addRows(of table: Buffer, at index: RowIndex, to x: Buffer, width: Int) {
        let table = values(table)
        var out: [Double] = []
        for row in index.host.map(Int.init) { out += table[row * width..<(row + 1) * width] }
        store(out, in: x, accumulating: true)
    }

    package func meanOfSegments(_ x: Buffer, segments: [Int], into y: Buffer, width: Int) {
        let x = values(x)
        var out = [Double](repeating: 0, count: segments.count * width)
        var row = 0
        for (s, rows) in segments.enumerated() {
            for _ in 0..<rows {
                for c in 0..<width { out[s * width + c] += x[row * width + c] / Double(rows) }
                row += 1
            }
        }
        store(out, in: y)
    }

    package func meanOfSegmentsGradient(
        _ dy: Buffer, segments: [Int], into dx: Buffer, accumulating: Bool, width: Int
    ) {
        let dy = values(dy)
        var out: [Double] = []
        for (s, rows) in segments.enumerated() {
            for _ in 0..<rows { out += dy[s * width..<(s + 1) * width].map { $0 / Double(rows) } }
        }
        store(out, in: dx, accumulating: accumulating)
    }

    // MARK: Pictures

    package func patches(
        of pixels: Buffer, _ grid: PatchGrid, at index: RowIndex, order: PatchOrder, into y: Buffer
    ) {
        let pixels = values(pixels)
        let size = grid.side * grid.patch
        var out: [Double] = []
        for place in index.host.map(Int.init) {
            let top = place % grid.count / grid.side * grid.patch, left = place % grid.side * grid.patch
            func pixel(_ channel: Int, _ row: Int, _ column: Int) -> Double {
                let line = (place / grid.count * grid.channels + channel) * size + top + row
                return pixels[line * size + left + column]
            }
            let edge = 0..<grid.patch, channels = 0..<grid.channels
            switch order {
            case .channelsFirst:
                for c in channels { for i in edge { for j in edge { out.append(pixel(c, i, j)) } } }
            case .channelsLast:
                for i in edge { for j in edge { for c in channels { out.append(pixel(c, i, j)) } } }
            }
        }
        store(out, in: y)
    }

    package func scaleChannels(_ x: Buffer, plane: Int, scale: [Float], shift: [Float]) {
        let values = values(x)
        store(
            values.indices.map { place in
                let channel = place / plane % scale.count
                return values[place] * Double(scale[channel]) + Double(shift[channel])
            }, in: x)
    }

    package func normaliseRows(_ x: Buffer, rows: Int, width: Int, epsilon: Double) {
        var out = values(x)
        for r in 0..<rows {
            let row = out[r * width..<(r + 1) * width]
            let mean = row.reduce(0, +) / Double(width)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width - 1)
            for i in row.indices { out[i] = (out[i] - mean) / (variance + epsilon).squareRoot() }
        }
        store(out, in: x)
    }
}
