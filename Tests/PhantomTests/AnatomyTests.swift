// The heart means what it says: volumes by counting, motion by the beat, speckle by its statistics.

import EchoCore
import Phantom
import Testing

@Suite struct AnatomyTests {
    @Test(arguments: 1...4)
    func `the volumes counted in the moving heart are those of the truth`(seed: UInt64) {
        var random = SeededRandom(seed: seed, "anatomy")
        let heart = Anatomy(
            Diagnoses(random: &random), subject: SeededRandom(seed: seed, 1),
            study: SeededRandom(seed: seed, 2))
        let relaxed = volume(of: heart, contraction: 0)
        let contracted = volume(of: heart, contraction: 1)
        #expect(abs(relaxed / heart.endDiastolicVolume - 1) < 0.02)
        #expect(abs(contracted / heart.endSystolicVolume - 1) < 0.04)
        #expect(abs((relaxed - contracted) / relaxed - heart.ejectionFraction) < 0.015)
    }

    /// Counts cells of 1.5 mm in the left ventricle's cavity; in ml.
    private func volume(of heart: Anatomy, contraction: Double) -> Double {
        var moment = Rhythm.Moment()
        moment.contraction = contraction
        let beating = BeatingHeart(heart, radialShortening: heart.radialShortening, at: moment)
        let cell = 0.15
        let reach = heart.septalLateralRadius + heart.anteriorInferiorRadius
        var count = 0
        for x in stride(from: -reach, to: reach, by: cell) {
            for y in stride(from: -reach, to: reach, by: cell) {
                for z in stride(from: 0.5 * cell, to: heart.length, by: cell) {
                    if beating.cavityContains(SIMD3(x, y, z)) { count += 1 }
                }
            }
        }
        return Double(count) * cell * cell * cell
    }

    @Test(arguments: [true, false])
    func `a rhythm contracts once a beat and never leaves its bounds`(atrialKick: Bool) {
        var heart = Anatomy()
        heart.atrialKick = atrialKick
        heart.irregularity = atrialKick ? 0.02 : 0.2
        var random = SeededRandom(seed: 5)
        let rhythm = Rhythm(of: heart, seconds: 10, random: &random)
        var peaks = 0, wasContracted = false
        for step in 0..<2000 {
            let moment = rhythm.moment(at: Double(step) * 0.005)
            for value in [moment.contraction, moment.inflow, moment.outflow] {
                #expect((0...1).contains(value))
            }
            // Blood cannot come in and go out at once.
            #expect(min(moment.inflow, moment.outflow) < 0.05)
            if moment.contraction > 0.9, !wasContracted { peaks += 1 }
            wasContracted = moment.contraction > 0.9
        }
        #expect(abs(peaks - rhythm.beats.count { (0...10).contains($0) }) <= 1)
    }

    @Test func `fibrillation makes beats of any length`() {
        func deviation(_ irregularity: Double) -> Double {
            var heart = Anatomy()
            heart.irregularity = irregularity
            var random = SeededRandom(seed: 9)
            let beats = Rhythm(of: heart, seconds: 200, random: &random).beats
            let intervals = zip(beats.dropFirst(), beats).map { $0 - $1 }
            let mean = intervals.reduce(0, +) / Double(intervals.count)
            return (intervals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(intervals.count))
                .squareRoot()
        }
        #expect(deviation(0.2) > 5 * deviation(0.02))
    }

    @Test func `speckle is a Rayleigh envelope with a grain`() {
        var random = SeededRandom(seed: 3)
        let speckle = Speckle(beams: 200, samples: 400, lateral: 1, axial: 1.2, random: &random)
        let values = speckle.values.map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
            .squareRoot()
        #expect(abs(mean) < 0.05)
        #expect(abs(deviation - 1) < 0.08)
        // Neighbours belong to the same grain, distant places do not.
        func correlation(_ lag: Int) -> Double {
            var sum = 0.0, count = 0.0
            for row in stride(from: 0, to: values.count, by: 400) {
                for s in 8..<(392 - lag) {
                    sum += values[row + s] * values[row + s + lag]
                    count += 1
                }
            }
            return sum / count
        }
        #expect(correlation(1) > 0.5)
        #expect(abs(correlation(12)) < 0.05)
    }

    @Test(arguments: View.allCases)
    func `the ventricle lies within the part that cropping keeps`(view: View) {
        // Rows 70 ..< 638 and columns 224 ..< 792 of 708 × 1016.
        let sector = Sector(height: 708, width: 1016, halfAngle: 0.75)
        var kept = 0, seen = 0
        for seed in 1...12 {
            var random = SeededRandom(seed: UInt64(seed), "crop")
            let heart = Anatomy(
                Diagnoses(random: &random), subject: SeededRandom(seed: UInt64(seed), 1),
                study: SeededRandom(seed: UInt64(seed), 2))
            var plane = ViewPlane(view, of: heart)
            plane.jitter(&random)
            let beating = BeatingHeart(heart, radialShortening: heart.radialShortening, at: Rhythm.Moment())
            let pixels = sector.radius / plane.depth
            for down in stride(from: 0.3, to: plane.depth, by: 0.3) {
                for right in stride(from: -9.0, through: 9, by: 0.3) {
                    guard beating.cavityContains(plane.origin + plane.right * right + plane.down * down)
                    else {
                        continue
                    }
                    seen += 1
                    let row = sector.apexRow + down * pixels, column = sector.apexColumn + right * pixels
                    if (70..<638).contains(row), (224..<792).contains(column) { kept += 1 }
                }
            }
        }
        #expect(seen > 2000)
        // The long axis is longer than the sector at its depth, as in life: its apex may be cut off.
        #expect(Double(kept) / Double(seen) > (view == .parasternalLongAxis ? 0.88 : 0.97))
    }
}
