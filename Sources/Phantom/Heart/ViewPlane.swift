// The standard views of an echocardiogram as planes through the heart.

#if canImport(Glibc)
    import Glibc
#endif
package import EchoCore

/// A standard view.
package enum View: String, Sendable, CaseIterable, Codable {
    case parasternalLongAxis = "PLAX"
    case parasternalShortAxis = "PSAX"
    case apicalFourChamber = "A4C"
    case apicalTwoChamber = "A2C"
    case apicalThreeChamber = "A3C"
}

/// Where the probe stands and how its fan lies in the heart's coordinates, in cm.
package struct ViewPlane: Sendable {
    /// The probe's place: the sector's apex.
    package private(set) var origin: SIMD3<Double>
    /// Unit vectors of the picture's right and of its depth.
    package private(set) var right: SIMD3<Double>, down: SIMD3<Double>
    /// Depth at the sector's lower end.
    package private(set) var depth: Double

    /// The plane of `view` as a skilled hand finds it in this heart.
    package init(_ view: View, of heart: Anatomy) {
        let diagonal = SIMD3(-0.5.squareRoot(), 0.5.squareRoot(), 0)
        let anterior = max(heart.septalLateralRadius, heart.anteriorInferiorRadius) + heart.wall
        switch view {
        case .apicalFourChamber:
            self.init(
                from: SIMD3(-1.3, 0, -1.2 - 0.7 * heart.wall), right: SIMD3(1, 0, 0), down: SIMD3(0, 0, 1),
                17.4)
            rotate(by: -0.02)
        case .apicalTwoChamber:
            self.init(
                from: SIMD3(0, 0.2, -1.2 - 0.7 * heart.wall), right: SIMD3(0, 1, 0), down: SIMD3(0, 0, 1),
                17.4)
        case .apicalThreeChamber:
            self.init(from: SIMD3(0, 0, -1.2 - 0.7 * heart.wall), right: diagonal, down: SIMD3(0, 0, 1), 17.4)
        case .parasternalLongAxis:
            let place = diagonal * (anterior + 4.7) + SIMD3(0, 0, 0.76 * heart.length)
            self.init(from: place, right: SIMD3(0, 0, 1), down: -diagonal, 15.8)
        case .parasternalShortAxis:
            let place = SIMD3(-1.2, anterior + 3.6, 0.55 * heart.length)
            self.init(from: place, right: SIMD3(1, 0, 0), down: SIMD3(0, -1, 0), 14.0)
            rotate(by: -0.06)
        }
    }

    private init(from origin: SIMD3<Double>, right: SIMD3<Double>, down: SIMD3<Double>, _ depth: Double) {
        self.origin = origin
        self.right = right
        self.down = down
        self.depth = depth
    }

    /// Turns the fan in its own plane, clockwise in the picture, around the probe.
    mutating func rotate(by angle: Double) {
        let c = cos(angle), s = sin(angle)
        (right, down) = (right * c + down * s, down * c - right * s)
    }

    /// Tips the plane around the picture's right (elevation) axis.
    mutating func tilt(by angle: Double) {
        let normal = cross(right, down)
        down = down * cos(angle) + normal * sin(angle)
    }

    /// Turns the plane around the direction of depth, as a wrist turns the probe.
    mutating func twist(by angle: Double) {
        let normal = cross(right, down)
        right = right * cos(angle) + normal * sin(angle)
    }

    /// A clip's own angle and place: no two acquisitions are cut alike.
    package mutating func jitter(_ random: inout SeededRandom) {
        rotate(by: 0.045 * random.normal())
        tilt(by: 0.03 * random.normal())
        twist(by: 0.05 * random.normal())
        origin += right * (0.25 * random.normal()) + down * (0.25 * random.normal())
        depth *= 1 + 0.03 * max(-2, min(2, random.normal()))
    }
}

func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
