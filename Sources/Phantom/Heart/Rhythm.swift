// When the heart beats, and what contraction and valves do between two beats.

#if canImport(Glibc)
    import Glibc
#endif
package import EchoCore

/// A run of heart beats, sinus rhythm or atrial fibrillation, that covers a clip.
package struct Rhythm: Sendable {
    /// Times of the R waves in seconds, ascending; the first lies before time −1.5.
    package let beats: [Double]
    let atrialKick: Bool

    /// The phase of one moment.
    package struct Moment: Sendable {
        /// 0 at end diastole, 1 at end systole.
        package var contraction = 0.0
        /// How far mitral and tricuspid valve are open, 0 … 1.
        package var inflow = 0.0
        /// How far the aortic valve is open, 0 … 1.
        package var outflow = 0.0

        package init() {}
    }

    /// Beats from some time before 0 to some time after `seconds`, starting at a random phase.
    package init(of anatomy: Anatomy, seconds: Double, random: inout SeededRandom) {
        let mean = 60 / anatomy.heartRate
        func interval(_ random: inout SeededRandom) -> Double {
            max(0.38, mean * (1 + max(-2.2, min(2.2, random.normal())) * anatomy.irregularity))
        }
        var beats = [-1.5 - interval(&random) * random.uniform()]
        while beats[beats.count - 1] < seconds + 0.7 {
            beats.append(beats[beats.count - 1] + interval(&random))
        }
        self.beats = beats
        atrialKick = anatomy.atrialKick
    }

    /// Time since the last R wave and time between it and the next.
    func beat(at time: Double) -> (since: Double, interval: Double) {
        let next = beats.firstIndex { $0 > time } ?? beats.count - 1
        let last = beats[max(next - 1, 0)]
        return (time - last, beats[next] - last)
    }

    /// How long the ventricle ejects in a beat of `interval` seconds (Bazett's square root).
    static func systole(_ interval: Double) -> Double { min(0.37 * interval.squareRoot(), 0.62 * interval) }

    /// What the heart does at `time` seconds.
    package func moment(at time: Double) -> Moment {
        let (since, interval) = beat(at: time)
        let end = Rhythm.systole(interval)
        let relaxed = min(end + 0.2, interval - 0.12)
        let kick = interval - 0.16
        let rest = 0.18
        var moment = Moment()
        if since < end {
            moment.contraction = step(since, 0.03, end)
        } else if atrialKick {
            moment.contraction =
                since < kick
                ? 1 - (1 - rest) * step(since, end + 0.02, relaxed)
                : rest * (1 - step(since, kick, interval - 0.02))
        } else {
            moment.contraction =
                1 - (1 - rest) * step(since, end + 0.02, relaxed) - rest
                * step(since, relaxed, interval - 0.01)
        }
        moment.contraction = max(0, moment.contraction)
        moment.outflow = step(since, 0.05, 0.09) * (1 - step(since, end - 0.03, end + 0.01))
        let early = step(since, end + 0.04, end + 0.10) * (1 - 0.6 * step(since, end + 0.16, end + 0.28))
        let late = atrialKick ? 0.5 * step(since, kick, kick + 0.06) : 0
        moment.inflow = min(1, early + late) * (1 - step(since, interval - 0.05, interval))
        return moment
    }

    /// The electrocardiogram at `time`, in millivolts or so: P (unless fibrillating), QRS, T.
    func electrocardiogram(at time: Double) -> Double {
        let (since, interval) = beat(at: time)
        func wave(_ centre: Double, _ width: Double, _ height: Double) -> Double {
            let u = (since - centre) / width
            let v = (since - interval - centre) / width
            return height * (exp(-u * u) + exp(-v * v))
        }
        var value = wave(0, 0.011, 1) + wave(-0.026, 0.009, -0.13) + wave(0.028, 0.010, -0.26)
        value += wave(Rhythm.systole(interval) * 0.82, 0.045, 0.27)
        if atrialKick {
            value += wave(-0.15, 0.026, 0.14)
        } else {
            value += 0.035 * sin(time * 41) + 0.03 * sin(time * 57.3 + 1)
        }
        return value
    }

    /// Speed of the blood through the aortic valve, 0 … 1: it rises fast and falls slowly.
    func ejection(at time: Double) -> Double {
        let (since, interval) = beat(at: time)
        let part = (since - 0.05) / (Rhythm.systole(interval) - 0.05)
        return part > 0 && part < 1 ? sin(.pi * pow(part, 0.75)) : 0
    }
}

/// 0 up to `from`, 1 from `to`, smooth between (3u² − 2u³).
func step(_ value: Double, _ from: Double, _ to: Double) -> Double {
    let u = max(0, min(1, (value - from) / (to - from)))
    return u * u * (3 - 2 * u)
}

func cosine(_ angle: Float) -> Float { Float(cos(Double(angle))) }
func sine(_ angle: Float) -> Float { Float(sin(Double(angle))) }
