// The heart that every view of a study is cut from, as a handful of numbers that mean something to a cardiologist.

#if canImport(Glibc)
    import Glibc
#endif

/// One heart: its sizes at end diastole in centimetres, and how it moves.
///
/// Coordinates of the heart: the origin is the apex of the left ventricle's cavity, z runs along the long axis to the
/// base, x from the septum to the lateral wall, y from the inferior to the anterior wall.
package struct Anatomy: Sendable, Equatable {
    /// Semi-axes of the left ventricle's cavity, a prolate ellipsoid cut at the mitral annulus.
    package var septalLateralRadius = 2.3, anteriorInferiorRadius = 2.3, longRadius = 6.0
    /// Thickness of the left ventricle's wall.
    package var wall = 0.95
    /// Share of the end-diastolic volume that a beat ejects.
    package var ejectionFraction = 0.62
    /// How much of the normal inward motion each wall has: lateral, septal, anterior, inferior.
    package var wallMotion = SIMD4<Double>(1, 1, 1, 1)
    /// How much of each of these walls is scar, thin and bright, 0 … 1.
    package var scar = SIMD4<Double>(0, 0, 0, 0)
    /// Size of the right ventricle and of the right atrium, 1 for normal.
    package var rightVentricle = 1.0, rightAtrium = 1.0
    /// Half widths of the left atrium as the apical four-chamber, the apical two-chamber and the long-axis view show
    /// them, and half its length.
    package var atriumFourChamber = 1.9, atriumTwoChamber = 1.9, atriumLongAxis = 1.8, atriumLength = 2.5
    /// Width of the fluid around the heart.
    package var effusion = 0.0
    /// Calcium of the aortic valve and root, 0 for thin cusps that open wide in a narrow root, 1 for bright ones that
    /// hardly open in a wide one.
    package var aorticCalcium = 0.0
    /// Width of the echo-free space outside of the pericardium, 0 for none: beside the lateral wall, which the apical
    /// four-chamber view cuts, and beside the inferior wall, which the apical two-chamber view cuts.
    package var outerSpace = SIMD2<Double>(0, 0)
    /// Beats a minute, the standard deviation of their lengths in parts of the mean, and whether the atria contract.
    package var heartRate = 72.0, irregularity = 0.02, atrialKick = true

    package init() {}

    /// Where the mitral annulus cuts the ellipsoid, in parts of the long radius from the apex.
    static let cut = 1.5

    /// Length of the left ventricle from apex to annulus, in cm.
    package var length: Double { Anatomy.cut * longRadius }

    /// Volume of the left ventricle at end diastole, in ml.
    package var endDiastolicVolume: Double {
        // π a b c ∫ (1 − u²) du over u = −1 … cut − 1.
        let u = Anatomy.cut - 1
        return .pi * septalLateralRadius * anteriorInferiorRadius * longRadius * (u - u * u * u / 3 + 2.0 / 3)
    }

    /// Volume of the left ventricle at end systole, in ml.
    package var endSystolicVolume: Double { endDiastolicVolume * (1 - ejectionFraction) }

    /// How much blood runs back through the mitral valve, on the scale of reports: 0 none, 4 severe.
    ///
    /// It is functional: nothing but a ventricle and an atrium that are large and weak holds the leaflets apart, so that all
    /// there is to see of it are these.
    package var mitralRegurgitation: Double {
        let severity =
            0.4 + 2 * log(endDiastolicVolume / 112) + 2.2 * log(atriumFourChamber / 1.8)
            + 1.5 * max(0, 0.6 - ejectionFraction)
        return max(0, min(4, severity))
    }

    /// Scales the left ventricle to an end-diastolic volume in ml, keeping its proportions.
    package mutating func setEndDiastolicVolume(_ volume: Double) {
        let scale = cbrt(volume / endDiastolicVolume)
        septalLateralRadius *= scale
        anteriorInferiorRadius *= scale
        longRadius *= scale
    }

    /// The part of its length that the ventricle shortens by at end systole: the annulus moves towards the apex.
    var longitudinalShortening: Double { 0.27 * ejectionFraction }

    /// The greatest inward motion of a healthy wall, in parts of its radius, that ejects just `ejectionFraction`.
    package var radialShortening: Double {
        // Each wall moves by its own share, so the volume is averaged over directions and solved by bisection.
        let directions = 72
        var weights: [(share: Double, motion: Double)] = []
        var total = 0.0
        for i in 0..<directions {
            let angle = 2 * Double.pi * Double(i) / Double(directions)
            let c = cos(angle), s = sin(angle)
            let square =
                1
                / (c * c / (septalLateralRadius * septalLateralRadius)
                    + s * s / (anteriorInferiorRadius * anteriorInferiorRadius))
            weights.append((square, motion(cosine: c, sine: s)))
            total += square
        }
        let wanted = (1 - ejectionFraction) / (1 - longitudinalShortening)
        var low = 0.0, high = 0.98
        for _ in 0..<50 {
            let middle = (low + high) / 2
            let left = weights.reduce(0) { sum, wall in
                let scale = max(0.02, 1 - middle * wall.motion)
                return sum + wall.share * scale * scale
            }
            if left / total > wanted { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The share of normal motion in a direction around the long axis.
    private func motion(cosine c: Double, sine s: Double) -> Double {
        let x = c > 0 ? wallMotion[0] : wallMotion[1]
        let y = s > 0 ? wallMotion[2] : wallMotion[3]
        return c * c * x + s * s * y
    }
}
