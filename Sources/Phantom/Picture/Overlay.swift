// What a scanner writes around the sector: name and settings, depth scale, gray bar, electrocardiogram.

import EchoCore

/// The burnt-in parts of a clip's pictures. Lengths are those of a picture of 708 rows, scaled.
struct Overlay: Sendable {
    private let height: Int, width: Int
    private let scale: Double
    private let dot: Int
    private let ink: Frame.Ink
    /// A row for each column of the electrocardiogram; the clip's frames lie between `start` and `end`.
    private let trace: [Int]
    private let traceColumn: Int
    private let traceStart: Double, traceEnd: Double

    /// - Parameters:
    ///   - seconds: the clip's length
    ///   - coloured: whether the electrocardiogram is green
    init(height: Int, width: Int, rhythm: Rhythm, seconds: Double, coloured: Bool) {
        self.height = height
        self.width = width
        let scale = Double(height) / 708
        self.scale = scale
        dot = max(1, Int((1.6 * scale).rounded()))
        ink = coloured ? .green : .gray
        traceStart = -0.6
        traceEnd = max(seconds, 1) + 0.3
        traceColumn = Int(0.05 * Double(width))
        let columns = Int(0.9 * Double(width))
        let (start, end) = (traceStart, traceEnd)
        trace = (0..<columns).map { column in
            let time = start + (end - start) * Double(column) / Double(columns)
            return Int((666 - 42 * rhythm.electrocardiogram(at: time)) * scale)
        }
    }

    private func at(_ length: Double) -> Int { Int((length * scale).rounded()) }

    /// Draws what does not change from frame to frame.
    func draw(into frame: inout Frame, sector: Sector?, depth: Double, settings: [String], heartRate: Int) {
        frame.write("ECHOPREP", row: at(8), column: at(8), scale: dot, .white)
        frame.write("PHANTOM", row: at(28), column: at(8), scale: dot, .dim)
        for (line, text) in settings.enumerated() {
            frame.write(text, row: at(66 + 20 * Double(line)), column: at(8), scale: dot, .gray)
        }
        frame.write("\(heartRate) HR", row: at(684), column: width - at(96), scale: dot, ink)
        let bar = at(150)..<at(330)
        for row in bar {
            let level = UInt8(255 * (bar.upperBound - row) / bar.count)
            frame.fill(rows: row..<(row + 1), columns: at(10)..<at(22), Frame.Ink(luma: level))
        }
        guard let sector else { return }
        logo(into: &frame, sector: sector)
        for centimetre in 0...Int(depth) {
            let row = Int(sector.apexRow + Double(centimetre) / depth * sector.radius)
            let long = centimetre % 5 == 0
            frame.fill(
                rows: row..<(row + dot), columns: (width - at(long ? 26 : 18))..<(width - at(10)), .gray)
            if long, centimetre > 0 {
                frame.write("\(centimetre)", row: row - at(5), column: width - at(54), scale: dot, .gray)
            }
        }
    }

    /// A ring beside the sector's tip: which side of the probe is right.
    private func logo(into frame: inout Frame, sector: Sector) {
        let row = Int(sector.apexRow) - at(6), column = Int(sector.apexColumn) + at(34)
        let outer = 9 * scale, inner = 6.2 * scale
        for y in -at(9)...at(9) {
            for x in -at(9)...at(9) {
                let r = Double(x * x + y * y).squareRoot()
                if r <= outer, r >= inner || (abs(x) <= at(1) && y > 0) {
                    frame.set(row + y, column + x, .white)
                }
            }
        }
    }

    /// Draws the electrocardiogram with its cursor at `time`.
    func drawTrace(into frame: inout Frame, time: Double) {
        frame.curve(trace, from: traceColumn, thickness: max(1, at(2)), ink)
        let part = (time - traceStart) / (traceEnd - traceStart)
        let column = traceColumn + Int(part * Double(trace.count))
        frame.fill(rows: at(636)..<at(692), columns: column..<(column + max(1, at(2))), .white)
    }
}
