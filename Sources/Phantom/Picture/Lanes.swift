// Eight floats at a time: the arithmetic of the inner loops, written once.

typealias Lanes = SIMD8<Float>

/// 1 inside (distance below −half the width), 0 outside, linear between.
@inline(__always)
func inside(_ distance: Lanes, _ sharpness: Float) -> Lanes {
    clamped(0.5 - distance * sharpness, 0, 1)
}

@inline(__always)
func mix(_ a: Lanes, _ b: Float, _ share: Lanes) -> Lanes { a + (b - a) * share }

@inline(__always)
func minimum(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .< a) }

@inline(__always)
func maximum(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .> a) }

/// SIMD8's own `clamped` goes one number at a time.
@inline(__always)
func clamped(_ a: Lanes, _ low: Float, _ high: Float) -> Lanes {
    maximum(minimum(a, Lanes(repeating: high)), Lanes(repeating: low))
}

/// The greater of two distances, with the edge where they meet rounded off over `radius` centimetres.
@inline(__always)
func roundedMaximum(_ a: Lanes, _ b: Lanes, _ radius: Float) -> Lanes {
    let zero = Lanes(repeating: 0)
    let u = maximum(a + radius, zero), v = maximum(b + radius, zero)
    return minimum(maximum(a, b), Lanes(repeating: -radius)) + (u * u + v * v).squareRoot()
}

/// Distance of a point (q, z) from the segment between (q0, z0) and (q0 + dq, z0 + dz).
@inline(__always)
func distanceToSegment(_ q: Lanes, _ z: Lanes, _ q0: Float, _ z0: Float, _ dq: Lanes, _ dz: Lanes) -> Lanes {
    let pq = q - q0
    let pz = z - z0
    let t = clamped((pq * dq + pz * dz) / (dq * dq + dz * dz), 0, 1)
    let rq = pq - t * dq
    let rz = pz - t * dz
    return (rq * rq + rz * rz).squareRoot()
}

/// An ellipsoid with axes along x, y and z, and the first-order distance from its surface, negative inside.
struct Ellipsoid: Sendable {
    let cx: Float, cy: Float, cz: Float
    let xx: Float, yy: Float, zz: Float
    /// The mixed term that turns the ellipsoid around z, 0 for none.
    var xy: Float = 0

    init(centre: SIMD3<Double>, radii: SIMD3<Double>) {
        cx = Float(centre.x)
        cy = Float(centre.y)
        cz = Float(centre.z)
        xx = Float(1 / (radii.x * radii.x))
        yy = Float(1 / (radii.y * radii.y))
        zz = Float(1 / (radii.z * radii.z))
    }

    @inline(__always)
    func distance(_ px: Lanes, _ py: Lanes, _ pz: Lanes) -> Lanes {
        let x = px - cx
        let y = py - cy
        let z = pz - cz
        let gx = x * xx + y * xy
        let gy = y * yy + x * xy
        let gz = z * zz
        let value = x * gx + y * gy + z * gz - 1
        return 0.5 * value / (gx * gx + gy * gy + gz * gz + 1e-6).squareRoot()
    }

    /// The distance, and the cosine between the surface's normal and a unit vector.
    @inline(__always)
    func distance(_ px: Lanes, _ py: Lanes, _ pz: Lanes, along beam: SIMD3<Float>) -> (Lanes, facing: Lanes) {
        let x = px - cx
        let y = py - cy
        let z = pz - cz
        let gx = x * xx, gy = y * yy, gz = z * zz
        let scale = 1 / (gx * gx + gy * gy + gz * gz + 1e-6).squareRoot()
        let value = x * gx + y * gy + z * gz - 1
        return (0.5 * value * scale, (gx * beam.x + gy * beam.y + gz * beam.z) * scale)
    }
}
