// One acquisition: beams through the beating heart, with the grain, gain and blind spots of this clip.

#if canImport(Glibc)
    import Glibc
#endif
import EchoCore

/// Renders polar frames, U8 [beams, samples], of one heart in one plane.
struct Scanner: Sendable {
    let heart: Anatomy
    let plane: ViewPlane
    let halfAngle: Double
    private let radialShortening: Double
    private let speckle: Speckle
    /// Gray levels added everywhere: gain, attenuation, blind beams, clutter of the near field. [beams, samples]
    private let gain: [Float]
    /// Small errors of place along the beams, from sound speeds that differ: no edge is drawn with a ruler. In cm,
    /// [beams, samples / 2].
    private let warp: [Float]
    private let breath: (amount: Double, rate: Double, phase: Double)
    private let seesBase: Bool
    private static let margin = 32
    /// The darkest gray inside the fan: receivers are never silent.
    private static let floor: Float = 2

    init(heart: Anatomy, plane: ViewPlane, view: View, halfAngle: Double, random: inout SeededRandom) {
        self.heart = heart
        self.plane = plane
        self.halfAngle = halfAngle
        radialShortening = heart.radialShortening
        let beams = Sector.beams, samples = Sector.samples, margin = Scanner.margin
        speckle = Speckle(
            beams: beams + 2 * margin, samples: samples + 2 * margin, lateral: 1.0, axial: 1.15,
            random: &random)
        gain = Scanner.gain(depth: plane.depth, random: &random)
        warp = Speckle(beams: beams, samples: samples / 2, lateral: 4, axial: 5, random: &random).values.map {
            0.07 * $0
        }
        breath = (0.12 * random.uniform(), 0.2 + 0.1 * random.uniform(), 6.28 * random.uniform())
        seesBase = view != .parasternalShortAxis
    }

    private static func gain(depth: Double, random: inout SeededRandom) -> [Float] {
        let beams = Sector.beams, samples = Sector.samples
        let overall = 6 * random.normal()
        let slope = 16 + 6 * random.normal()
        var blind = [Double](repeating: 0, count: beams)
        for _ in 0..<random.below(4) {
            let centre = random.uniform() * Double(beams), width = random.uniform(3...9)
            let amount = random.uniform(8...38)
            for b in 0..<beams { blind[b] += amount * exp(-pow((Double(b) - centre) / width, 2)) }
        }
        let haze = Speckle(beams: beams, samples: samples, lateral: 7, axial: 12, random: &random).values
        let clutter = Speckle(beams: beams, samples: samples, lateral: 3, axial: 2, random: &random).values
        let clutterDepth = random.uniform(0.5...1.1)
        let places = (0..<samples).map { (Double($0) + 0.5) / Double(samples) }
        let veil = places.map { 88 * exp(-pow($0 * depth / clutterDepth, 2)) }
        var out = [Float](repeating: 0, count: beams * samples)
        for b in 0..<beams {
            let side = abs(2 * (Double(b) + 0.5) / Double(beams) - 1)
            let edge = 26 * pow(side, 4) + blind[b]
            for s in 0..<samples {
                let i = b * samples + s
                let shadow = edge * min(1, places[s] * depth / 3)
                let near = veil[s] * (1 + 0.35 * Double(clutter[i]))
                out[i] = Float(overall - slope * (places[s] - 0.4) - shadow + near) + 8 * haze[i]
            }
        }
        return out
    }

    /// The heart at a moment, for volumes by counting.
    func beatingHeart(at moment: Rhythm.Moment) -> BeatingHeart {
        BeatingHeart(heart, radialShortening: radialShortening, at: moment)
    }

    /// Where the probe is at a moment: it drifts with the subject's breath.
    private func origin(at time: Double) -> SIMD3<Double> {
        let drift = breath.amount * sin(6.2832 * breath.rate * time + breath.phase)
        return plane.origin + plane.right * drift + plane.down * (0.5 * drift)
    }

    /// Unit vectors along and across a beam.
    private func directions(_ beam: Int) -> (along: SIMD3<Float>, aside: SIMD3<Float>) {
        let angle = halfAngle * (2 * Double(beam) / Double(Sector.beams - 1) - 1)
        return (
            SIMD3<Float>(plane.down * cos(angle) + plane.right * sin(angle)),
            SIMD3<Float>(plane.right * cos(angle) - plane.down * sin(angle))
        )
    }

    /// Whether there is blood at each place of some beams, [beams, samples].
    func bloodMap(_ moment: Rhythm.Moment, time: Double, beams: Range<Int>) -> [Bool] {
        let still = beatingHeart(at: moment)
        let from = SIMD3<Float>(origin(at: time))
        let spacing = Float(plane.depth / Double(Sector.samples))
        var out = [Bool](repeating: false, count: beams.count * Sector.samples)
        for b in beams {
            let along = directions(b).along
            for s in stride(from: 0, to: Sector.samples, by: 8) {
                let r = (Lanes(0, 1, 2, 3, 4, 5, 6, 7) + Float(s)) * spacing
                let sample = still.sample(
                    r * along.x + from.x, r * along.y + from.y, r * along.z + from.z, beam: along,
                    base: seesBase)
                for lane in 0..<8 {
                    out[(b - beams.lowerBound) * Sector.samples + s + lane] = sample.gray[lane] < 30
                }
            }
        }
        return out
    }

    /// Renders the polar frame of one moment, or some of its beams.
    func render(
        _ moment: Rhythm.Moment, time: Double, beams chosen: Range<Int> = 0..<Sector.beams,
        into polar: inout [UInt8], random: inout SeededRandom
    ) {
        precondition(polar.count == Sector.beams * Sector.samples, "a polar frame is filled")
        let still = beatingHeart(at: moment)
        let from = SIMD3<Float>(origin(at: time))
        let margin = Scanner.margin
        let noise = random.below(2 * margin) * speckle.samples + random.below(2 * margin)
        var line = BeamLine()
        for beam in chosen {
            trace(beam, through: still, from: from, into: &line)
            paint(beam, line, noise: noise, into: &polar)
        }
    }

    /// What one beam meets, at every second sample, and once more at the end: gray level, and where the grain of the
    /// tissue lies at rest, in samples along the beam and in beams beside it.
    private struct BeamLine {
        static let count = Sector.samples / 2
        var gray = [Float](repeating: 0, count: count + 1)
        var along = [Float](repeating: 0, count: count + 1)
        var aside = [Float](repeating: 0, count: count + 1)
    }

    /// Follows a beam through the heart, eight places at a time.
    private func trace(
        _ beam: Int, through still: BeatingHeart, from: SIMD3<Float>, into line: inout BeamLine
    ) {
        let (along, aside) = directions(beam)
        let spacing = Float(plane.depth / Double(Sector.samples))
        let beamAngle = Float(2 * halfAngle / Double(Sector.beams - 1))
        let reach = Float(Scanner.margin - 2)
        let warp = warp.span
        for k in stride(from: 0, to: BeamLine.count, by: 8) {
            var r = (Lanes(0, 2, 4, 6, 8, 10, 12, 14) + (Float(2 * k) + 0.5)) * spacing
            for lane in 0..<8 { r[lane] += warp[beam * BeamLine.count + k + lane] }
            let sample = still.sample(
                r * along.x + from.x, r * along.y + from.y, r * along.z + from.z, beam: along, base: seesBase)
            let u = (sample.x * along.x + sample.y * along.y + sample.z * along.z) / spacing
            let v = (sample.x * aside.x + sample.y * aside.y + sample.z * aside.z) / (r * beamAngle)
            let near = clamped(u, -reach, reach), beside = clamped(v, -reach, reach)
            for lane in 0..<8 {
                line.gray[k + lane] = sample.gray[lane]
                line.along[k + lane] = near[lane]
                line.aside[k + lane] = beside[lane]
            }
        }
        let end = BeamLine.count
        line.gray[end] = line.gray[end - 1]
        line.along[end] = line.along[end - 1]
        line.aside[end] = line.aside[end - 1]
    }

    /// Gives a beam its grain and gain.
    private func paint(_ beam: Int, _ line: BeamLine, noise: Int, into polar: inout [UInt8]) {
        let gray = line.gray.span, along = line.along.span, aside = line.aside.span
        let grain = speckle.values.span, gain = gain.span
        var out = polar.mutableSpan
        let rowLength = speckle.samples, margin = Scanner.margin
        let start = (beam + margin) * rowLength + margin
        let noiseStart = beam * rowLength + noise
        let first = beam * Sector.samples
        for s in 0..<Sector.samples {
            let k = s >> 1, t = 0.5 * Float(s & 1)
            let level = gray[k] + t * (gray[k + 1] - gray[k])
            let u = along[k] + t * (along[k + 1] - along[k])
            let v = aside[k] + t * (aside[k + 1] - aside[k])
            // Displacements are within the margin, so adding it makes truncation a floor.
            let whole = (Int(u + Float(margin)) - margin, Int(v + Float(margin)) - margin)
            let fu = u - Float(whole.0), fv = v - Float(whole.1)
            let p = start + s + whole.1 * rowLength + whole.0
            let q = p + rowLength
            let near = grain[p] + fu * (grain[p + 1] - grain[p])
            let far = grain[q] + fu * (grain[q + 1] - grain[q])
            let texture = near + fv * (far - near)
            let value = level + 25 * texture + 6 * grain[noiseStart + s] + gain[first + s] - 4
            out[first + s] = UInt8(max(Scanner.floor, min(255, value)))
        }
    }
}
