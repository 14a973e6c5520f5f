// Colour Doppler: blood that runs towards the probe in red, away from it in blue, over the same anatomy.

#if canImport(Glibc)
    import Glibc
#endif
import EchoCore

/// A box in the fan in which blood is coloured by its speed along the beams.
struct ColourFlow: Sendable {
    private let beams: Range<Int>, samples: Range<Int>
    private let swirl: [Float]
    private var speed: [UInt8]
    private var picture: [UInt8]

    init(sector: Sector, random: inout SeededRandom) {
        let left = 34 + random.below(16), top = 100 + random.below(40)
        beams = left..<(left + 112)
        samples = top..<(top + 200)
        swirl =
            Speckle(beams: Sector.beams, samples: Sector.samples, lateral: 6, axial: 14, random: &random)
            .values
        speed = [UInt8](repeating: 128, count: Sector.beams * Sector.samples)
        picture = [UInt8](repeating: 128, count: sector.height * sector.width)
    }

    /// Paints the flow of one moment over a frame whose luma is drawn.
    mutating func draw(
        into frame: inout Frame, scanner: Scanner, moment: Rhythm.Moment, time: Double, sector: Sector
    ) {
        let blood = scanner.bloodMap(moment, time: time, beams: beams)
        let inflow = 66 * moment.inflow, outflow = 60 * moment.outflow
        let shift = Int(time * 60) % 100
        for b in beams {
            for s in samples {
                let index = b * Sector.samples + s
                var value = 0.0
                if blood[(b - beams.lowerBound) * Sector.samples + s] {
                    let grain = Double(swirl[b * Sector.samples + (s + shift) % Sector.samples])
                    value = inflow - outflow + 46 * grain + 6
                }
                speed[index] = UInt8(max(8, min(248, 128 + value)))
            }
        }
        sector.convert(speed, into: &picture)
        let chromaWidth = (frame.width + 1) / 2
        for run in sector.runs {
            for pixel in run.start..<(run.start + run.count) {
                let value = Int(picture[pixel]) - 128
                guard abs(value) > 20 else { continue }
                let strength = min(abs(value), 110)
                frame.luma[pixel] = UInt8(50 + strength)
                let chroma = pixel / frame.width * chromaWidth + pixel % frame.width / 2
                // Red turns to yellow and blue to cyan as speed grows.
                frame.cb[chroma] = UInt8(value > 0 ? 100 - strength / 2 : 190)
                frame.cr[chroma] = UInt8(value > 0 ? 205 - strength / 4 : 96 - strength / 4)
            }
        }
    }
}
