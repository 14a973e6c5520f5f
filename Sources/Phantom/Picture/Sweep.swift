// Pictures with time along the columns: M-mode, and the spectra of pulsed and continuous Doppler.

#if canImport(Glibc)
    import Glibc
#endif
import EchoCore

/// A sweep of some seconds that a moving cursor renews from frame to frame.
struct Sweep: Sendable {
    /// Rows and columns of the strip within a picture, in parts of its height and width.
    static let top = 0.30, bottom = 0.88, left = 0.09, right = 0.93
    static let seconds = 2.4

    private let template: Frame
    private let rows: Range<Int>, columns: Range<Int>
    private let start: Double

    init(
        _ acquisition: Acquisition, heart: Anatomy, rhythm: Rhythm, scanner: Scanner, height: Int, width: Int,
        random: inout SeededRandom
    ) {
        rows = Int(Sweep.top * Double(height))..<Int(Sweep.bottom * Double(height))
        columns = Int(Sweep.left * Double(width))..<Int(Sweep.right * Double(width))
        start = random.uniform(0.2...0.7)
        var frame = Frame(height: height, width: width)
        let overlay = Overlay(
            height: height, width: width, rhythm: rhythm, seconds: Sweep.seconds, coloured: true)
        let name = acquisition == .mMode ? "M-MODE" : acquisition == .pulsedWave ? "PW" : "CW"
        overlay.draw(
            into: &frame, sector: nil, depth: 0, settings: [name, "66.7 MM/S"],
            heartRate: Int(heart.heartRate))
        if acquisition == .mMode {
            Sweep.drawMotion(into: &frame, rows, columns, scanner, rhythm, &random)
        } else {
            Sweep.drawSpectrum(
                into: &frame, rows, columns, rhythm, continuous: acquisition == .continuousWave, &random)
        }
        template = frame
    }

    /// The picture `index` frames after the first: its cursor has moved on.
    func frame(_ index: Int) -> Frame {
        var frame = template
        let column = columns.lowerBound + Int((start + 0.04 * Double(index)) * Double(columns.count))
        frame.fill(rows: rows, columns: column..<min(column + 8, columns.upperBound), Frame.Ink(luma: 0))
        return frame
    }

    private static func drawMotion(
        into frame: inout Frame, _ rows: Range<Int>, _ columns: Range<Int>, _ scanner: Scanner,
        _ rhythm: Rhythm,
        _ random: inout SeededRandom
    ) {
        let beam = Sector.beams / 2 - 6
        var polar = [UInt8](repeating: 0, count: Sector.beams * Sector.samples)
        for (index, column) in columns.enumerated() where index % 2 == 0 {
            let time = seconds * Double(index) / Double(columns.count)
            scanner.render(
                rhythm.moment(at: time), time: time, beams: beam..<(beam + 1), into: &polar, random: &random)
            for row in rows {
                let sample = (row - rows.lowerBound) * Sector.samples / rows.count
                let level = polar[beam * Sector.samples + sample]
                frame.luma[row * frame.width + column] = level
                if column + 1 < columns.upperBound { frame.luma[row * frame.width + column + 1] = level }
            }
        }
    }

    private static func drawSpectrum(
        into frame: inout Frame, _ rows: Range<Int>, _ columns: Range<Int>, _ rhythm: Rhythm,
        continuous: Bool,
        _ random: inout SeededRandom
    ) {
        let base = rows.lowerBound + rows.count * 6 / 10
        let grain = Speckle(
            beams: columns.count, samples: rows.count, lateral: 1.2, axial: 2, random: &random)
        for (index, column) in columns.enumerated() {
            let time = seconds * Double(index) / Double(columns.count)
            let peak = 0.5 * rhythm.moment(at: time).inflow * Double(rows.count)
            let trough = (continuous ? 0.36 : 0.12) * rhythm.ejection(at: time) * Double(rows.count)
            for row in rows {
                let above = Double(base - row)
                let limit = above > 0 ? peak : trough
                let within = abs(above) < limit
                // Pulsed Doppler is bright along the envelope, continuous Doppler filled.
                let rim = within ? max(0, 1 - (limit - abs(above)) / (continuous ? 400 : 34)) : 0
                let level =
                    (within ? 45 + 130 * rim : 2) + 22
                    * Double(grain.values[index * rows.count + row - rows.lowerBound])
                frame.luma[row * frame.width + column] = UInt8(max(0, min(255, abs(above) < 3 ? 12 : level)))
            }
            frame.set(base, column, .gray)
        }
    }
}
