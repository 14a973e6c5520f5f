// From beams and samples to pixels: the fan, and the table that fills it.

#if canImport(Glibc)
    import Glibc
#endif

/// The fan in a picture, and for each of its pixels the four polar samples around it.
package struct Sector: Sendable {
    /// Beams and samples of a polar frame.
    static let beams = 192, samples = 384

    let height: Int, width: Int
    /// Row and column of the probe, and the radius of the fan, in pixels.
    package let apexRow: Double, apexColumn: Double, radius: Double
    /// Half of the opening angle.
    let halfAngle: Double
    /// The pixels of the fan, row by row: first pixel and how many.
    let runs: [(start: Int, count: Int)]
    /// For each pixel of the runs: the polar sample above left, and the weights (of 256) of its neighbours.
    private let cells: [Cell]

    private struct Cell {
        var index: Int32
        var beam: UInt16, sample: UInt16
    }

    /// - Parameter fillsHeight: whether the fan is as high as the picture even if the picture's sides cut it off
    package init(height: Int, width: Int, halfAngle: Double, fillsHeight: Bool = false) {
        self.height = height
        self.width = width
        self.halfAngle = halfAngle
        apexRow = (0.048 * Double(height)).rounded()
        apexColumn = Double(width) / 2
        let fitting = fillsHeight ? .infinity : 0.46 * Double(width) / sin(halfAngle)
        radius = min(0.915 * Double(height), fitting).rounded()
        var runs: [(Int, Int)] = [], cells: [Cell] = []
        let beams = Sector.beams, samples = Sector.samples
        for row in 0..<height {
            var start = -1
            for column in 0..<width {
                let y = Double(row) + 0.5 - apexRow, x = Double(column) + 0.5 - apexColumn
                let r = (x * x + y * y).squareRoot(), angle = atan2(x, y)
                guard r < radius, abs(angle) < halfAngle else { continue }
                let b = (angle + halfAngle) / (2 * halfAngle) * Double(beams - 1)
                let s = max(0, r / radius * Double(samples) - 0.5)
                let b0 = min(Int(b), beams - 2), s0 = min(Int(s), samples - 2)
                cells.append(
                    Cell(
                        index: Int32(b0 * samples + s0),
                        beam: UInt16((min(1, b - Double(b0)) * 256).rounded()),
                        sample: UInt16((min(1, s - Double(s0)) * 256).rounded())))
                if start < 0 { start = row * width + column }
            }
            if start >= 0 { runs.append((start, cells.count - runs.reduce(0) { $0 + $1.1 })) }
        }
        self.runs = runs
        self.cells = cells
    }

    /// Writes a polar frame, U8 [beams, samples], into a picture, U8 [height, width]; pixels outside stay.
    func convert(_ polar: [UInt8], into picture: inout [UInt8]) {
        precondition(polar.count == Sector.beams * Sector.samples && picture.count == height * width)
        let samples = Sector.samples
        polar.withUnsafeBufferPointer { polar in
            cells.withUnsafeBufferPointer { cells in
                picture.withUnsafeMutableBufferPointer { picture in
                    var k = 0
                    for (start, count) in runs {
                        for i in 0..<count {
                            let cell = cells[k + i]
                            let p = Int(cell.index)
                            let s = Int32(cell.sample), b = Int32(cell.beam)
                            let near = Int32(polar[p]) * (256 - s) + Int32(polar[p + 1]) * s
                            let far =
                                Int32(polar[p + samples]) * (256 - s) + Int32(polar[p + samples + 1]) * s
                            picture[start + i] = UInt8(
                                truncatingIfNeeded: (near * (256 - b) + far * b + 32768) >> 16)
                        }
                        k += count
                    }
                }
            }
        }
    }

    /// The pixel under a polar place, depth in parts of the radius.
    func pixel(angle: Double, depth: Double) -> (row: Double, column: Double) {
        (apexRow + depth * radius * cos(angle), apexColumn + depth * radius * sin(angle))
    }
}
