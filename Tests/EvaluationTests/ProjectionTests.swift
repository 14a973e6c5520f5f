import EchoCore
import Evaluation
import Report
import Testing

@Suite struct ProjectionTests {
    /// Three clouds in twelve dimensions, far from each other.
    private func clouds(seed: UInt64, each count: Int = 15) -> [[Float]] {
        var random = SeededRandom(seed: seed, "clouds")
        return (0..<3 * count).map { point in
            (0..<12).map { Float(random.normal() + ($0 == point % 3 ? 12 : 0)) }
        }
    }

    @Test(arguments: [UInt64(1), 2]) func `components are at right angles and hold the variance they claim`(
        seed: UInt64
    ) {
        let points = clouds(seed: seed), found = PrincipalComponents(points)
        let (a, b) = (found.axes[0], found.axes[1])
        #expect(abs(zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-10)
        for axis in 0..<2 {
            let places = points.map { found($0)[axis] }
            #expect(abs(places.reduce(0, +)) < 1e-9)
            let variance = places.reduce(0) { $0 + $1 * $1 } / Double(points.count - 1)
            #expect(abs(variance - found.variances[axis]) < 1e-9 * variance)
        }
        #expect(found.variances[0] >= found.variances[1])
    }

    @Test(arguments: [UInt64(1), 2]) func `a map keeps neighbours together and is always the same`(
        seed: UInt64
    ) {
        let points = clouds(seed: seed), map = NeighbourMap(points).places
        for point in map.indices {
            let nearest = map.indices.filter { $0 != point }.min { a, b in
                distance(map[a], map[point]) < distance(map[b], map[point])
            }
            #expect(nearest.map { $0 % 3 } == point % 3)
        }
        #expect(NeighbourMap(points).places == map)
    }

    @Test func `points that are all alike have a map`() {
        let points = [[Float]](repeating: [1, 2, 3], count: 9)
        let places = NeighbourMap(points).places.flatMap(\.self)
        #expect(places.allSatisfy { $0.isFinite })
        #expect(PrincipalComponents(points).variances == [0, 0])
    }

    private func distance(_ a: [Double], _ b: [Double]) -> Double {
        (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1])
    }
}
