// How diagnoses shape a heart. Everything that a picture can tell about a code is decided here.

#if canImport(Glibc)
    import Glibc
#endif
package import EchoCore

extension Anatomy {
    /// The heart of a subject with these diagnoses.
    ///
    /// A subject's own build comes from `subject`, a stream that all of its studies share; `study` adds what changes
    /// from day to day.
    package init(_ diagnoses: Diagnoses, subject: SeededRandom, study: SeededRandom) {
        var subject = subject, study = study
        self.init()
        func varied(_ deviation: Double) -> Double {
            deviation * (max(-2.5, min(2.5, subject.normal())) + 0.15 * study.normal())
        }
        // Codes and hearts do not always agree: a mild disease shows nothing, another was never diagnosed.
        func shows(_ category: String) -> Bool {
            let chance = subject.uniform()
            return diagnoses.has(category) ? chance < 0.93 : chance < 0.03
        }
        let failing = diagnoses.has("I50"), stiff = diagnoses.isDiastolicFailure

        // I50: large and weak, unless the failure is diastolic. I25: a wall or two are scar.
        var volume = log(112) + varied(0.15)
        var ejection = 0.63 + varied(0.04)
        if failing {
            volume += stiff ? 0.08 : 0.42
            ejection = stiff ? ejection - 0.06 : 0.33 + varied(0.065)
        }
        let sites = subject.sample(2, of: 4), second = subject.uniform() < 0.5
        for wall in 0..<4 { wallMotion[wall] = 1 + varied(0.08) }
        if shows("I25") {
            wallMotion[sites[0]] = 0.05 + varied(0.12)
            scar[sites[0]] = 0.9
            if second {
                wallMotion[sites[1]] = 0.25 + varied(0.15)
                scar[sites[1]] = 0.7
            }
            volume += 0.05
            ejection -= second ? 0.09 : 0.05
        }
        ejectionFraction = max(0.12, min(0.78, ejection))
        // The ventricle's section is not quite round, and rounder hearts are not longer.
        let oval = varied(0.04), round = varied(0.05) + (failing && !stiff ? 0.08 : 0)
        septalLateralRadius = 2.3 * exp(oval / 2 + round / 3)
        anteriorInferiorRadius = 2.3 * exp(-oval / 2 + round / 3)
        longRadius = 6.0 * exp(-2 * round / 3)
        setEndDiastolicVolume(exp(volume))

        // I11 and I13: thick walls.
        wall = 0.90 + varied(0.085)
        if diagnoses.has("I11") { wall += 0.42 + varied(0.05) }
        if diagnoses.has("I13") { wall += 0.50 + varied(0.05) }
        wall = max(0.55, min(1.9, wall))

        // I48: a large left atrium, and mostly no atrial kick and beats of any length.
        let fibrillating = shows("I48")
        let paroxysmal = subject.uniform() < 0.2
        atrialKick = !fibrillating || paroxysmal
        irregularity = atrialKick ? 0.02 : 0.2
        heartRate = max(48, min(130, 71 + varied(10) + (fibrillating ? 9 : 0) + (failing ? 6 : 0)))
        let size = varied(0.22) + (fibrillating ? 0.38 : 0), difference = varied(0.09)
        atriumFourChamber = min(3.5, 1.8 * exp(size + difference / 2))
        atriumTwoChamber = min(3.5, 1.9 * exp(size - difference / 2))
        atriumLongAxis = min(3.0, 1.75 * exp(varied(0.09) + (fibrillating ? 0.32 : 0)))
        atriumLength = 2.4 * exp(varied(0.08) + (fibrillating ? 0.14 : 0))

        // I27: a large right heart.
        let pressure = shows("I27")
        rightVentricle = exp(varied(0.10) + (pressure ? 0.52 : 0))
        rightAtrium = exp(varied(0.09) + (pressure ? 0.28 : 0) + (fibrillating ? 0.14 : 0))

        // I31: fluid around the heart. I35: calcium on the aortic valve.
        let fluid = subject.uniform(), trace = subject.uniform(), severity = subject.uniform()
        effusion = shows("I31") ? 0.5 + 0.8 * fluid : trace < 0.06 ? 0.3 * fluid : 0
        aorticCalcium = min(1, abs(varied(0.12)) + (shows("I35") ? 0.55 + 0.3 * severity : 0))

        // E66: fat around the heart, an echo-free space on both sides. J90: fluid beside it, on one side only.
        let isLateral = subject.uniform() < 0.5, isFat = shows("E66")
        let isFluid = shows("J90") && !isFat
        let present = [isFat || isFluid && isLateral, isFat || isFluid && !isLateral]
        for side in 0..<2 {
            let width = subject.uniform(1.8...2.8)
            outerSpace[side] = present[side] ? width : 0
        }
    }
}
