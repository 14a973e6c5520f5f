// The heart at one moment: what echo comes back from a point of space, and where that point's tissue is at rest.

/// An anatomy, contracted by some amount, that can be asked about any point.
///
/// Motion is a pull-back: a point of the moving heart is traced to the place it has at end diastole, where the
/// anatomy is made of ellipsoids. Radially the wall is incompressible (its area is kept as the cavity shrinks), along
/// the axis the annulus moves towards the apex and everything between follows in proportion.
package struct BeatingHeart: Sendable {
    // Gray levels of what the sound meets, before speckle.
    static let blood: Float = 2, muscle: Float = 126, fibrous: Float = 178, around: Float = 46,
        calcium: Float = 235

    private let length: Float, shortened: Float, inverseShortening: Float, shortening: Float
    private let xx: Float, yy: Float, centre: Float, wall: Float
    private let motionLateral: Float, motionSeptal: Float, motionAnterior: Float, motionInferior: Float
    private let cavity: Ellipsoid, outer: Ellipsoid, rightVentricle: Ellipsoid, rightAtrium: Ellipsoid
    private let leftAtrium: Ellipsoid
    private let tricuspidRadius: Float, tricuspidLevel: Float
    private let papillaryLow: Float, papillaryHigh: Float, papillaries: (SIMD2<Float>, SIMD2<Float>)
    private let mitralAngle: (cosine: Float, sine: Float)
    private let cuspReach: Float, cuspRise: Float, cuspWidth: Float, cuspGray: Float
    private let effusion: Float
    private let scar: SIMD4<Float>
    /// How far the spaces outside of the pericardium reach from the left ventricle; below 0 for none.
    private let outerWidth: SIMD2<Float>
    private let rootRadius: Float, rootOffset: Float, rootWall: Float, rootGray: Float
    private let diagonal = Float(0.5).squareRoot()

    package init(_ heart: Anatomy, radialShortening: Double, at moment: Rhythm.Moment) {
        let c = moment.contraction
        let a = heart.septalLateralRadius, b = heart.anteriorInferiorRadius, l = heart.longRadius
        let along = heart.longitudinalShortening * c
        length = Float(heart.length)
        shortening = Float(along)
        shortened = Float(heart.length * (1 - along))
        inverseShortening = Float(1 / (1 - along))
        xx = Float(1 / (a * a))
        yy = Float(1 / (b * b))
        centre = Float(l)
        wall = Float(heart.wall)
        let motion = heart.wallMotion * (radialShortening * c)
        motionLateral = Float(motion[0])
        motionSeptal = Float(motion[1])
        motionAnterior = Float(motion[2])
        motionInferior = Float(motion[3])
        cavity = Ellipsoid(centre: [0, 0, l], radii: [a, b, l])
        let w = heart.wall
        outer = Ellipsoid(centre: [0, 0, l], radii: [a + w, b + w, l + 0.7 * w])

        let right = heart.rightVentricle
        let rv = SIMD3(
            2.3 * right * (1 - 0.2 * c), 3.2 * right.squareRoot() * (1 - 0.1 * c), 0.60 * heart.length)
        rightVentricle = Ellipsoid(
            centre: [-(a + w + 0.45 * 2.3 * right), 0.4 * (b + w), 0.68 * heart.length], radii: rv)
        let fill = 1 + 0.10 * c
        let ra = 2.1 * heart.rightAtrium * fill
        let raX = -(0.83 * a + 0.95 * ra)
        rightAtrium = Ellipsoid(centre: [raX, 0, heart.length + 1.3], radii: [ra, ra, 1.12 * ra])
        tricuspidRadius = Float(0.6 * ra)
        tricuspidLevel = Float(heart.length - 0.55)

        let fx = heart.atriumFourChamber * fill, fy = heart.atriumTwoChamber * fill
        let fd = heart.atriumLongAxis * fill
        var la = Ellipsoid(
            centre: [0.25 + 0.3 * (fx - 1.9), -0.15, heart.length + 0.66 * heart.atriumLength],
            radii: [fx, fy, heart.atriumLength * fill])
        // The mixed term sets the half width along the long-axis view's diagonal apart from those along x and y.
        let mixed = (1 / (fx * fx) + 1 / (fy * fy)) / 2 - 1 / (fd * fd)
        la.xy = Float(max(-0.7 / (fx * fy), min(0.7 / (fx * fy), mixed)))
        leftAtrium = la

        papillaryLow = 0.34 * length
        papillaryHigh = 0.58 * length
        papillaries = (
            SIMD2(Float(0.66 * a * 0.87), Float(-0.66 * b * 0.5)),
            SIMD2(Float(-0.66 * a * 0.80), Float(-0.66 * b * 0.6))
        )
        let angle = Float(0.25 + 1.1 * moment.inflow)
        mitralAngle = (cosine(angle), sine(angle))
        let opening = Float(moment.outflow * (1 - 0.75 * heart.aorticCalcium))
        cuspReach = (1 + 0.55 * Float(heart.aorticCalcium)) * (0.95 - 0.82 * opening)
        cuspRise = 0.55 + 0.45 * opening
        cuspWidth = Float(0.07 + 0.16 * heart.aorticCalcium)
        cuspGray = BeatingHeart.fibrous + Float(heart.aorticCalcium) * 60
        effusion = Float(heart.effusion)
        scar = SIMD4<Float>(heart.scar)
        outerWidth = SIMD2<Float>(
            heart.outerSpace.replacing(with: heart.outerSpace + heart.effusion, where: heart.outerSpace .> 0)
                .replacing(with: SIMD2(repeating: -99), where: heart.outerSpace .<= 0))
        let calcium = Float(heart.aorticCalcium)
        rootRadius = 1.0 + 0.55 * calcium
        rootOffset = 1.6 + 0.6 * calcium
        rootWall = 0.17 + 0.2 * calcium
        rootGray = 150 + 85 * calcium
    }

    /// What lies at eight points.
    struct Sample {
        /// Gray level of the echo before speckle, gain and attenuation.
        var gray: Lanes
        /// From the point to where its tissue is at end diastole, in cm.
        var x: Lanes, y: Lanes, z: Lanes
    }

    /// Whether a point lies in the left ventricle's cavity, for volumes by counting.
    package func cavityContains(_ point: SIMD3<Double>) -> Bool {
        let rest = atRest(
            Lanes(repeating: Float(point.x)), Lanes(repeating: Float(point.y)),
            Lanes(repeating: Float(point.z)))
        return maximum(cavity.distance(rest.0, rest.1, rest.2), rest.2 - length)[0] < 0
    }

    /// Where the tissue at (x, y, z) is at end diastole.
    @inline(__always)
    private func atRest(_ x: Lanes, _ y: Lanes, _ z: Lanes) -> (Lanes, Lanes, Lanes) {
        let zero = Lanes(repeating: 0)
        let below = maximum(z * (inverseShortening - 1), zero)
        let above = clamped((length + 5 - z) * (1 / (length + 5 - shortened)), 0, 1)
        let z0 = z + minimum(below, above * (length - shortened))

        let u = (z0 - centre) / centre
        let fade = clamped((length + 2 - z0) * 0.5, 0, 1)
        let profile = maximum(1 - u * u, zero) * fade
        let x2 = x * x, y2 = y * y
        let square = x2 + y2 + 1e-6
        let radius2 = profile * square / (x2 * xx + y2 * yy + 1e-6)
        let motionX = Lanes(repeating: motionLateral).replacing(with: motionSeptal, where: x .< zero)
        let motionY = Lanes(repeating: motionAnterior).replacing(with: motionInferior, where: y .< zero)
        let scale = maximum(1 - (x2 * motionX + y2 * motionY) / square, Lanes(repeating: 0.02))
        let scale2 = scale * scale
        let moved2 = radius2 * scale2
        let edge = radius2.squareRoot() + wall
        let lengthening = maximum(minimum(square, edge * edge) - moved2, zero) * shortening
        let outside2 = maximum(square + radius2 - moved2 - lengthening, zero)
        let rest2 = outside2.replacing(with: square / scale2, where: square .< moved2)
        let stretch = (rest2 / square).squareRoot()
        return (x * stretch, y * stretch, z0)
    }

    @inline(__always)
    func sample(_ px: Lanes, _ py: Lanes, _ pz: Lanes, beam: SIMD3<Float>, base: Bool) -> Sample {
        let (x, y, z) = atRest(px, py, pz)
        let zero = Lanes(repeating: 0)
        let sharp: Float = 5.5
        // Muscle shines where the beam meets it at a right angle and pales where it runs alongside.
        let (wallDistance, facing) = outer.distance(x, y, z, along: beam)
        let scarred = scarShare(x, y)
        let muscle = 92 + 56 * facing * facing + 85 * scarred
        let epicardium = roundedMaximum(wallDistance + 0.4 * wall * scarred, z - (length + 0.3), 0.5)
        let endocardium = maximum(cavity.distance(x, y, z), z - length)
        // The right ventricle narrows towards its apex, which leans on the septum.
        let rv = rightVentricle.distance(x + 0.35 * minimum(z - rightVentricle.cz, zero), y, z)
        // It ends at the tricuspid valve, but in front its outflow tract goes on over the aorta.
        let rvEnd = tricuspidLevel + 0.9 * maximum(y, zero)
        let ventricles = minimum(epicardium, roundedMaximum(rv - 0.38, z - (rvEnd + 0.3), 0.3))
        var heart = ventricles
        var la = Lanes(repeating: 9), ra = Lanes(repeating: 9)
        if base {
            la = leftAtrium.distance(x, y, z)
            ra = rightAtrium.distance(x, y, z)
            heart = minimum(heart, minimum(la, ra) - 0.2)
        }
        // From the outside in: lung and fat, the pericardium's bright line, fluid, muscle, blood.
        var gray = Lanes(repeating: BeatingHeart.around)
        if base, outerWidth.max() > 0 {
            let space = outerSpace(x, y, z, wall: wallDistance)
            gray = mix(gray, BeatingHeart.fibrous, inside(space - 0.3, sharp))
            gray = mix(gray, BeatingHeart.blood, inside(space, sharp))
        }
        gray = gray + (110 + 80 * facing * facing - gray) * inside(ventricles - (effusion + 0.2), sharp)
        if effusion > 0 { gray = mix(gray, BeatingHeart.blood, inside(heart - effusion, sharp)) }
        gray = mix(gray, BeatingHeart.muscle, inside(heart, sharp))
        gray = mix(gray, BeatingHeart.blood, inside(maximum(rv, z - rvEnd), sharp))
        if base {
            gray = mix(gray, BeatingHeart.blood, inside(maximum(ra, tricuspidLevel - z), sharp))
            gray = mix(gray, BeatingHeart.muscle, inside(maximum(la - 0.2, length - 0.1 - z), sharp))
        }
        gray = gray + (muscle - gray) * inside(epicardium, sharp)
        gray = mix(gray, BeatingHeart.blood, inside(endocardium, sharp))
        gray = mix(gray, BeatingHeart.muscle, inside(maximum(papillary(x, y, z), endocardium), sharp))
        guard base else { return Sample(gray: gray, x: x - px, y: y - py, z: z - pz) }

        gray = mix(gray, BeatingHeart.blood, inside(maximum(la, length - 0.1 - z), sharp))
        // The aorta leaves the ventricle towards the right shoulder.
        let rise = z - length
        let ax = x + diagonal * (rootOffset + 0.3 * rise)
        let ay = y - diagonal * (rootOffset + 0.3 * rise)
        let q = (ax * ax + ay * ay).squareRoot()
        gray = mix(gray, rootGray, inside(maximum(q - (rootRadius + rootWall), -0.1 - rise), sharp))
        gray = mix(gray, BeatingHeart.blood, inside(maximum(q - rootRadius, -0.35 - rise), sharp))
        let cusp = distanceToSegment(
            q, rise, rootRadius, 0.1, Lanes(repeating: -cuspReach), Lanes(repeating: cuspRise))
        gray = gray + (cuspGray - gray) * inside(cusp - cuspWidth, 2 * sharp)
        // Two leaflets hang from each ring into the ventricle.
        let mx = x - 0.32, my = y + 0.32
        let mq = (mx * mx + my * my + 1e-6).squareRoot()
        let reach = 1.35 + 0.35 * diagonal * (my - mx) / mq
        let mitral = distanceToSegment(
            mq, z, 1.32, length, -reach * mitralAngle.cosine, -reach * mitralAngle.sine)
        gray = mix(gray, BeatingHeart.fibrous, inside(mitral - 0.085, 2 * sharp))
        let tx = x - rightAtrium.cx + 0.15
        let tq = (tx * tx + y * y).squareRoot()
        let tricuspid = distanceToSegment(
            tq, z, tricuspidRadius, tricuspidLevel, Lanes(repeating: -tricuspidRadius * mitralAngle.cosine),
            Lanes(repeating: -tricuspidRadius * mitralAngle.sine))
        gray = mix(gray, BeatingHeart.fibrous - 10, inside(tricuspid - 0.075, 2 * sharp))
        return Sample(gray: maximum(gray, zero), x: x - px, y: y - py, z: z - pz)
    }

    /// How much of the wall in the direction of (x, y) is scar.
    @inline(__always)
    private func scarShare(_ x: Lanes, _ y: Lanes) -> Lanes {
        let zero = Lanes(repeating: 0)
        let x2 = x * x, y2 = y * y
        let beside = Lanes(repeating: scar[0]).replacing(with: scar[1], where: x .< zero)
        let before = Lanes(repeating: scar[2]).replacing(with: scar[3], where: y .< zero)
        return (x2 * beside + y2 * before) / (x2 + y2 + 1e-4)
    }

    /// Distance from the spaces outside of the pericardium, at `wall` from the left ventricle's: each begins beside the
    /// ventricle's base, behind the short-axis view, and covers 30° to either side; the long-axis view passes between.
    @inline(__always)
    private func outerSpace(_ x: Lanes, _ y: Lanes, _ z: Lanes, wall: Lanes) -> Lanes {
        let radius = (x * x + y * y + 1e-6).squareRoot()
        let along = maximum(0.62 * length - z, z - (length + 2.5))
        let lateral = roundedMaximum(wall - outerWidth[0], 0.87 * radius - x, 0.8)
        let inferior = roundedMaximum(wall - outerWidth[1], 0.87 * radius + y, 0.8)
        return roundedMaximum(along, minimum(lateral, inferior), 0.8)
    }

    /// Distance from the two papillary muscles.
    @inline(__always)
    private func papillary(_ x: Lanes, _ y: Lanes, _ z: Lanes) -> Lanes {
        let over = z - clamped(z, papillaryLow, papillaryHigh)
        let x0 = x - papillaries.0.x, y0 = y - papillaries.0.y
        let x1 = x - papillaries.1.x, y1 = y - papillaries.1.y
        let nearest = minimum(x0 * x0 + y0 * y0, x1 * x1 + y1 * y1) + over * over
        return nearest.squareRoot() - 0.5
    }
}
