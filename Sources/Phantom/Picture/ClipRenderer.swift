// Renders the frames of one file of a study.

#if canImport(Glibc)
    import Glibc
#endif
import EchoCore

/// The frames and figures of one rendered file.
struct RenderedClip: Sendable {
    /// JPEG Baseline, in order.
    let frames: [[UInt8]]
    let framesPerSecond: Double
    /// Centimetres at the sector's lower end.
    let depth: Double
    let sector: Sector?
    /// Beats a minute while it was taken.
    let heartRate: Double
}

/// Renders the files of one study.
struct ClipRenderer: Sendable {
    let options: PhantomOptions
    let heart: Anatomy
    /// The fans in use, by their place in `halfAngles`.
    let sectors: [Sector]
    /// Half opening angles of the fan that sonographers choose among.
    static let halfAngles = [0.72, 0.75, 0.78]

    /// - Parameter encode: makes the bytes of a frame
    func render(_ plan: ClipPlan, encode: (Frame) throws -> [UInt8]) throws -> RenderedClip {
        var random = SeededRandom(seed: options.seed, "clip", plan.study.study, plan.number)
        let sector = sectors[random.below(sectors.count)]
        var plane = ViewPlane(plan.view, of: heart)
        plane.jitter(&random)
        var heart = heart
        heart.heartRate = max(42, min(140, heart.heartRate * (1 + 0.04 * random.normal())))
        // Short clips are taken slowly enough that they still hold a beat.
        let rate = min(Double(28 + random.below(9)), max(10, Double(options.frames)))
        let count = plan.acquisition == .still ? 1 : options.frames
        let seconds = Double(count) / rate
        let rhythm = Rhythm(of: heart, seconds: max(seconds, 2.6), random: &random)
        let scanner = Scanner(
            heart: heart, plane: plane, view: plan.view, halfAngle: sector.halfAngle, random: &random)
        var frames: [[UInt8]] = []
        switch plan.acquisition {
        case .bmode, .colour, .still:
            let overlay = Overlay(
                height: options.height, width: options.width, rhythm: rhythm, seconds: seconds,
                coloured: random.uniform() < 0.5)
            var template = Frame(height: options.height, width: options.width)
            overlay.draw(
                into: &template, sector: sector, depth: plane.depth,
                settings: ["FR \(Int(rate)) HZ", "D \(Int(plane.depth)) CM"], heartRate: Int(heart.heartRate))
            if plan.acquisition == .still { calipers(in: &template, sector) }
            var flow = plan.acquisition == .colour ? ColourFlow(sector: sector, random: &random) : nil
            var polar = [UInt8](repeating: 0, count: Sector.beams * Sector.samples)
            for index in 0..<count {
                let time = Double(index) / rate
                let moment = rhythm.moment(at: time)
                var frame = template
                scanner.render(moment, time: time, into: &polar, random: &random)
                sector.convert(polar, into: &frame.luma)
                flow?.draw(into: &frame, scanner: scanner, moment: moment, time: time, sector: sector)
                if plan.acquisition == .still { calipers(in: &frame, sector) }
                overlay.drawTrace(into: &frame, time: time)
                frames.append(try encode(frame))
            }
            return RenderedClip(
                frames: frames, framesPerSecond: rate, depth: plane.depth, sector: sector,
                heartRate: heart.heartRate)
        case .mMode, .pulsedWave, .continuousWave:
            let sweep = Sweep(
                plan.acquisition, heart: heart, rhythm: rhythm, scanner: scanner, height: options.height,
                width: options.width, random: &random)
            for index in 0..<min(count, 6) { frames.append(try encode(sweep.frame(index))) }
            return RenderedClip(
                frames: frames, framesPerSecond: rate, depth: plane.depth, sector: nil,
                heartRate: heart.heartRate)
        }
    }

    /// A distance as a sonographer marks it.
    private func calipers(in frame: inout Frame, _ sector: Sector) {
        let from = sector.pixel(angle: -0.08, depth: 0.35), to = sector.pixel(angle: 0.12, depth: 0.62)
        let steps = 24
        for step in 0...steps where step % 2 == 0 || step == steps {
            let part = Double(step) / Double(steps)
            let row = Int(from.row + (to.row - from.row) * part)
            let column = Int(from.column + (to.column - from.column) * part)
            let size = step == 0 || step == steps ? 4 : 1
            frame.fill(rows: (row - size)..<(row + size), columns: column..<(column + 2), .yellow)
            frame.fill(rows: row..<(row + 2), columns: (column - size)..<(column + size), .yellow)
        }
    }
}
