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

    package func resample(_ clips: [ClipSamples], of pixels: HostPixels, into y: Buffer, image: Int) {
        let pixels = pixels.host
        var out: [Double] = []
        for clip in clips {
            for plane in 0..<clip.planes {
                let (frame, channel) = plane.quotientAndRemainder(dividingBy: clip.channels)
                /// The source's pixel in a row and a column of the plane.
                func pixel(_ row: Int, _ column: Int) -> Double {
                    let place = (frame * clip.side + row) * clip.side + column
                    return Double(pixels[clip.start + place * clip.channels + channel])
                }
                for place in 0..<image * image {
                    var sum = 0.0
                    for sample in 0..<clip.rows * clip.columns {
                        let across = Double(place % image * clip.columns + sample % clip.columns)
                        let down = Double(place / image * clip.rows + sample / clip.columns)
                        sum += sampled(
                            clip.x + across * clip.acrossX + down * clip.downX,
                            clip.y + across * clip.acrossY + down * clip.downY, side: clip.side, pixel)
                    }
                    out.append(sum * Double(clip.scale[channel]) + Double(clip.shift[channel]))
                }
            }
        }
        store(out, in: y)
    }

    /// The bilinear sample of a picture at (x, y); 0 outside of it.
    private func sampled(
        _ x: Double, _ y: Double, side: Int, _ pixel: (_ row: Int, _ column: Int) -> Double
    ) -> Double {
        let last = Double(side - 1)
        guard -0.5...last + 0.5 ~= x, -0.5...last + 0.5 ~= y else { return 0 }
        let (u, v) = (min(max(x, 0), last), min(max(y, 0), last))
        let (left, top) = (Int(u), Int(v)),
            (right, bottom) = (min(left + 1, side - 1), min(top + 1, side - 1))
        let (a, b) = (u - Double(left), v - Double(top))
        return (1 - b) * ((1 - a) * pixel(top, left) + a * pixel(top, right))
            + b * ((1 - a) * pixel(bottom, left) + a * pixel(bottom, right))
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
