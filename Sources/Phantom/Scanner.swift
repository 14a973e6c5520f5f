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
        var out = [Float](repeating: 0, count: beams * samples)
        for b in 0..<beams {
            let side = abs(2 * (Double(b) + 0.5) / Double(beams) - 1)
            let edge = 26 * pow(side, 4) + blind[b]
            for s in 0..<samples {
                let r = (Double(s) + 0.5) / Double(samples)
                let cm = r * depth
                let i = b * samples + s
                let shadow = edge * min(1, cm / 3)
                let near = 88 * exp(-pow(cm / clutterDepth, 2)) * (1 + 0.35 * Double(clutter[i]))
                out[i] = Float(overall - slope * (r - 0.4) - shadow + near) + 8 * haze[i]
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
        let beams = Sector.beams, samples = Sector.samples, margin = Scanner.margin
        let still = beatingHeart(at: moment)
        let from = SIMD3<Float>(origin(at: time))
        let spacing = Float(plane.depth / Double(samples))
        let beamAngle = 2 * halfAngle / Double(beams - 1)
        let noiseShift = (random.below(2 * margin), random.below(2 * margin))
        let ramp = Lanes(0.5, 2.5, 4.5, 6.5, 8.5, 10.5, 12.5, 14.5)
        let rowLength = speckle.samples
        let reach = Lanes(repeating: Float(margin - 2))
        precondition(polar.count == beams * samples)
        // One beam's gray level and grain displacement (along, across), at every second sample.
        let half = samples / 2
        var rows = [Float](repeating: 0, count: 3 * (half + 1))
        rows.withUnsafeMutableBufferPointer { rows in
            polar.withUnsafeMutableBufferPointer { polar in
                speckle.values.withUnsafeBufferPointer { grain in
                    gain.withUnsafeBufferPointer { gain in
                        for b in chosen {
                            let (along, aside) = directions(b)
                            for k in stride(from: 0, to: half, by: 8) {
                                var r = (ramp + Float(2 * k)) * spacing
                                for lane in 0..<8 { r[lane] += warp[b * half + k + lane] }
                                let sample = still.sample(
                                    r * along.x + from.x, r * along.y + from.y, r * along.z + from.z,
                                    beam: along, base: seesBase)
                                let u =
                                    (sample.x * along.x + sample.y * along.y + sample.z * along.z) / spacing
                                let v =
                                    (sample.x * aside.x + sample.y * aside.y + sample.z * aside.z)
                                    / (r * Float(beamAngle))
                                let du = u.clamped(lowerBound: -reach, upperBound: reach)
                                let dv = v.clamped(lowerBound: -reach, upperBound: reach)
                                for lane in 0..<8 {
                                    rows[k + lane] = sample.gray[lane]
                                    rows[half + 1 + k + lane] = du[lane]
                                    rows[2 * (half + 1) + k + lane] = dv[lane]
                                }
                            }
                            for row in 0..<3 {
                                rows[row * (half + 1) + half] = rows[row * (half + 1) + half - 1]
                            }
                            let noiseRow = (b + noiseShift.0) * rowLength + noiseShift.1
                            let start = (b + margin) * rowLength + margin
                            for s in 0..<samples {
                                let k = s >> 1, t = 0.5 * Float(s & 1)
                                let gray = rows[k] + t * (rows[k + 1] - rows[k])
                                let u = rows[half + 1 + k] + t * (rows[half + 2 + k] - rows[half + 1 + k])
                                let v =
                                    rows[2 * half + 2 + k] + t
                                    * (rows[2 * half + 3 + k] - rows[2 * half + 2 + k])
                                let iu = Int32(u + 64) &- 64, iv = Int32(v + 64) &- 64
                                let fu = u - Float(iu), fv = v - Float(iv)
                                let p = start + s + Int(iv) * rowLength + Int(iu)
                                let near = grain[p] + fu * (grain[p + 1] - grain[p])
                                let q = p + rowLength
                                let far = grain[q] + fu * (grain[q + 1] - grain[q])
                                let texture = near + fv * (far - near)
                                let level =
                                    gray + 25 * texture + 6 * grain[noiseRow + s] + gain[b * samples + s] - 4
                                polar[b * samples + s] = UInt8(max(Scanner.floor, min(255, level)))
                            }
                        }
                    }
                }
            }
        }
    }
}
